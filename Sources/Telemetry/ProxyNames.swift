/// How a proxied connection ended. Every SYN that was taken in ends in exactly one.
public enum ProxyOutcome: UInt8, CounterName, BitwiseCopyable {
  case completed
  case closedWithoutRequest
  case handshakeTimeout
  case requestTimeout
  case requestRefused
  case noServer
  case resetByClient
  case resetByServer
  case resetBeforeBinding
  case deliveryTimeout
  case idleTimeout
  case closingTimeout
  case endedByInspector
  case abortedByUs
  case localResources
  case openAtStop

  public var text: String {
    switch self {
    case .completed: "closed by FIN from both ends"
    case .closedWithoutRequest: "closed by the client before it asked for anything"
    case .handshakeTimeout: "the client never completed the handshake"
    case .requestTimeout: "the client's request did not come, or not whole, in time"
    case .requestRefused: "no rule took the request, or one refused it; reset by us"
    case .noServer: "no server of the group took the connection; the client was reset"
    case .resetByClient: "reset by the client"
    case .resetByServer: "reset by the server"
    case .resetBeforeBinding: "reset by the client before a server was connected"
    case .deliveryTimeout: "the server never acknowledged the request; both were reset"
    case .idleTimeout: "established, but silent for too long; both were reset"
    case .closingTimeout: "closing, but silent for too long; both were reset"
    case .endedByInspector: "ended by the payload callback; both were reset"
    case .abortedByUs: "reset by us at the end of the run"
    case .localResources: "no address and port, or no memory, for the server's leg; the client was reset"
    case .openAtStop: "neither closed nor reset when the run ended"
    }
  }
}

/// What the proxy counts besides its connections.
public enum ProxyCounter: UInt8, CounterName, BitwiseCopyable {
  case established
  case bound
  case toServer
  case toClient
  case toServerBytes
  case toClientBytes
  case repeatedByClient
  case repeatedByServer
  case requestsRepeated
  case requestsEarly
  case requestsInParts
  case requestsTaken
  case synAcksRepeated
  case synsRepeated
  case deliveriesRepeated
  case serversRefused
  case serversSilent
  case serversReset
  case serversUnfit
  case failedOver
  case absorbed
  case rstSent
  case challengeAckSent
  case handshakesEvicted
  case lingeringEnded
  case lingeringReopened
  case icmpPassed
  case bindsAnswered
  case serversSpokeFirst
  case timestampsAsked
  case timestampsPromised

  public var text: String {
    switch self {
    case .established: "handshakes completed with clients"
    case .bound: "connections that found their server"
    case .toServer: "segments passed from clients to servers"
    case .toClient: "segments passed from servers to clients"
    case .toServerBytes: "octets of payload in them, towards servers"
    case .toClientBytes: "octets of payload in them, towards clients"
    case .repeatedByClient: "of them, segments that clients sent again"
    case .repeatedByServer: "of them, segments that servers sent again"
    case .requestsRepeated: "segments of requests that clients sent again while they were held"
    case .requestsEarly: "segments of requests that came before those in front of them, dropped"
    case .requestsInParts: "times that a rule asked for more of a request"
    case .requestsTaken: "requests that the proxy acknowledged, and answers for"
    case .synAcksRepeated: "SYN-ACKs sent to clients again"
    case .synsRepeated: "SYNs sent to servers again"
    case .deliveriesRepeated: "segments of held requests sent to servers again"
    case .serversRefused: "SYNs that a server answered by RST"
    case .serversSilent: "SYNs that a server never answered"
    case .serversReset: "servers that reset before they acknowledged the request"
    case .serversUnfit: "servers that refused an option which the client was promised"
    case .failedOver: "times that another server was tried"
    case .absorbed: "acknowledgments of servers that were the proxy's own matter"
    case .rstSent: "RST sent by the proxy itself"
    case .challengeAckSent: "challenge ACKs sent (RFC 5961)"
    case .handshakesEvicted: "connections without a handshake given up before their time, to make room"
    case .lingeringEnded: "closed connections forgotten before their time, to make room"
    case .lingeringReopened: "closed connections whose addresses and ports a new SYN took (RFC 9293 3.10.7.4)"
    case .icmpPassed: "ICMP errors passed to the other leg"
    case .bindsAnswered: "anonymous LDAP binds answered in the server's place"
    case .serversSpokeFirst: "connections bound because the client waited for the server to speak"
    case .timestampsAsked: "SYNs that asked servers whether they take timestamps"
    case .timestampsPromised: "clients that were promised timestamps"
    }
  }
}

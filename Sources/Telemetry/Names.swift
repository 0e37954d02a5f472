/// Something counted whose cases are the counters: the name in scripts, and the text for people, come from the case.
public protocol CounterName: CaseIterable, RawRepresentable, Sendable where RawValue == UInt8, AllCases == [Self] {
  /// The key in JSON: snake_case.
  var key: String { get }
  /// What it counts, in one line.
  var text: String { get }
}

extension CounterName {
  /// `synAckSent` -> `syn_ack_sent`
  public var key: String {
    "\(self)".reduce(into: "") { key, character in
      if character.isUppercase { key += "_" }
      key += character.lowercased()
    }
  }
}

/// How an attempted connection ended. Every attempt ends in exactly one.
public enum Outcome: UInt8, CounterName, BitwiseCopyable {
  case completed
  case refused
  case synTimeout
  case resetInSynReceived
  case resetInEstablished
  case resetInClosing
  case idleTimeout
  case closingTimeout
  case retransmissionTimeout
  case payloadMismatch
  case abortedByUs
  case localResources
  case openAtStop
  case messageMalformed
  case messageIncomplete

  public var text: String {
    switch self {
    case .completed: "closed by FIN from both ends"
    case .refused: "reset, or said by ICMP to have no such port or protocol, in answer to the SYN"
    case .synTimeout: "no handshake within the retries or the time for it"
    case .resetInSynReceived: "reset by the peer before the handshake was complete"
    case .resetInEstablished: "reset by the peer while established"
    case .resetInClosing: "reset by the peer while closing"
    case .idleTimeout: "established, but silent for too long"
    case .closingTimeout: "closing, but silent for too long"
    case .retransmissionTimeout: "data or FIN never acknowledged"
    case .payloadMismatch: "the payload received is not the payload sent"
    case .abortedByUs: "reset by us at the end of the run"
    case .localResources: "no free connection, address or port here"
    case .openAtStop: "neither closed nor reset when the run ended"
    case .messageMalformed: "the peer's message cannot be read; reset by us"
    case .messageIncomplete: "the peer closed before its message was whole"
    }
  }
}

/// Segments by what they do, sent and received, per role.
public enum SegmentCounter: UInt8, CounterName, BitwiseCopyable {
  case synSent
  case synReceived
  case synAckSent
  case synAckReceived
  case ackOfSynAckSent
  case ackOfSynAckReceived
  case payloadSent
  case payloadReceived
  case finActiveSent
  case finActiveReceived
  case finPassiveSent
  case finPassiveReceived
  case ackOfFinSent
  case ackOfFinReceived
  case rstSent
  case rstReceived
  case challengeAckSent
  case retransmitted
  case unexpected
  case payloadBytesSent
  case payloadBytesReceived

  public var text: String {
    switch self {
    case .synSent: "SYN sent, first time"
    case .synReceived: "SYN received that began a connection"
    case .synAckSent: "SYN-ACK sent, first time"
    case .synAckReceived: "SYN-ACK received that made a connection"
    case .ackOfSynAckSent: "ACK of a SYN-ACK sent, first time"
    case .ackOfSynAckReceived: "ACK of a SYN-ACK received that made a connection"
    case .payloadSent: "segments with payload sent, first time"
    case .payloadReceived: "segments with new payload received in order"
    case .finActiveSent: "FIN sent before the peer's arrived, first time"
    case .finActiveReceived: "FIN received before ours was sent"
    case .finPassiveSent: "FIN sent after the peer's arrived, first time"
    case .finPassiveReceived: "FIN received after ours was sent"
    case .ackOfFinSent: "segments that acknowledged a FIN for the first time, sent"
    case .ackOfFinReceived: "segments that acknowledged our FIN, received"
    case .rstSent: "RST sent"
    case .rstReceived: "RST received that closed a connection"
    case .challengeAckSent: "challenge ACK sent (RFC 5961)"
    case .retransmitted: "segments sent again"
    case .unexpected: "segments of a connection that were out of order, repeated or not acceptable"
    case .payloadBytesSent: "octets of payload sent, first time"
    case .payloadBytesReceived: "octets of payload received in order"
    }
  }
}

/// Why a frame was dropped.
public enum DropReason: UInt8, CounterName, BitwiseCopyable {
  // In the order of ParseFailure.
  case frameTooShort
  case unknownEtherType
  case ipHeaderInvalid
  case ipTruncated
  case ipChecksum
  case ipFragment
  case unknownProtocol
  case tcpHeaderInvalid
  case tcpOptionsInvalid
  case tcpChecksum
  case notOurMac
  case notOurAddress
  case arpUnanswered
  case icmpUnanswered
  case portClosed
  case noConnection
  case resetWithoutConnection
  case tableFull
  case noBuffer
  case challengeLimited
  case kernelRingFull
  case kernelRefused
  case handOverFull
  case outsideWindow
  case acknowledgesUnsent
  case resetNotExact
  case handshakeInvalid
  case requestBeyondLimit
  case icmpUnproven
  case frameTooLong
  case otherVlan
  case transmitQueueFull
  case requestBuffersFull
  case sourceImpossible
  case otherPort
  case controlMissing

  @inline(__always)
  public init(_ failure: ParseFailure) { self = Self(rawValue: failure.rawValue).unsafelyUnwrapped }

  public var text: String {
    switch self {
    case .frameTooShort: "shorter than its headers"
    case .unknownEtherType: "neither IPv4 nor ARP"
    case .ipHeaderInvalid: "IPv4 version or header length impossible"
    case .ipTruncated: "IPv4 total length beyond the frame"
    case .ipChecksum: "IPv4 header checksum wrong"
    case .ipFragment: "an IPv4 fragment"
    case .unknownProtocol: "neither TCP nor ICMP"
    case .tcpHeaderInvalid: "TCP data offset impossible"
    case .tcpOptionsInvalid: "a TCP option's length impossible"
    case .tcpChecksum: "TCP checksum wrong"
    case .notOurMac: "to another MAC address"
    case .notOurAddress: "to another IPv4 address"
    case .arpUnanswered: "ARP that asks for none of our addresses"
    case .icmpUnanswered: "ICMP that is neither an echo request to one of our addresses nor about a connection of ours"
    case .portClosed: "a SYN to a port where nothing listens (answered by RST)"
    case .noConnection: "a segment without a connection (answered by RST)"
    case .resetWithoutConnection: "a RST without a connection"
    case .tableFull: "a SYN while all connections are in use (engine.max_open)"
    case .noBuffer: "no packet buffer to send with"
    case .challengeLimited: "a challenge ACK beyond the limit per second"
    case .kernelRingFull: "for the kernel, while as many as can wait for it did"
    case .kernelRefused: "for the kernel, which did not take it"
    case .handOverFull: "of another worker, which has not taken those before it"
    case .outsideWindow: "octets beyond the window of the one they are for"
    case .acknowledgesUnsent: "an acknowledgment of what was never sent"
    case .resetNotExact: "a RST with another sequence number than the next one (RFC 5961 3)"
    case .handshakeInvalid: "an ACK that does not complete the handshake it belongs to (answered by RST)"
    case .requestBeyondLimit: "octets of a request beyond what is held of it"
    case .requestBuffersFull: "of a request that is not whole, while a quarter of the buffers hold requests"
    case .sourceImpossible:
      "from an address that no host has, or the one it is sent to (RFC 1122 3.2.1.3); proxyengine: or another of its own"
    case .controlMissing: "to a port that listens, with neither SYN, ACK nor RST (RFC 9293 3.10.7.2)"
    case .otherPort: "of a connection whose leg is on the other port"
    case .icmpUnproven: "an ICMP error about a segment that is not in flight (RFC 5927)"
    case .frameTooLong: "longer than a packet buffer, whose size follows from ports.mtu"
    case .otherVlan: "without the tag of ports.vlan"
    case .transmitQueueFull: "an answer of ours, as the wire took nothing and no more can wait for it"
    }
  }
}

/// A span of time of a connection that is measured.
public enum Latency: UInt8, CounterName, BitwiseCopyable {
  case handshake
  case firstByte
  case close
  case request

  public var text: String {
    switch self {
    case .handshake: "first SYN to established, client"
    case .firstByte: "first payload sent to first payload received, client"
    case .close: "FIN sent to closed or TIME-WAIT, client and server"
    case .request: "HTTP request made to its response received in full, client"
    }
  }
}

/// HTTP messages, counted by the http workload.
public enum HTTPCounter: UInt8, CounterName, BitwiseCopyable {
  case requestsSent
  case responsesReceived
  case interimReceived
  case responseBytesReceived
  case requestsReceived
  case requestBytesReceived
  case badRequests

  public var text: String {
    switch self {
    case .requestsSent: "requests made by clients"
    case .responsesReceived: "responses that clients received in full, interim ones apart"
    case .interimReceived: "interim responses (1xx) that clients received"
    case .responseBytesReceived: "octets of response bodies that clients received"
    case .requestsReceived: "requests that servers received in full and answered by 200"
    case .requestBytesReceived: "octets of request bodies that servers received"
    case .badRequests: "requests that servers answered by 400 or 501 and a close"
    }
  }
}

/// Single values of a worker: counters that only grow, and the largest of something.
public enum WorkerGauge: UInt8, CounterName, BitwiseCopyable {
  case turns
  case busyTicks
  case framesReceived
  case framesSent
  case bytesReceived
  case bytesSent
  case transmitRefused
  case openClients
  case openServers
  case peakOpenClients
  case pacingLargestBurst
  case pacingLargestGap
  case pacingMissed
  case timeWaitEntered
  case timeWaitRecycled
  case timeWaitReopened
  case firstOpen
  case lastClose
  case recordsWritten
  case recordsLost
  case arpRequestsSent
  case arpRepliesReceived
  case arpAnswered
  case echoAnswered
  case unsummedAccepted
  case silentNeighbour
  case recoveriesTaken
  case recoveriesRefused
  case keepAlivesSent
  case arpAnnouncementsSent
  case arpAnnouncementsReceived
  case addressConflicts
  case neighboursMoved
  case peersMoved
  case neighboursLost
  case neighboursSilent
  case framesToKernel
  case framesFromKernel
  case steeredElsewhere
  case steeredHere
  case repliesAstray
  case firstAccept
  case icmpFragmentationNeeded
  case pathMtuLowered
  case icmpNetworkUnreachable
  case icmpHostUnreachable
  case icmpProtocolUnreachable
  case icmpPortUnreachable
  case icmpProhibited
  case icmpOtherwiseUnreachable
  case icmpTimeExceeded
  case icmpParameterProblem

  public var text: String {
    switch self {
    case .turns: "turns of the loop"
    case .busyTicks: "ticks of turns in which something happened"
    case .framesReceived: "frames received"
    case .framesSent: "frames the port took"
    case .bytesReceived: "octets received"
    case .bytesSent: "octets sent or waiting to be"
    case .transmitRefused: "times the port did not take all frames offered"
    case .openClients: "client connections open now"
    case .openServers: "server connections open now"
    case .peakOpenClients: "most client connections open at a time"
    case .pacingLargestBurst: "most connections opened in one turn"
    case .pacingLargestGap: "longest time between two turns that opened any, in ticks"
    case .pacingMissed: "openings given up because they were a second late, or the run's time was over"
    case .timeWaitEntered: "connections that entered TIME-WAIT"
    case .timeWaitRecycled: "TIME-WAITs that gave way to younger ones"
    case .timeWaitReopened: "TIME-WAITs ended by a new SYN (RFC 6191)"
    case .firstOpen: "when the first SYN was sent, in ticks of the clock"
    case .lastClose: "when the last connection ended, in ticks of the clock"
    case .recordsWritten: "records handed to the writer"
    case .recordsLost: "records lost because the writer was behind"
    case .arpRequestsSent: "ARP requests sent"
    case .arpRepliesReceived: "ARP replies received"
    case .arpAnswered: "ARP requests for our addresses, answered"
    case .echoAnswered: "ICMP echo requests answered"
    case .unsummedAccepted: "segments accepted whose checksum a local Linux peer had left to a device"
    case .recoveriesTaken: "connections that took a structure to recover from loss, or to send beyond the initial window"
    case .recoveriesRefused: "times that all such structures were in use"
    case .keepAlivesSent: "segments that asked a silent peer whether it is still there"
    case .silentNeighbour: "the address (as a number) that answered no ARP request; 0: none"
    case .arpAnnouncementsSent: "ARP announcements of our addresses sent (RFC 5227)"
    case .arpAnnouncementsReceived: "ARP announcements of other stations received"
    case .addressConflicts: "ARP of other stations that claim one of our addresses"
    case .neighboursMoved: "times a target's next hop had another MAC address than before"
    case .peersMoved: "times a client of the server role had another MAC address than before"
    case .neighboursLost: "times a target's next hop stopped answering ARP"
    case .neighboursSilent: "next hops that do not answer ARP now"
    case .framesToKernel: "frames handed to the kernel"
    case .framesFromKernel: "frames that the kernel sent"
    case .steeredElsewhere: "frames that arrived here and were handed to the worker they belong to"
    case .steeredHere: "frames that other workers handed over"
    case .repliesAstray: "SYN-ACKs of this worker's connections that arrived at another worker's queue"
    case .firstAccept: "when the first SYN was accepted, in ticks of the clock"
    case .icmpFragmentationNeeded: "ICMP about a segment of ours: too long for a link of the path (RFC 1191)"
    case .pathMtuLowered: "times a connection sends shorter segments because of it"
    case .icmpNetworkUnreachable: "ICMP about a segment of ours: network unreachable"
    case .icmpHostUnreachable: "the same: host unreachable"
    case .icmpProtocolUnreachable: "the same: protocol unreachable"
    case .icmpPortUnreachable: "the same: port unreachable"
    case .icmpProhibited: "the same: prohibited by an administrator"
    case .icmpOtherwiseUnreachable: "the same: unreachable for another reason"
    case .icmpTimeExceeded: "the same: time to live exceeded"
    case .icmpParameterProblem: "the same: parameter problem"
    }
  }
}

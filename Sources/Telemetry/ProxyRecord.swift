/// What is written of a proxied connection, both legs together: 120 octets, fixed, in the machine's byte order (the file's header tells which).
///
/// Times are ticks of the run's clock (the header tells its rate). The first is absolute; the steps after it follow in order, each with the
/// time since the opening as a `CompactTicks`.
public struct ProxyRecord: BitwiseCopyable, Sendable {
  /// When the client's SYN was taken in.
  public var opened: UInt64
  /// Octets of payload that passed, repetitions among them, and the segments that carried them.
  public var bytesToServer: UInt64 = 0
  public var bytesToClient: UInt64 = 0
  public var segmentsToServer: UInt32 = 0
  public var segmentsToClient: UInt32 = 0
  /// The client's leg.
  public var clientAddress: IPv4Address
  public var listenAddress: IPv4Address
  /// The server's leg; 0: there never was one.
  public var sourceAddress = IPv4Address(0)
  public var serverAddress = IPv4Address(0)
  public var clientPort: UInt16
  public var listenPort: UInt16
  public var sourcePort: UInt16 = 0
  public var serverPort: UInt16 = 0
  /// Initial sequence numbers: the client's, ours to the client, the server's to us.
  public var clientInitial: SequenceNumber
  public var proxyInitial = SequenceNumber(0)
  public var serverInitial = SequenceNumber(0)
  /// Segments that either end sent again.
  public var repeatedByClient: UInt16 = 0
  public var repeatedByServer: UInt16 = 0
  public var worker: UInt16
  /// Which target it was, in the order of the configuration; 65535: none.
  public var target: UInt16 = .max
  /// Which rule chose it, and from which group; 255: none.
  public var rule: UInt8 = .max
  public var group: UInt8 = .max
  /// Servers that were tried.
  public var tries: UInt8 = 0
  public var outcome = ProxyOutcome.openAtStop
  public var stepCount: UInt8 = 0
  public var reserved: UInt8 = 0
  public var reservedWord: UInt16 = 0
  /// The steps, 4 bits each, the first lowest.
  public var steps: UInt32 = 0
  public var times: InlineArray<8, CompactTicks> = .init(repeating: CompactTicks(rawValue: 0))

  public static var maximumSteps: Int { 8 }

  /// - Parameter key: of what the client sends.
  @inline(__always)
  public init(client key: FlowKey, initial: SequenceNumber, opened: UInt64, worker: UInt16) {
    self.opened = opened
    clientAddress = key.source
    listenAddress = key.destination
    clientPort = key.sourcePort
    listenPort = key.destinationPort
    clientInitial = initial
    self.worker = worker
  }

  /// Notes a step; the same again is none, and the last place is kept for the end.
  @inline(__always)
  public mutating func entered(_ step: ProxyStep, at now: UInt64) {
    let last = UInt8(truncatingIfNeeded: steps &>> UInt32((stepCount &- 1) &* 4)) & 15
    if stepCount > 0, last == step.rawValue { return }
    let limit = step == .over ? Self.maximumSteps : Self.maximumSteps &- 1
    guard Int(stepCount) < limit else { return }
    steps |= UInt32(step.rawValue) &<< UInt32(stepCount &* 4)
    withUnsafeMutablePointer(to: &times) {
      UnsafeMutableRawPointer($0).assumingMemoryBound(to: CompactTicks.self)[Int(stepCount)] = CompactTicks(now &- opened)
    }
    stepCount &+= 1
  }
}

/// What a proxied connection comes to after the client's SYN.
public enum ProxyStep: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// The client's handshake is complete; its request is awaited.
  case request
  /// A server was chosen, and is sent our SYN.
  case connecting
  /// The server's leg stands; what we answered in its place is said again to it.
  case replaying
  /// The server's leg stands; the request is on its way to it.
  case delivering
  /// The server has the request: both legs are one.
  case spliced
  /// An end has sent its FIN.
  case closing
  /// The client closed before it asked for anything.
  case dismissing
  case over
}

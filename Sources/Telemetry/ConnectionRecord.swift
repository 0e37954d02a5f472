/// What is written of one end of a connection: 96 octets, fixed, in the machine's byte order (the file's header tells which).
///
/// Times are ticks of the run's clock (the header tells its rate). The first is absolute; the states entered after it follow in order, each
/// with the time since the opening as a `CompactTicks`.
public struct ConnectionRecord: BitwiseCopyable, Sendable {
  /// Joins both ends; 0: the payload carried none, join by 4-tuple and initial sequence numbers.
  public var id: UInt64
  /// When the connection was opened, or its SYN accepted.
  public var opened: UInt64
  public var bytesSent: UInt64
  public var bytesReceived: UInt64
  public var localAddress: IPv4Address
  public var remoteAddress: IPv4Address
  public var localPort: UInt16
  public var remotePort: UInt16
  public var initialSend: SequenceNumber
  public var initialReceive: SequenceNumber
  public var packetsSent: UInt32
  public var packetsReceived: UInt32
  public var retransmissions: UInt16
  public var worker: UInt16
  /// The states entered, 4 bits each, the first lowest.
  public var states: UInt32
  public var stateCount: UInt8
  public var role: Role
  public var outcome: Outcome
  public var reserved: UInt8
  /// When each was entered.
  public var times: InlineArray<6, CompactTicks>

  public static var maximumStates: Int { 6 }

  /// Begins anew, of a connection that was just opened or accepted. In place: as a value it would be made on the stack, and copied.
  @inline(__always)
  public mutating func begin(_ connection: UnsafePointer<Connection>, opened: UInt64, worker: UInt16) {
    id = 0
    self.opened = opened
    bytesSent = 0
    bytesReceived = 0
    localAddress = connection.pointee.localAddress
    remoteAddress = connection.pointee.remoteAddress
    localPort = connection.pointee.localPort
    remotePort = connection.pointee.remotePort
    initialSend = connection.pointee.initialSend
    initialReceive = connection.pointee.initialReceive
    packetsSent = 0
    packetsReceived = 0
    retransmissions = 0
    self.worker = worker
    states = 0
    stateCount = 0
    role = connection.pointee.role
    outcome = .openAtStop
    reserved = 0
    for index in 0..<Self.maximumStates { times[index] = CompactTicks(0) }
  }

  @inline(__always)
  public mutating func entered(_ state: TCPState, at now: UInt64) {
    guard Int(stateCount) < Self.maximumStates else { return }
    states |= UInt32(state.rawValue) &<< UInt32(stateCount &* 4)
    withUnsafeMutablePointer(to: &times) {
      UnsafeMutableRawPointer($0).assumingMemoryBound(to: CompactTicks.self)[Int(stateCount)] = CompactTicks(now &- opened)
    }
    stateCount &+= 1
  }
}

/// A span of ticks in 32 bits: 27 bits of value and 5 of shift. Exact below 2^27 ticks (50 ms), to 8 parts in a billion above, to 2^58.
public struct CompactTicks: BitwiseCopyable, Sendable, Equatable {
  public var rawValue: UInt32

  @inline(__always)
  public init(_ ticks: UInt64) {
    let shift = UInt64(truncatingIfNeeded: max(0, 37 &- ticks.leadingZeroBitCount))
    if shift > 31 {
      rawValue = .max
    } else {
      rawValue = UInt32(truncatingIfNeeded: ticks &>> shift) | UInt32(truncatingIfNeeded: shift &<< 27)
    }
  }

  /// The middle of the spans that have this form.
  public var ticks: UInt64 {
    let shift = UInt64(rawValue >> 27)
    return UInt64(rawValue & 0x7ff_ffff) << shift + (1 << shift) >> 1
  }
}

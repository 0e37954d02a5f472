/// What is written of one end of a connection: 88 octets, fixed, in the machine's byte order (the file's header tells which).
public struct ConnectionRecord: BitwiseCopyable, Sendable {
  public var course: ConnectionCourse
  /// Addresses and ports as in what arrived: the remote end is the source.
  public var key: FlowKey
  public var initialSend: SequenceNumber
  public var initialReceive: SequenceNumber
  public var worker: UInt16
  public var role: Role
  public var outcome: Outcome
}

/// How a connection goes on, noted while it is open: 64 octets, one cache line.
///
/// Times are ticks of the run's clock (the header of the file tells its rate). The first is absolute; the states entered after it follow in
/// order, each with the time since the opening as a `CompactTicks`.
public struct ConnectionCourse: BitwiseCopyable, Sendable {
  /// When the connection was opened, or its SYN accepted.
  public var opened: UInt64
  /// Joins both ends; 0: the payload carried none, join by 4-tuple and initial sequence numbers.
  public var id: UInt64
  /// `bytesSent`, and in the upper 16 bits `retransmissions`.
  public var sent: UInt64
  public var bytesReceived: UInt64
  public var packetsSent: UInt32
  public var packetsReceived: UInt32
  /// The states entered, 4 bits each, the first lowest, and in the upper 8 bits how many.
  public var states: UInt32
  /// When each was entered.
  public var times: InlineArray<5, CompactTicks>

  /// As many as a connection can enter after its first (RFC 9293 3.3.2), a failure at the end included.
  public static var maximumStates: Int { 5 }
  private static var countShift: UInt32 { 24 }
  private static var retransmissionsShift: UInt64 { 48 }

  /// Begins anew. In place: as a value it would be made on the stack, and copied.
  @inline(__always)
  public mutating func begin(_ now: UInt64) {
    opened = now
    id = 0
    sent = 0
    bytesReceived = 0
    packetsSent = 0
    packetsReceived = 0
    states = 0
    for index in 0..<Self.maximumStates { times[index] = CompactTicks(rawValue: 0) }
  }

  @inline(__always)
  public mutating func entered(_ state: TCPState, at now: UInt64) {
    let count = stateCount
    guard usually(count < Self.maximumStates) else { return }
    states = (states | UInt32(state.rawValue) &<< UInt32(truncatingIfNeeded: count &* 4)) &+ 1 &<< Self.countShift
    withUnsafeMutablePointer(to: &times) {
      UnsafeMutableRawPointer($0).assumingMemoryBound(to: CompactTicks.self)[count] = CompactTicks(now &- opened)
    }
  }

  @inline(__always)
  public mutating func sentPayload(_ length: UInt32) {
    packetsSent &+= 1
    sent &+= UInt64(length)
  }

  @inline(__always)
  public mutating func receivedPayload(_ length: Int) {
    packetsReceived &+= 1
    bytesReceived &+= UInt64(truncatingIfNeeded: length)
  }

  @inline(__always)
  public mutating func retransmitted() {
    if retransmissions < .max { sent &+= 1 &<< Self.retransmissionsShift }
  }

  @inline(__always)
  public var stateCount: Int { Int(states &>> Self.countShift) }

  /// Octets of payload sent for the first time; there is room for 2^48.
  public var bytesSent: UInt64 { sent & (1 &<< Self.retransmissionsShift &- 1) }

  /// Segments sent again; no more than 65,535 are counted.
  @inline(__always)
  public var retransmissions: UInt16 { UInt16(truncatingIfNeeded: sent &>> Self.retransmissionsShift) }
}

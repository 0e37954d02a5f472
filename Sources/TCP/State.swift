/// The states of a connection (RFC 9293 3.3.2). LISTEN is the engine's, TIME-WAIT is kept as a `TimeWait`.
public enum TCPState: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case closed
  case synSent
  case synReceived
  case established
  case finWait1
  case finWait2
  case closing
  case closeWait
  case lastAck
  case timeWait

  /// The place among the states. (`rawValue` is a call where it is not constant.)
  @inline(__always)
  var ordinal: UInt8 { unsafeBitCast(self, to: UInt8.self) }

  /// The states with one idle timeout in common.
  @inline(__always)
  public var group: StateGroup {
    switch self {
    case .closed, .synSent: .synSent
    case .synReceived: .synReceived
    case .established: .established
    case .finWait1, .finWait2, .closing, .closeWait, .lastAck: .closing
    case .timeWait: .timeWait
    }
  }

  /// Whether the peer may still send data (RFC 9293 3.10.7.4, seventh step).
  @inline(always)
  var takesPayload: Bool { self == .established || self == .finWait1 || self == .finWait2 }

  /// Whether data and a FIN may still be sent.
  @inline(__always)
  public var maySend: Bool { self == .established || self == .closeWait }
}

/// The states that share one timeout key of the configuration.
public enum StateGroup: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case synSent
  case synReceived
  case established
  case closing
  case timeWait
}

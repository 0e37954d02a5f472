/// Window and options of the SYN and SYN-ACK that nearly every connection sends, as they lie in a frame: MSS, SACK-permitted, window scale.
/// They are the same for all, so they are put together once. With timestamps, or when one of them is not offered, `Connection.synchronization`
/// says what they are.
public struct UsualSynchronization: BitwiseCopyable, Sendable {
  let window: UInt16
  private let isOffered: Bool
  private let first: UInt64
  private let second: UInt32

  public init(_ parameters: TCPParameters) {
    isOffered = parameters.windowScaling && parameters.sackPermitted && !parameters.timestamps
    window = UInt16(truncatingIfNeeded: smaller(parameters.receiveWindow, TCPHeader.maximumUnscaledWindow))
    (first, second) = TCPOptions.synWords(maximumSegmentSize: parameters.maximumSegmentSize, windowScale: parameters.receiveScale)
  }

  /// Whether this is what the connection's SYN or SYN-ACK says.
  @inline(always)
  func suits(_ connection: UnsafePointer<Connection>) -> Bool {
    isOffered
      && (connection.pointee.state == .synSent
        || connection.pointee.flags.hasAll(.scaledAndSelective))
  }

  /// Writes the options; returns their sum.
  @inline(always)
  func write(to bytes: UnsafeMutableRawPointer) -> ChecksumSum {
    bytes.store(first, at: 0)
    bytes.store(second, at: 8)
    var sum = ChecksumSum(first)
    sum.add(second)
    return sum
  }
}

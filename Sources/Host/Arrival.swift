import CPacket

/// A frame of the burst in hand, after it was read: one cache line.
struct Arrival: BitwiseCopyable, @unchecked Sendable {
  /// Undefined unless `isPlain`.
  var segment: TCPSegment
  /// Of the segment's key.
  var hash: UInt32
  /// Read at first sight; otherwise `FrameParser.parseAny` says what it is.
  var isPlain: Bool
  var packet: PacketPointer
  /// The frame's first octet.
  var frame: UnsafeMutableRawPointer
}

extension UnsafeMutablePointer where Pointee == Arrival {
  /// Where the segment lies.
  @inline(always)
  var segment: UnsafeMutablePointer<TCPSegment> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: TCPSegment.self)
  }
}

/// A stretch of octets of a stream: from `left` on, and before `right`.
public struct SequenceRange: BitwiseCopyable, Sendable, Equatable {
  public var left: SequenceNumber
  public var right: SequenceNumber

  @inline(__always)
  public init(_ left: SequenceNumber, _ right: SequenceNumber) {
    self.left = left
    self.right = right
  }

  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.left == b.left && a.right == b.right }

  /// Octets.
  @inline(__always)
  public var count: UInt32 { right.distance(from: left) }
}

/// The SACK option (RFC 2018 3): blocks that a receiver has beyond what it acknowledges.
public struct SACKBlocks: BitwiseCopyable, @unchecked Sendable {
  private let bytes: UnsafeRawPointer
  /// Blocks, 1 to 4.
  let count: Int

  /// Octets of a block.
  static var blockLength: Int { 8 }
  /// Blocks that fit into the options, and beside timestamps.
  static var maximum: Int { 4 }
  static var maximumBesideTimestamps: Int { 3 }

  /// The blocks of a segment that was read from `frame`; nil when it has none.
  @inline(always)
  init?(_ segment: UnsafePointer<TCPSegment>, in frame: UnsafeRawPointer) {
    guard segment.pointee.options.present.has(.sack) else { return nil }
    bytes = frame + (Int(segment.pointee.payloadOffset) &- Int(segment.pointee.options.sackDistance))
    // The parser has taken the option only with one of the four possible lengths.
    count = (Int((bytes - 1).octet(0)) &- 2) / Self.blockLength
  }

  subscript(index: Int) -> SequenceRange {
    @inline(always) get {
      let block = bytes + index &* Self.blockLength
      return SequenceRange(SequenceNumber(block.bigEndian32(0)), SequenceNumber(block.bigEndian32(4)))
    }
  }

  /// Octets of an option with so many blocks, and the two NOPs before it.
  @inline(always)
  static func optionLength(_ count: Int) -> Int { count == 0 ? 0 : 4 &+ count &* blockLength }

  /// Writes the beginning of an option of `count` blocks; `writeBlock` writes them.
  @inline(always)
  static func writeHead(_ count: Int, to bytes: UnsafeMutableRawPointer) {
    bytes.store(networkOrder(0x0101_0500 | UInt32(truncatingIfNeeded: 2 &+ count &* blockLength)), at: 0)
  }

  @inline(always)
  static func writeBlock(_ index: Int, _ block: SequenceRange, to bytes: UnsafeMutableRawPointer) {
    bytes.store(networkOrder(block.left.rawValue), at: 4 &+ index &* blockLength)
    bytes.store(networkOrder(block.right.rawValue), at: 8 &+ index &* blockLength)
  }
}

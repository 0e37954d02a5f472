/// Reading and writing TCP options. Three layouts, those that this program and Linux send, are read by comparing whole words; all others by
/// walking them.
extension TCPOptions {
  /// MSS, NOP NOP + SACK-permitted, NOP + window scale: the SYN of the reference connection, and Linux's without timestamps.
  static var synLayoutLength: Int { 12 }
  /// MSS, SACK-permitted + timestamps, NOP + window scale: this program's SYN with timestamps, and Linux's.
  static var longSynLayoutLength: Int { 20 }
  /// NOP NOP timestamps: RFC 7323 appendix A.
  static var timestampLayoutLength: Int { 12 }
  static var timestampPrefix: UInt32 { 0x0101_080a }
  private static var permittedAndTimestamps: UInt32 { 0x0402_080a }

  /// Reads `count` octets of options. False when one's length is impossible.
  @inline(__always)
  public mutating func read(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
    if readUsual(bytes, count: count) { return true }
    return walk(bytes, count: count)
  }

  /// Reads options that have one of the usual layouts; false, and nothing done, if not.
  @inline(__always)
  mutating func readUsual(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
    guard usually(count == Self.synLayoutLength) else { return count == Self.longSynLayoutLength && readLongSyn(bytes) }
    let word0 = bytes.bigEndian32(0)
    if word0 == Self.timestampPrefix {
      present = .timestamps
      timestampValue = bytes.bigEndian32(4)
      timestampEcho = bytes.bigEndian32(8)
      return true
    }
    let word1 = bytes.bigEndian32(4)
    let word2 = bytes.bigEndian32(8)
    guard word0 & 0xffff_0000 == 0x0204_0000, word1 == 0x0101_0402, word2 & 0xffff_ff00 == 0x0103_0300 else { return false }
    present = Present(rawValue: 7)
    maximumSegmentSize = UInt16(truncatingIfNeeded: word0)
    windowScale = min(UInt8(truncatingIfNeeded: word2), TCPHeader.maximumWindowScale)
    return true
  }

  /// Reads 20 octets of options if they are those of a SYN with timestamps; false, and nothing done, if not.
  @inline(never)
  mutating func readLongSyn(_ bytes: UnsafeRawPointer) -> Bool {
    let size = bytes.bigEndian32(0)
    let scale = bytes.bigEndian32(16)
    guard size & 0xffff_0000 == 0x0204_0000, bytes.bigEndian32(4) == Self.permittedAndTimestamps, scale & 0xffff_ff00 == 0x0103_0300 else {
      return false
    }
    present = Present(rawValue: 15)
    maximumSegmentSize = UInt16(truncatingIfNeeded: size)
    timestampValue = bytes.bigEndian32(8)
    timestampEcho = bytes.bigEndian32(12)
    windowScale = min(UInt8(truncatingIfNeeded: scale), TCPHeader.maximumWindowScale)
    return true
  }

  @inline(never)
  mutating func walk(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
    var offset = 0
    while offset < count {
      let kind = bytes.octet(offset)
      if kind == TCPHeader.OptionKind.end { return true }
      if kind == TCPHeader.OptionKind.noOperation {
        offset &+= 1
        continue
      }
      guard offset &+ 1 < count else { return false }
      let length = Int(bytes.octet(offset &+ 1))
      guard length >= 2, offset &+ length <= count else { return false }
      take(kind, bytes + offset, length, toPayload: count &- offset)
      offset &+= length
    }
    return true
  }

  /// Takes one option; one of a known kind with another length than its RFC's is ignored, as an unknown kind is (RFC 9293 3.1).
  @inline(always)
  mutating func take(_ kind: UInt8, _ option: UnsafeRawPointer, _ length: Int, toPayload: Int) {
    switch (kind, length) {
    case (TCPHeader.OptionKind.sack, 10), (TCPHeader.OptionKind.sack, 18), (TCPHeader.OptionKind.sack, 26),
      (TCPHeader.OptionKind.sack, 34):
      if present.has(.windowScale) { return }  // a SYN acknowledges no blocks
      present.set(.sack)
      sackDistance = UInt8(truncatingIfNeeded: toPayload &- 2)
    case (TCPHeader.OptionKind.maximumSegmentSize, 4):
      present.set(.maximumSegmentSize)
      maximumSegmentSize = option.bigEndian16(2)
    case (TCPHeader.OptionKind.windowScale, 3):
      present.clear(.sack)
      present.set(.windowScale)
      windowScale = min(option.octet(2), TCPHeader.maximumWindowScale)
    case (TCPHeader.OptionKind.sackPermitted, 2):
      present.set(.sackPermitted)
    case (TCPHeader.OptionKind.timestamps, 10):
      present.set(.timestamps)
      timestampValue = option.bigEndian32(2)
      timestampEcho = option.bigEndian32(6)
    default:
      break
    }
  }

  /// Octets that `write` takes; a multiple of 4, at most 20.
  @inline(__always)
  public var encodedLength: Int {
    if present.isEmpty { return 0 }
    var length = 0
    if present.has(.maximumSegmentSize) { length &+= 4 }
    if present.has(.timestamps) {
      length &+= 12  // SACK-permitted takes the place of its two NOPs
    } else if present.has(.sackPermitted) {
      length &+= 4
    }
    if present.has(.windowScale) { length &+= 4 }
    return length
  }

  /// The octets of the usual SYN's options, in memory order.
  @inline(__always)
  static func synWords(maximumSegmentSize: UInt16, windowScale: UInt8) -> (UInt64, UInt32) {
    (
      networkOrder(UInt64(0x0204_0000 | UInt32(maximumSegmentSize)) &<< 32 | 0x0101_0402),
      networkOrder(0x0103_0300 | UInt32(windowScale))
    )
  }

  /// Writes the options, padded with NOP in front (RFC 7323 appendix A), and adds them to the sum; SACK blocks are written apart. Returns
  /// their length.
  @inline(__always)
  public func write(to bytes: UnsafeMutableRawPointer, sum: inout ChecksumSum) -> Int {
    if present.isEmpty { return 0 }
    if present.rawValue == 7 {
      let (first, second) = Self.synWords(maximumSegmentSize: maximumSegmentSize, windowScale: windowScale)
      bytes.store(first, at: 0)
      bytes.store(second, at: 8)
      sum.add(first)
      sum.add(second)
      return Self.synLayoutLength
    }
    var offset = 0
    if present.has(.maximumSegmentSize) { put(0x0204_0000 | UInt32(maximumSegmentSize), bytes, &offset, &sum) }
    if present.has(.timestamps) {
      put(present.has(.sackPermitted) ? Self.permittedAndTimestamps : Self.timestampPrefix, bytes, &offset, &sum)
      put(timestampValue, bytes, &offset, &sum)
      put(timestampEcho, bytes, &offset, &sum)
    } else if present.has(.sackPermitted) {
      put(0x0101_0402, bytes, &offset, &sum)
    }
    if present.has(.windowScale) { put(0x0103_0300 | UInt32(windowScale), bytes, &offset, &sum) }
    return offset
  }

  @inline(always)
  private func put(_ word: UInt32, _ bytes: UnsafeMutableRawPointer, _ offset: inout Int, _ sum: inout ChecksumSum) {
    let stored = networkOrder(word)
    bytes.store(stored, at: offset)
    sum.add(stored)
    offset &+= 4
  }
}

/// The options of a cold connection's segments: timestamps, and SACK blocks.
extension Connection {
  /// Octets of them.
  ///
  /// - Parameter withBlocks: the segment has no text; blocks would take its room.
  @inline(always)
  func coldOptionsLength(_ cold: UnsafeMutablePointer<Recovery>, withBlocks: Bool) -> Int {
    let timestamps = flags.has(.timestamps) ? TCPOptions.timestampLayoutLength : 0
    return timestamps &+ (withBlocks ? SACKBlocks.optionLength(blockCount(cold)) : 0)
  }

  private func blockCount(_ cold: UnsafeMutablePointer<Recovery>) -> Int {
    guard flags.has(.sackPermitted) else { return 0 }
    return smaller(
      cold.pointee.received.blockCount, flags.has(.timestamps) ? SACKBlocks.maximumBesideTimestamps : SACKBlocks.maximum)
  }

  /// Writes them, and adds them to the sum.
  func writeColdOptions(
    _ companion: Companion, _ cold: UnsafeMutablePointer<Recovery>, withBlocks: Bool, to bytes: UnsafeMutableRawPointer,
    _ sum: inout ChecksumSum, now: Moment
  ) {
    var bytes = bytes
    if flags.has(.timestamps) {
      bytes = bytes + TCPOptions.timestampLayoutLength
      FrameWriter.writeTimestamps(now.milliseconds, echo: companion.timestampRecent, before: bytes, &sum)
    }
    let count = withBlocks ? blockCount(cold) : 0
    guard count > 0 else { return }
    SACKBlocks.writeHead(count, to: bytes)
    for index in 0..<count { SACKBlocks.writeBlock(index, cold.pointee.received.block(index), to: bytes) }
    cold.pointee.received.reported()
    sum.add(UnsafeRawPointer(bytes), count: SACKBlocks.optionLength(count))
  }
}

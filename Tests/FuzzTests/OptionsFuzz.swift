#if !FUZZING
  @testable import TCPEngine
#endif

/// Octets as the options of a TCP header: at most 40, a multiple of 4.
enum OptionsFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> String? {
    let count = min(40, input.count & ~3)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { bytes.deallocate() }
    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
    guard count > 0, let start = bytes.baseAddress else { return nil }
    var options = TCPOptions()
    guard options.read(start, count: count) else { return nil }
    var walked = TCPOptions()
    guard walked.walk(start, count: count) else { return "read, but not walked" }
    guard same(options, walked) else { return "read in two ways: \(options), \(walked)" }
    return writtenAgain(options)
  }

  /// What was read is written, and read again as the same. SACK blocks are written apart.
  private static func writtenAgain(_ read: TCPOptions) -> String? {
    var options = read
    options.present.clear(.sack)
    let length = options.encodedLength
    guard length % 4 == 0, length <= 40 else { return "\(length) octets of options" }
    guard length > 0 else { return nil }
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 1)
    defer { bytes.deallocate() }
    var sum = ChecksumSum()
    guard options.write(to: bytes, sum: &sum) == length else { return "not as long as it said" }
    var again = TCPOptions()
    guard again.read(bytes, count: length), same(options, again) else { return "not written as read: \(options), \(again)" }
    return nil
  }

  private static func same(_ a: TCPOptions, _ b: TCPOptions) -> Bool {
    let has = a.present
    return has.rawValue == b.present.rawValue && (!has.has(.maximumSegmentSize) || a.maximumSegmentSize == b.maximumSegmentSize)
      && (!has.has(.windowScale) || a.windowScale == b.windowScale)
      && (!has.has(.timestamps) || (a.timestampValue == b.timestampValue && a.timestampEcho == b.timestampEcho))
  }
}

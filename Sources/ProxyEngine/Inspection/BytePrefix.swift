/// The octets that a stream begins with.
public enum BytePrefix {
  /// Whether a stream begins with these octets: told at the first that differs, else once they are all there.
  @inline(__always)
  static func read(_ bytes: UnsafeRawPointer, count: Int, _ prefix: RuleText) -> Reading<Bool> {
    let there = count < prefix.count ? count : prefix.count
    for at in 0..<there where bytes.octet(at) != prefix.start.octet(at) { return .different }
    return there == prefix.count ? .found(true) : .needMore
  }
}

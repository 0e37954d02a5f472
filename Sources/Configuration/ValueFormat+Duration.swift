/// Lengths of time, kept in nanoseconds: a number of seconds, or a text with a unit.
extension ValueFormat where Value == UInt64 {
  static var duration: Self {
    ValueFormat(
      type: "number or string", typeName: "a time", unit: "s",
      range: "from 0 to 31,536,000, or a string such as \"500ms\" or \"2m\"",
      node: { .text($0) },
      decode: { (node) throws(Mismatch) in
        let seconds: Double?
        let found: String
        switch node {
        case .integer(let value): (seconds, found) = (Double(value), "\(value)")
        case .number(let value): (seconds, found) = (value, "\(value)")
        case .text(let text): (seconds, found) = (Duration.seconds(text), "'\(text)'")
        default: throw Mismatch(found: node.typeName, needed: "a number of seconds or a string such as \"500ms\"")
        }
        guard let seconds, seconds >= 0, seconds <= Duration.longest else { throw Mismatch(found: found, needed: Duration.needed) }
        // 0 means another thing than a very short time.
        return max(UInt64((seconds * 1e9).rounded()), seconds > 0 ? 1 : 0)
      },
      literal: { Duration.literal($0) })
  }
}

private enum Duration {
  /// A year.
  static let longest = 31_536_000.0
  static let needed = "a time from 0 to 31,536,000 s (such as 10, \"500ms\" or \"2m\")"
  static let units: [(name: String, seconds: Double)] = [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600)]

  /// A decimal number with a unit, or without: seconds.
  static func seconds(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let value = Double(digits) else { return nil }
    let name = text[digits.endIndex...]
    if name.isEmpty { return value }
    return units.first { $0.name == name }.map { value * $0.seconds }
  }

  static func literal(_ nanoseconds: UInt64) -> String {
    if nanoseconds.isMultiple(of: 1_000_000_000) { return "\(nanoseconds / 1_000_000_000)" }
    if nanoseconds.isMultiple(of: 1_000_000) { return "\"\(nanoseconds / 1_000_000)ms\"" }
    if nanoseconds.isMultiple(of: 1_000) { return "\"\(nanoseconds / 1_000)us\"" }
    return "\"\(nanoseconds)ns\""
  }
}

import Glibc

/// Numbers as people read them.
enum NumberText {
  /// 2,000,000
  static func grouped(_ value: UInt64) -> String {
    var digits = Substring(String(value))
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = digits.dropLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }

  /// So many digits after the point.
  static func fixed(_ value: Double, _ places: Int) -> String {
    var text = [CChar](repeating: 0, count: 400)
    _ = withVaList([value]) { vsnprintf(&text, text.count, "%.\(places)f", $0) }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Six characters or fewer: 999, 1.52M, 10.6M.
  static func short(_ value: Double) -> String {
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e4, "k")] where value >= unit {
      let scaled = value / (name == "k" ? 1e3 : unit)
      return fixed(scaled, scaled < 10 ? 2 : scaled < 100 ? 1 : 0) + name
    }
    return fixed(value, 0)
  }

  /// 9.41 Gbit/s
  static func bitRate(_ bits: Double) -> String {
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where bits >= unit { return fixed(bits / unit, 2) + " \(name)bit/s" }
    return fixed(bits, 0) + " bit/s"
  }

  /// 12.3 us
  static func time(nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    if value >= 1e9 { return fixed(value / 1e9, 2) + " s" }
    if value >= 1e6 { return fixed(value / 1e6, 2) + " ms" }
    if value >= 1e3 { return fixed(value / 1e3, 1) + " us" }
    return "\(nanoseconds) ns"
  }
}

extension String {
  /// Padded on the left to `width` characters.
  func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
  /// Padded on the right to `width` characters.
  func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

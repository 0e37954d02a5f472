extension ValueFormat where Value == String {
  static var distinguishedName: Self {
    parsed("a distinguished name (such as ou=people,dc=example,dc=org)", { isDistinguishedName($0) ? $0 : nil }, written: { $0 })
  }

  /// RFC 4514 3: attributes with values, joined by `,` and `+`. A value in hexadecimal (`#04...`) is never met in a comparison of texts.
  private static func isDistinguishedName(_ text: String) -> Bool {
    var rest = text.utf8[...]
    while true {
      guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), isAttribute(rest[..<equals]) else { return false }
      rest = rest[rest.index(after: equals)...].drop { $0 == UInt8(ascii: " ") }
      if rest.first == UInt8(ascii: "#") { return false }
      guard passValue(&rest) else { return false }
      guard !rest.isEmpty else { return true }
      rest = rest.dropFirst()
    }
  }

  /// A short name, or an OID (RFC 4512 1.4).
  private static func isAttribute(_ name: Substring.UTF8View) -> Bool {
    let trimmed = name.drop { $0 == UInt8(ascii: " ") }.reversed().drop { $0 == UInt8(ascii: " ") }
    return !trimmed.isEmpty
      && trimmed.allSatisfy { octet in
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: octet == UInt8(ascii: "-") || octet == UInt8(ascii: ".")
        }
      }
  }

  /// Up to the separator behind it, or the end. False: a backslash with neither two digits nor a character that needs one (RFC 4514 2.4).
  private static func passValue(_ rest: inout Substring.UTF8View) -> Bool {
    while let octet = rest.first, octet != UInt8(ascii: ","), octet != UInt8(ascii: "+") {
      rest = rest.dropFirst()
      guard octet == UInt8(ascii: "\\") else { continue }
      guard let escaped = rest.first else { return false }
      if !" \"#+,;<=>\\".utf8.contains(escaped) {
        guard rest.count >= 2, rest.prefix(2).allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return false }
        rest = rest.dropFirst()
      }
      rest = rest.dropFirst()
    }
    return true
  }
}

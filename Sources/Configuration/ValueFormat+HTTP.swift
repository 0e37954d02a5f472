/// Texts that go into HTTP messages (RFC 9110 5.1, 5.5, 9.1).
extension ValueFormat where Value == String {
  static var method: Self {
    parsed(
      "a method (such as GET)",
      { text in (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x41...0x5a).contains($0) || $0 == 0x2d } ? text : nil },
      written: { $0 })
  }

  static var path: Self {
    parsed(
      "a path (such as /index.html)",
      { text in text.utf8.first == 0x2f && text.utf8.count <= 8_000 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? text : nil },
      written: { $0 })
  }

  static var host: Self {
    parsed(
      "a host, with or without a port (such as example.net:8080)",
      { isHost($0) ? $0 : nil }, written: { $0 })
  }

  private static func isHost(_ text: String) -> Bool {
    guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f }) else { return false }
    // Behind the last colon that no bracket of an IPv6 address follows.
    guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") else { return true }
    let port = text[text.index(after: colon)...]
    return port.isEmpty || UInt16(port) != nil
  }
}

extension ValueFormat where Value == [String] {
  /// Fields, each a name, a colon, a value. A string is one field.
  static var headers: Self {
    let meaning = "a list of fields (such as \"Accept: text/html\")"
    return Self(
      type: "string or array of strings", typeName: meaning,
      node: { .text($0) },
      decode: { (node) throws(Mismatch) in
        var nodes = [node]
        if case .array(let list) = node { nodes = list }
        var fields: [String] = []
        for node in nodes {
          guard case .text(let text) = node else { throw Mismatch(found: node.typeName, needed: "a string or an array of strings") }
          guard isField(text) else { throw Mismatch(found: "'\(text)'", needed: meaning) }
          fields.append(text)
        }
        return fields
      },
      literal: { "[" + $0.map(quoted).joined(separator: ", ") + "]" })
  }

  private static func isField(_ text: String) -> Bool {
    guard text.utf8.count <= 8_000, let colon = text.utf8.firstIndex(of: 0x3a), colon != text.utf8.startIndex else { return false }
    let (name, value) = (text.utf8[..<colon], text.utf8[colon...].dropFirst())
    return name.allSatisfy(isTokenOctet) && value.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
  }

  /// tchar of RFC 9110 5.6.2.
  private static func isTokenOctet(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
    }
  }
}

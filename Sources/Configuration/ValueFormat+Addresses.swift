import TCPEngine

extension ValueFormat {
  /// What one text can be read as; `meaning` is what the key takes, in words.
  static func parsed(
    _ meaning: String, _ read: @escaping @Sendable (String) -> Value?, written: @escaping @Sendable (Value) -> String
  ) -> Self {
    Self(
      type: "string", typeName: meaning,
      node: { .text($0) },
      decode: { (node) throws(Mismatch) in
        guard case .text(let text) = node else { throw Mismatch(found: node.typeName, needed: "a string") }
        guard let value = read(text) else { throw Mismatch(found: "'\(text)'", needed: meaning) }
        return value
      },
      literal: { quoted(written($0)) })
  }
}

extension ValueFormat where Value == MACAddress {
  static var mac: Self {
    parsed(
      "a unicast MAC address (such as 02:00:00:00:00:01)",
      { text in MACAddress(text).flatMap { $0.isUnicast ? $0 : nil } },
      written: { $0.description })
  }
}

extension ValueFormat where Value == IPv4Address {
  static var address: Self {
    parsed(
      "a unicast IPv4 address (such as 10.0.0.1)",
      { text in IPv4Address(text).flatMap { $0.isUnicast ? $0 : nil } },
      written: { $0.description })
  }
}

extension ValueFormat where Value == Network {
  static var network: Self {
    parsed(
      "a host's IPv4 address with a prefix length from 8 to 30 (such as 10.0.0.1/16)",
      { Network($0) },
      written: { "\($0.address)/\($0.prefixLength)" })
  }
}

extension ValueFormat where Value == [AddressRange] {
  /// Ranges of unicast addresses without overlap: a string, or an array of strings; in a string separated by commas.
  static var addressRanges: Self {
    ranges("a list of unicast IPv4 addresses or ranges (such as 10.0.0.2-10.0.15.254), each address once", mayBeEmpty: false)
  }

  /// The same, or none at all.
  static var furtherAddresses: Self {
    ranges("a list of unicast IPv4 addresses or ranges (such as 10.0.0.10-10.0.0.99), each address once, or []", mayBeEmpty: true)
  }

  private static func ranges(_ meaning: String, mayBeEmpty: Bool) -> Self {
    Self(
      type: "string or array of strings", typeName: meaning,
      node: { .text($0) },
      decode: { (node) throws(Mismatch) in
        let texts = try texts(node)
        var ranges: [AddressRange] = []
        // As a flag has it.
        if mayBeEmpty, texts == ["[]"] { return ranges }
        for text in texts {
          for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let range = AddressRange(part), !ranges.contains(where: range.overlaps) else {
              throw Mismatch(found: "'\(text)'", needed: meaning)
            }
            ranges.append(range)
          }
        }
        guard mayBeEmpty || !ranges.isEmpty else { throw Mismatch(found: "an empty array", needed: meaning) }
        return ranges
      },
      literal: { ranges in
        let texts = ranges.map { quoted($0.text) }
        return texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
      })
  }

  private static func texts(_ node: TOMLNode) throws(Mismatch) -> [String] {
    let needed = "a string or an array of strings"
    switch node {
    case .text(let text): return [text]
    case .array(let nodes):
      var texts: [String] = []
      for node in nodes {
        guard case .text(let text) = node else { throw Mismatch(found: "an array with \(node.typeName) in it", needed: needed) }
        texts.append(text)
      }
      return texts
    default: throw Mismatch(found: node.typeName, needed: needed)
    }
  }
}

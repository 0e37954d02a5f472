/// Texts: names of files and of targets, and words out of a few.
extension ValueFormat where Value == String {
  static var file: Self {
    text("the name of a file")
  }
  static var name: Self {
    text("a name")
  }
  static var some: Self {
    text("a text")
  }

  private static func text(_ meaning: String) -> Self {
    Self(
      type: "string", typeName: meaning,
      node: { .text($0) },
      decode: { (node) throws(Mismatch) in
        guard case .text(let text) = node else { throw Mismatch(found: node.typeName, needed: "a string") }
        guard !text.isEmpty else { throw Mismatch(found: "''", needed: meaning) }
        return text
      },
      literal: { quoted($0) })
  }
}

extension ValueFormat where Value == [String] {
  /// Names, each once; on the command line separated by commas.
  static var names: Self {
    let meaning = "a list of names, each once"
    return Self(
      type: "array of strings", typeName: meaning,
      node: { text in .array(text.split(separator: ",", omittingEmptySubsequences: false).map { .text(String($0)) }) },
      decode: { (node) throws(Mismatch) in
        guard case .array(let nodes) = node else { throw Mismatch(found: node.typeName, needed: "an array of strings") }
        var names: [String] = []
        for node in nodes {
          guard case .text(let name) = node else { throw Mismatch(found: "an array with \(node.typeName) in it", needed: meaning) }
          guard !name.isEmpty, !names.contains(name) else { throw Mismatch(found: "an array with '\(name)' in it", needed: meaning) }
          names.append(name)
        }
        guard !names.isEmpty else { throw Mismatch(found: "an empty array", needed: meaning) }
        return names
      },
      literal: { "[" + $0.map(quoted).joined(separator: ", ") + "]" })
  }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the type's words.
  static var word: Self {
    let words = Value.allCases.map { quoted($0.rawValue) }.joined(separator: " or ")
    return Self(
      type: "string", typeName: words,
      range: "",
      node: { .text($0) },
      decode: { (node) throws(Mismatch) in
        guard case .text(let text) = node else { throw Mismatch(found: node.typeName, needed: "a string") }
        guard let value = Value(rawValue: text) else { throw Mismatch(found: "'\(text)'", needed: words) }
        return value
      },
      literal: { quoted($0.rawValue) })
  }
}

extension ValueFormat where Value == String {
  /// The name of a network namespace: that of a file in /run/netns.
  static var namespace: Self {
    parsed(
      "the name of a network namespace (as `ip netns` lists it)",
      { text in (1...255).contains(text.utf8.count) && text != "." && text != ".." && !text.contains("/") ? text : nil },
      written: { $0 })
  }

  /// A virtual device of DPDK's: the driver's name and a number, and the driver's arguments.
  static var device: Self {
    parsed(
      "a virtual device's name and arguments (such as net_memif0,role=client,socket=/run/wire.sock)",
      { text in
        let name = text.prefix { $0 != "," }
        return name.hasPrefix("net_") && name.count > 4 && !text.contains { $0.isNewline } ? text : nil
      },
      written: { $0 })
  }

  /// A PCI address with its domain: "0000:07:00.0".
  static var pci: Self {
    parsed(
      "a PCI address with its domain (such as 0000:07:00.0)",
      { text in
        let parts = text.split(whereSeparator: { $0 == ":" || $0 == "." })
        let isWhole = parts.map(\.count) == [4, 2, 2, 1] && parts.joined().allSatisfy { $0.isHexDigit }
        return isWhole && text == "\(parts[0]):\(parts[1]):\(parts[2]).\(parts[3])" ? text.lowercased() : nil
      },
      written: { $0 })
  }

  /// The name of a Linux interface. A comma would end it in DPDK's device arguments.
  static var interface: Self {
    parsed(
      "the name of a Linux interface (up to 15 characters)",
      { text in (1...15).contains(text.utf8.count) && !text.contains { $0 == "/" || $0 == "," || $0.isWhitespace } ? text : nil },
      written: { $0 })
  }
}

/// Booleans and numbers.
extension ValueFormat where Value == Bool {
  static var boolean: Self {
    ValueFormat(
      type: "boolean", typeName: "true or false",
      node: { text in Bool(text).map(TOMLNode.boolean) },
      decode: { (node) throws(Mismatch) in
        guard case .boolean(let value) = node else { throw Mismatch(found: node.typeName, needed: "true or false") }
        return value
      },
      literal: { "\($0)" })
  }
}

extension ValueFormat where Value: FixedWidthInteger {
  /// Whole numbers. `range` must be one of `Value`'s.
  static func integer(_ range: ClosedRange<Int>, unit: String = "") -> Self {
    integer(range, unit: unit, typeName: "an integer", where: { _ in true })
  }

  /// 2, 4, 8 and so on, from a power of two to a power of two.
  static func powerOfTwo(_ range: ClosedRange<Int>, unit: String) -> Self {
    integer(range, unit: unit, typeName: "a power of two", where: { $0.nonzeroBitCount == 1 })
  }

  private static func integer(
    _ range: ClosedRange<Int>, unit: String, typeName: String, where isAllowed: @escaping @Sendable (Int) -> Bool
  ) -> Self {
    let words = "from \(grouped(range.lowerBound)) to \(grouped(range.upperBound))"
    return Self(
      type: String(typeName.drop { $0 != " " }.dropFirst()), typeName: typeName, unit: unit, range: words,
      node: { wholeNumber($0).map(TOMLNode.integer) },
      decode: { (node) throws(Mismatch) in
        guard case .integer(let value) = node else { throw Mismatch(found: node.typeName, needed: typeName) }
        guard range.contains(value), isAllowed(value) else {
          throw Mismatch(found: "\(value)", needed: needed(typeName, words, unit))
        }
        return Value(value)
      },
      literal: { "\($0)" })
  }
}

extension ValueFormat where Value == UInt16 {
  /// One run of set bits in 16: an integer, or a text such as "0xe000".
  static var mask: Self {
    ValueFormat(
      type: "integer or string", typeName: "a mask of adjacent bits (such as 0xe000)",
      node: { wholeNumber($0).map(TOMLNode.integer) },
      decode: { (node) throws(Mismatch) in
        let bits: Int?
        switch node {
        case .integer(let value): bits = value
        case .text(let text): bits = wholeNumber(text)
        default: throw Mismatch(found: node.typeName, needed: "an integer or a string")
        }
        guard let bits, let mask = UInt16(exactly: bits), isOneRun(mask) else {
          let found = bits.map { $0 < 0 ? "\($0)" : hexadecimal($0) } ?? "'\(node.text ?? "")'"
          throw Mismatch(found: found, needed: "a mask of adjacent bits (such as 0xe000)")
        }
        return mask
      },
      literal: { hexadecimal(Int($0)) })
  }

  private static func isOneRun(_ mask: UInt16) -> Bool {
    mask != 0 && mask.leadingZeroBitCount + mask.nonzeroBitCount + mask.trailingZeroBitCount == 16
  }
}

extension ValueFormat where Value == Double {
  /// A probability.
  static var fraction: Self {
    ValueFormat(
      type: "number", typeName: "a number", range: "from 0 to 1",
      node: { text in
        guard let value = Double(text), value.isFinite else { return nil }
        return .number(value)
      },
      decode: { (node) throws(Mismatch) in
        let value: Double
        switch node {
        case .integer(let integer): value = Double(integer)
        case .number(let number): value = number
        default: throw Mismatch(found: node.typeName, needed: "a number")
        }
        guard value >= 0, value <= 1 else { throw Mismatch(found: "\(value)", needed: "a number from 0 to 1") }
        return value
      },
      literal: { "\($0)" })
  }
}

extension ValueFormat where Value == [Int] {
  /// Numbers of cores, all different; on the command line separated by commas.
  static var cores: Self {
    let needed = "a list of different core numbers from 0 to 1,023 (such as 0,1)"
    return Self(
      type: "array of integers", typeName: needed,
      node: { text in
        var nodes: [TOMLNode] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
          guard let core = wholeNumber(String(part)) else { return nil }
          nodes.append(.integer(core))
        }
        return .array(nodes)
      },
      decode: { (node) throws(Mismatch) in
        guard case .array(let nodes) = node else { throw Mismatch(found: node.typeName, needed: "an array of integers") }
        var cores: [Int] = []
        for node in nodes {
          guard case .integer(let core) = node else { throw Mismatch(found: "an array with \(node.typeName) in it", needed: needed) }
          cores.append(core)
        }
        guard cores.allSatisfy((0...1_023).contains), Set(cores).count == cores.count else {
          throw Mismatch(found: "\(cores)", needed: needed)
        }
        return cores
      },
      literal: { "\($0)" })
  }
}

extension TOMLNode {
  /// A string's text.
  var text: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }
}

/// An integer as TOML writes it: decimal with underscores between digits, or hexadecimal after 0x. Nil when it is none or has no place in
/// 64 bits.
func wholeNumber(_ text: String) -> Int? {
  if text.hasPrefix("0x") {
    guard let first = text.dropFirst(2).first, first.isHexDigit else { return nil }
    return Int(text.dropFirst(2), radix: 16)
  }
  guard !text.hasPrefix("_"), !text.hasSuffix("_"), !text.contains("__") else { return nil }
  return Int(text.filter { $0 != "_" })
}

private func hexadecimal(_ value: Int) -> String { "0x" + String(value, radix: 16) }

/// How the values of a key are written, in a file and on the command line, and which are allowed.
struct ValueFormat<Value: Sendable>: Sendable {
  /// As the documentation names it: "integer".
  let type: String
  /// With an article, as sentences name it: "an integer".
  let typeName: String
  /// "" for a value without one.
  var unit = ""
  /// The values allowed, in words; "" when the type says it all.
  var range = ""
  /// What a text on the command line stands for; nil when it is none of the type.
  let node: @Sendable (String) -> TOMLNode?
  let decode: @Sendable (TOMLNode) throws(Mismatch) -> Value
  /// The value in TOML; nil when the key is left out for it.
  let literal: @Sendable (Value) -> String?

  /// Reads a value of the command line.
  func parse(_ text: String) throws(Mismatch) -> Value {
    guard let node = node(text) else { throw Mismatch(found: "'\(text)'", needed: Self.needed(typeName, range, unit)) }
    return try decode(node)
  }

  /// The type, the range and the unit in words.
  static func needed(_ typeName: String, _ range: String, _ unit: String) -> String {
    (range.isEmpty ? typeName : "\(typeName) \(range)") + (unit.isEmpty ? "" : " (\(unit))")
  }

  /// The same for a value that may be left out.
  var optional: ValueFormat<Value?> {
    let decode = decode
    let literal = literal
    return ValueFormat<Value?>(
      type: type, typeName: typeName, unit: unit, range: range, node: node,
      decode: { (node) throws(Mismatch) in try decode(node) },
      literal: { $0.flatMap { literal($0) } })
  }
}

/// A number as sentences and tables write it: 50,000,000.
func grouped(_ number: Int) -> String {
  let digits = String(number.magnitude)
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
    result.append(digit)
  }
  return number < 0 ? "-" + result : result
}

/// A text as TOML's basic string.
func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case _ where scalar.value < 0x20 || scalar.value == 0x7f:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

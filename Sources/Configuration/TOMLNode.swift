import TOMLKit

/// A value of a TOML document, free of the parser that read it.
enum TOMLNode: Equatable {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case array([TOMLNode])
  case table([String: TOMLNode])
  /// A date, a time or both: no key takes one.
  case time

  /// Its type with an article, as sentences name it.
  var typeName: String {
    switch self {
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a floating-point number"
    case .text: "a string"
    case .array: "an array"
    case .table: "a table"
    case .time: "a date or time"
    }
  }

  /// Parses a document. The table of an empty one is empty.
  static func parse(_ text: String) throws(SyntaxError) -> [String: TOMLNode] {
    if let broken = TOMLHazards.broken(text) {
      throw SyntaxError(line: broken.line, column: broken.column, reason: broken.reason)
    }
    do {
      return entries(try TOMLTable(string: text))
    } catch let error as TOMLParseError {
      throw SyntaxError(line: error.source.begin.line, column: error.source.begin.column, reason: error.description)
    } catch {
      throw SyntaxError(line: 1, column: 1, reason: "\(error)")
    }
  }

  private init(_ value: TOMLValue) {
    switch value.type {
    case .table: self = .table(value.table.map(Self.entries) ?? [:])
    case .array: self = .array(value.array.map { $0.map { TOMLNode($0.tomlValue) } } ?? [])
    case .string: self = .text(value.string ?? "")
    case .int: self = .integer(value.int ?? 0)
    case .double: self = .number(value.double ?? 0)
    case .bool: self = .boolean(value.bool ?? false)
    case .date, .time, .dateTime: self = .time
    }
  }

  /// The keys are looked up one by one, not iterated over: a key with a zero octet in it is cut by the parser's C interface, is not found
  /// again, and would end the iterator's process. It stays in the table, as an unknown key.
  private static func entries(_ table: TOMLTable) -> [String: TOMLNode] {
    var entries: [String: TOMLNode] = [:]
    for key in table.keys {
      if let value: any TOMLValueConvertible = table[key] {
        entries[key] = TOMLNode(value.tomlValue)
      } else {
        entries[key + "\\u0000"] = .time
      }
    }
    return entries
  }

  /// Where a document is not TOML, and why, in the parser's words.
  struct SyntaxError: Error {
    var line: Int
    var column: Int
    var reason: String
  }
}

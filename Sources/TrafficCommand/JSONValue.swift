import FoundationEssentials

/// A value of JSON.
indirect enum JSONValue: Encodable {
  case null
  case bool(Bool)
  case count(UInt64)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(_ value: Int) { self = value < 0 ? .number(Double(value)) : .count(UInt64(value)) }
  init(_ text: String?) { self = text.map(Self.text) ?? .null }
  init(_ value: Double?) { self = value.map(Self.number) ?? .null }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .count(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }

  /// The document, its keys in order, indented.
  var document: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a number that JSON cannot express") }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

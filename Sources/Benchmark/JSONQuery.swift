import ArgumentParser
import Foundation

/// `trafficbench json FILE key.path`: a value of a report, for scripts.
struct JSONQuery: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "json", abstract: "Prints values of a JSON file, one a line; exit code 1 when one is missing.")

  @Argument(help: "The file; - is the standard input.") var file: String
  @Argument(
    help: "Keys from the top, joined by dots; a number is an index, + the sum of an object's numbers. An object or array prints its count.")
  var paths: [String]

  func run() throws {
    let document = try JSONDocument(file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : Data(contentsOf: URL(filePath: file)))
    for path in paths {
      guard let text = document.text(path) else { throw BenchError("\(file) has no \(path)") }
      print(text)
    }
  }
}

/// A JSON text, asked by paths such as `cost.cycles_per_connection`.
struct JSONDocument {
  private let root: Any

  init(_ data: Data) throws { root = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) }

  func value(_ path: String) -> Any? {
    path.split(separator: ".").reduce(root as Any?) { value, key in
      if key == "+", let object = value as? [String: Any] {
        return NSNumber(value: object.values.reduce(0) { $0 + (($1 as? NSNumber)?.intValue ?? 0) })
      }
      if let object = value as? [String: Any] { return object[String(key)] }
      if let array = value as? [Any], let index = Int(key), array.indices.contains(index) { return array[index] }
      return nil
    }
  }

  func number(_ path: String) -> Double? { (value(path) as? NSNumber)?.doubleValue }

  func text(_ path: String) -> String? {
    switch value(path) {
    case let array as [Any]: "\(array.count)"
    case let object as [String: Any]: "\(object.count)"
    case let string as String: string
    case let number as NSNumber: isBoolean(number) ? (number.boolValue ? "true" : "false") : number.stringValue
    case is NSNull: "null"
    default: nil
    }
  }

  /// Whether a number was written true or false.
  private func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}

/// One sentence for the user.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

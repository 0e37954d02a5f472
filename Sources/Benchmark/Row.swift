import Foundation

/// One line of the result: the same thing measured several times.
struct Row {
  let name: String
  let unit: String
  /// Digits behind the point.
  var digits = 0
  var values: [Double] = []
  /// What the value should be, for people.
  var target = ""
  /// Why there is no value, or none that says anything.
  var remark: String?

  var median: Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  var text: String {
    func number(_ value: Double) -> String { pad(String(format: "%.\(digits)f", value), 11, left: true) }
    let figures =
      values.isEmpty
      ? pad("-", 35, left: true) : number(median) + " " + number(values.min() ?? 0) + " " + number(values.max() ?? 0)
    return pad(name, 52) + figures + "  " + pad(unit, 22) + target + (remark.map { "  [" + $0 + "]" } ?? "")
  }

  var json: [String: Any] {
    var object: [String: Any] = ["unit": unit, "runs": values.count]
    if !values.isEmpty {
      object.merge(["median": median, "min": values.min() ?? 0, "max": values.max() ?? 0, "values": values]) { $1 }
    }
    if let remark { object["remark"] = remark }
    return object
  }

  static var header: String {
    pad("", 52) + ["median", "min", "max"].map { pad($0, 11, left: true) }.joined(separator: " ") + "  unit"
  }
}

private func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
  let blanks = String(repeating: " ", count: max(0, width - text.count))
  return left ? blanks + text : text + blanks
}

import TCPEngine

extension Key where Root == TrafficSettings {
  /// All keys as a table for the documentation, those of `[[targets]]` included.
  public static var markdownTable: String { Root.markdownTable }
}

extension DocumentSettings {
  /// All keys as a table, in the order in which a document has them.
  static var markdownTable: String {
    let header = ["Key", "Flag", "Type", "Default", "Unit", "Values", "Meaning"]
    var rows = [header, header.map { _ in "---" }] + markdownRows("")
    for section in sections {
      switch section {
      case .table(let name): rows += markdownRows(name)
      case .list(let list): rows += list.markdownRows
      }
    }
    return rows.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
  }

  private static func markdownRows(_ section: String) -> [[String]] {
    keys.filter { $0.section == section }.map { $0.markdownRow(default: $0.defaultText) }
  }
}

extension Key {
  func markdownRow(default text: String) -> [String] {
    ["`\(path)`", flags.map { "`\($0)`" }.joined(separator: ", "), type, text, unit, range, summary]
  }
}

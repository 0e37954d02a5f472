import TCPEngine

extension Key where Root == TrafficSettings {
  /// All keys as a table for the documentation, those of `[[targets]]` included.
  public static var markdownTable: String {
    let header = ["Key", "Flag", "Type", "Default", "Unit", "Values", "Meaning"]
    let beforeTargets = all.prefix { !$0.path.hasPrefix("faults.") }
    let afterTargets = all.dropFirst(beforeTargets.count)
    var rows = [header, header.map { _ in "---" }]
    rows += beforeTargets.map { $0.markdownRow(default: $0.defaultText) }
    rows += TargetDraft.keys.map { $0.markdownRow(default: $0.absence) }
    rows += afterTargets.map { $0.markdownRow(default: $0.defaultText) }
    return rows.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
  }
}

extension Key {
  fileprivate func markdownRow(default text: String) -> [String] {
    ["`\(path)`", flags.map { "`\($0)`" }.joined(separator: ", "), type, text, unit, range, summary]
  }
}

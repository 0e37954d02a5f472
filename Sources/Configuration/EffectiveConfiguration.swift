import TCPEngine

extension Configuration {
  /// The settings as a TOML document with every key, each with its unit and range; read again, it gives the same settings.
  public static func effective(_ settings: TrafficSettings) -> String {
    var paragraphs = [keys("", settings)]
    for section in ["ports", "engine", "engine.timeouts", "http", "bulk"] {
      let header = section == "ports" ? "[[ports]]" : "[\(section)]"
      paragraphs.append([header] + keys(section, settings))
    }
    paragraphs += settings.targets.map(target)
    for section in ["faults", "output"] { paragraphs.append(["[\(section)]"] + keys(section, settings)) }
    return paragraphs.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private static func keys(_ section: String, _ settings: TrafficSettings) -> [String] {
    SettingsKey.all.filter { $0.section == section }.map { key in
      let comment = (key.unit.isEmpty ? "" : "\(key.unit), ") + key.range
      guard let literal = key.literal(settings) else { return "# \(key.name): \(key.absence); \(comment)" }
      return "\(key.name) = \(literal)  # \(comment)"
    }
  }

  private static func target(_ target: Target) -> [String] {
    let draft = TargetDraft(id: target.id, address: target.address, mac: target.mac, port: target.port)
    return ["[[targets]]"]
      + TargetDraft.keys.map { key in
        key.literal(draft).map { "\(key.name) = \($0)" } ?? "# \(key.name): \(key.absence)"
      }
  }
}

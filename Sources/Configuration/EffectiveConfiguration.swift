import TCPEngine

extension Configuration {
  /// The settings as a TOML document with every key, each with its unit and range; read again, it gives the same settings.
  public static func effective(_ settings: TrafficSettings) -> String { settings.document }
}

extension DocumentSettings {
  /// All that is set, as a TOML document.
  var document: String {
    var paragraphs = [lines("")]
    for section in Self.sections {
      switch section {
      case .table(let name): paragraphs.append(["[\(name)]"] + lines(name))
      case .list(let list): paragraphs += list.paragraphs(self)
      }
    }
    return paragraphs.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private func lines(_ section: String) -> [String] {
    Self.keys.filter { $0.section == section }.compactMap { $0.line(self, isAnnotated: true) }
  }
}

import TCPEngine

/// A flag of the command line with its value. It goes before the file.
public struct Override: Sendable, Equatable {
  /// Hyphens included: "--cps-limit".
  public let flag: String
  /// As it was typed.
  public let text: String

  public init(_ flag: String, _ text: String) {
    self.flag = flag
    self.text = text
  }

  /// The flag that gives a target, "10.0.0.1:80"; all that are given replace the file's list.
  public static var targetFlag: String { TargetDraft.flag }

  /// The flag that gives a field of HTTP; all that are given replace the file's list.
  static var headersFlag: String { SettingsTable.flag("http.headers") }
}

extension [Override] {
  /// Takes the flags' values into the settings; of a flag given twice the last counts.
  func apply(to settings: inout TrafficSettings) throws(ConfigurationError) {
    try checkBooleans()
    var targets: [Target] = []
    var headers: [String] = []
    for override in self {
      try override.checkValueIsThere()
      if override.flag == Override.targetFlag {
        targets.append(try override.target(notAmong: targets))
      } else {
        try override.apply(to: &settings)
        if override.flag == Override.headersFlag {
          headers += settings.http.headers
          settings.http.headers = headers
        }
      }
    }
    if !targets.isEmpty { settings.targets = targets }
  }

  /// `--sack` and `--no-sack` together: which came last is no longer known here.
  private func checkBooleans() throws(ConfigurationError) {
    for override in self where override.text == "false" {
      guard !contains(Override(override.flag, "true")) else {
        throw ConfigurationError(.flag(override.flag), "is given as true and as false, give it once")
      }
    }
  }
}

extension Override {
  fileprivate func apply(to settings: inout TrafficSettings) throws(ConfigurationError) {
    guard let key = SettingsKey.flagged(flag) else {
      let known = SettingsKey.all.flatMap(\.flags) + [Self.targetFlag]
      let advice = NearMiss.of(flag, among: known).map { "did you mean '\($0)'?" } ?? "remove it"
      throw ConfigurationError(.flag(flag), "is not a known flag, \(advice)")
    }
    if key.path == "engine.port", let kind = PortSettings.Kind(rawValue: text) {
      settings.port.kind = kind
      return
    }
    do { try key.parse(text, &settings) } catch { throw ConfigurationError(flag: flag, explained(error, key)) }
  }

  /// `--port` takes words too, so say so.
  private func explained(_ mismatch: Mismatch, _ key: SettingsKey) -> Mismatch {
    guard key.path == "engine.port" else { return mismatch }
    let kinds = PortSettings.Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return Mismatch(found: mismatch.found, needed: "a kind of port (\(kinds)) or \(key.range)")
  }

  /// The command line gives the next word as the value, whatever it is.
  fileprivate func checkValueIsThere() throws(ConfigurationError) {
    guard text.hasPrefix("--") else { return }
    throw ConfigurationError(.flag(flag), "its value is missing before '\(text)', add it")
  }

  fileprivate func target(notAmong targets: [Target]) throws(ConfigurationError) -> Target {
    guard let target = TargetDraft.target(text) else {
      let needed = "a unicast IPv4 address, with or without a TCP port (such as 10.0.0.1:80)"
      throw ConfigurationError(flag: flag, Mismatch(found: "'\(text)'", needed: needed))
    }
    guard !targets.contains(where: { $0.id == target.id }) else {
      throw ConfigurationError(.flag(flag), "'\(text)' is given twice, give it once")
    }
    return target
  }
}

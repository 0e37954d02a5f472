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
  public static var targetFlag: String { "--target" }
}

extension [Override] {
  /// Takes the flags' values into the settings; of a flag given twice the last counts, but for those that collect.
  func apply<Root: DocumentSettings>(to settings: inout Root) throws(ConfigurationError) {
    try checkBooleans()
    for (index, override) in enumerated() {
      try override.checkValueIsThere()
      if self[..<index].contains(where: { $0.flag == override.flag }) { continue }
      let texts = filter { $0.flag == override.flag }.map(\.text)
      if try settings.take(flag: override.flag, texts) { continue }
      let key = try override.key(of: Root.self)
      for text in texts {
        do { try key.parse(text, &settings) } catch { throw ConfigurationError(flag: override.flag, error) }
      }
    }
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
  fileprivate func key<Root: DocumentSettings>(of root: Root.Type) throws(ConfigurationError) -> Key<Root> {
    if let key = Key<Root>.flagged(flag) { return key }
    let advice = NearMiss.of(flag, among: Root.keys.flatMap(\.flags) + Root.otherFlags).map { "did you mean '\($0)'?" } ?? "remove it"
    throw ConfigurationError(.flag(flag), "is not a known flag, \(advice)")
  }

  /// The command line gives the next word as the value, whatever it is.
  fileprivate func checkValueIsThere() throws(ConfigurationError) {
    guard text.hasPrefix("--") else { return }
    throw ConfigurationError(.flag(flag), "its value is missing before '\(text)', add it")
  }
}

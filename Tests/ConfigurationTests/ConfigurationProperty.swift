import Configuration

/// What must hold of any text that is given as a configuration file. Used by libFuzzer (Scripts/fuzz) and by `ConfigurationReplayTests`.
enum ConfigurationProperty {
  private static let name = "f.toml"

  /// What is wrong with how a text was taken, by either program; nil: nothing.
  static func problem(_ text: String) -> String? {
    problem(
      "trafficengine", text, read: { (text) throws(ConfigurationError) in try Configuration.parse(text, name: name) },
      write: Configuration.effective)
      ?? problem(
        "proxyengine", text, read: { (text) throws(ConfigurationError) in try ProxyConfiguration.parse(text, name: name) },
        write: ProxyConfiguration.effective)
  }

  /// Either it is refused in one sentence, or what is made of it, written down and read again, is the same.
  private static func problem<Settings: Equatable>(
    _ program: String, _ text: String, read: (String) throws(ConfigurationError) -> Settings, write: (Settings) -> String
  ) -> String? {
    let settings: Settings
    do { settings = try read(text) } catch { return sentence(error.description).map { "\(program): \($0): \(error.description)" } }
    let effective = write(settings)
    do {
      return try read(effective) == settings ? nil : "\(program): read back, it is another one:\n\(effective)"
    } catch {
      return "\(program): not read back: \(error.description)"
    }
  }

  /// What is wrong with a sentence.
  private static func sentence(_ text: String) -> String? {
    guard text.hasPrefix("\(name): "), text.utf8.count > name.utf8.count + 10 else { return "it does not say what is wrong" }
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else { return "more than a line" }
    guard text.utf8.count < 1_500 else { return "too long" }
    return nil
  }
}

import TCPEngine

/// From a file and the command line to the settings of a proxy.
public enum ProxyConfiguration {
  /// Reads and checks the settings of a run. Nothing is started and no file but `file` is touched.
  ///
  /// - Parameters:
  ///   - file: path of a TOML file; nil: all that is set is in flags.
  ///   - overrides: flags, which go before the file.
  /// - Returns: valid settings. Without groups, all targets are one, "all"; the only group is the default one.
  /// - Throws: `ConfigurationError` for the first mistake found.
  public static func load(file: String?, overrides: [Override] = []) throws(ConfigurationError) -> ProxySettings {
    guard let file else { return try settings(text: nil, place: .commandLine, overrides) }
    let settings = try settings(text: try FileText.read(file), place: .file(file), overrides)
    if let problem = SharedChecks.spares(file, settings.output, records: settings.detailedRecords) {
      throw ConfigurationError(.file(file), problem)
    }
    return settings
  }

  /// The same from a document's text; `name` stands for the file in sentences.
  public static func parse(_ text: String, name: String, overrides: [Override] = []) throws(ConfigurationError) -> ProxySettings {
    try settings(text: text, place: .file(name), overrides)
  }

  /// The settings as a TOML document with every key, each with its unit and range; read again, it gives the same settings.
  public static func effective(_ settings: ProxySettings) -> String { ProxyDraft(settings).document }

  private static func settings(
    text: String?, place: ConfigurationError.Place, _ overrides: [Override]
  ) throws(ConfigurationError) -> ProxySettings {
    var draft = ProxyDraft()
    if let text { try FileDecoder(file: place.description).decode(text, into: &draft) }
    try overrides.apply(to: &draft)
    let settings: ProxySettings
    do { settings = try draft.resolved() } catch { throw ConfigurationError(place, error.sentence) }
    if let problem = ProxyChecks.problem(settings) { throw ConfigurationError(place, problem) }
    return settings
  }
}

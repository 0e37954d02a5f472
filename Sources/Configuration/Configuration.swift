import TCPEngine

/// From a file and the command line to the settings of a run.
public enum Configuration {
  /// Reads and checks the settings of a run. Nothing is started and no file but `file` is touched.
  ///
  /// - Parameters:
  ///   - file: path of a TOML file; nil: all defaults.
  ///   - overrides: flags, which go before the file.
  /// - Returns: valid settings; without targets in file and flags, the port's own server role is the target "self".
  /// - Throws: `ConfigurationError` for the first mistake found.
  public static func load(file: String?, overrides: [Override] = []) throws(ConfigurationError) -> TrafficSettings {
    guard let file else { return try settings(text: nil, place: .commandLine, overrides) }
    let settings = try settings(text: try FileText.read(file), place: .file(file), overrides)
    if let problem = SharedChecks.spares(file, settings.output, records: settings.engine.detailedRecords) {
      throw ConfigurationError(.file(file), problem)
    }
    return settings
  }

  /// The same from a document's text; `name` stands for the file in sentences.
  public static func parse(_ text: String, name: String, overrides: [Override] = []) throws(ConfigurationError) -> TrafficSettings {
    try settings(text: text, place: .file(name), overrides)
  }

  private static func settings(
    text: String?, place: ConfigurationError.Place, _ overrides: [Override]
  ) throws(ConfigurationError) -> TrafficSettings {
    var settings = TrafficSettings()
    if let text { try FileDecoder(file: place.description).decode(text, into: &settings) }
    try overrides.apply(to: &settings)
    settings.adaptToWorkload()
    settings.adaptToMTU()
    if !settings.port.isLooped {
      // With too few addresses for the workers there are no defaults to be found.
      if let problem = CrossChecks.addressProblem(settings) { throw ConfigurationError(place, problem) }
      settings.adaptToInterface()
    }
    if settings.engine.openLimit == nil { settings.engine.openLimit = settings.engine.maxOpen }
    if settings.targets.isEmpty, settings.port.isLooped, let ownServer = settings.ownServer { settings.targets = [ownServer] }
    if let problem = CrossChecks.problem(settings) { throw ConfigurationError(place, problem) }
    return settings
  }
}

extension TrafficSettings {
  /// Ports that were not given are those where the workload's servers usually are.
  mutating func adaptToWorkload() {
    engine.serverPorts = engine.ports
    for index in targets.indices where targets[index].port == 0 { targets[index].port = engine.workload.defaultPort }
  }

  /// A segment is as large as the wire takes, unless it was said how large.
  mutating func adaptToMTU() {
    if engine.mss == nil { engine.mss = UInt16(port.largestSegment) }
  }

  /// Defaults that differ where there are others on the wire.
  mutating func adaptToInterface() {
    if port.clients == PortSettings().clients { port.clients = [AddressRange(first: port.address, last: port.lastOwnAddress(cores.count))] }
    if engine.verifyPayload == nil { engine.verifyPayload = false }
    if targets.isEmpty, engine.openLimit == nil { engine.openLimit = Self.serverOnlyMaxOpen }
  }

  /// Nobody here says how many clients there are.
  private static var serverOnlyMaxOpen: Int { 65_536 }

  /// The port's own server role as a target, over the looped wire; nil when there is none.
  var ownServer: Target? {
    engine.port == 0 ? nil : Target(id: "self", address: port.address, port: engine.port)
  }
}

import TCPEngine

extension TrafficSettings: DocumentSettings {
  public static var keys: [Key<TrafficSettings>] { SettingsTable.keys }

  static let sections: [DocumentSection<TrafficSettings>] = [
    .list(
      EntryList(
        "ports", \.ports, SettingsTable.keys.filter { $0.section == "ports" }.map { $0.of(\.port) }, new: PortSettings(),
        .init(count: (1...1, "exactly one [[ports]] is needed in this version"), isAnnotated: true))),
    .table("engine"), .table("engine.timeouts"), .table("http"), .table("bulk"),
    .list(
      EntryList(
        "targets", \.targetDrafts, TargetDraft.keys, new: TargetDraft(), .init(required: ["id", "ip"], unique: ("id", \.id)))),
    .table("faults"), .table("output"),
  ]

  /// The port as a file has it.
  private var ports: [PortSettings] {
    get { [port] }
    set { port = newValue[0] }
  }

  private var targetDrafts: [TargetDraft] {
    get { targets.map { TargetDraft($0) } }
    set { targets = newValue.compactMap(\.target) }
  }

  static let otherFlags = [Override.targetFlag]
  private static let headersFlag = SettingsTable.flag("http.headers")
  private static let portFlag = SettingsTable.flag("engine.port")

  mutating func take(flag: String, _ texts: [String]) throws(ConfigurationError) -> Bool {
    switch flag {
    case Override.targetFlag: targets = try TargetFlag.all(texts).map { Target(id: $0.id, address: $0.address, port: $0.port ?? 0) }
    case Self.headersFlag: try takeHeaders(texts)
    case Self.portFlag: try takePorts(texts)
    default: return false
    }
    return true
  }

  /// All fields that are given replace the file's list.
  private mutating func takeHeaders(_ texts: [String]) throws(ConfigurationError) {
    var headers: [String] = []
    for text in texts {
      do { headers += try ValueFormat.headers.parse(text) } catch { throw ConfigurationError(flag: Self.headersFlag, error) }
    }
    http.headers = headers
  }

  /// `--port` takes words too.
  private mutating func takePorts(_ texts: [String]) throws(ConfigurationError) {
    for text in texts {
      if let kind = PortSettings.Kind(rawValue: text) {
        port.kind = kind
        continue
      }
      let format = ValueFormat.tcpPorts
      do { engine.serverPorts = try format.parse(text) } catch {
        let kinds = PortSettings.Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let needed = "a kind of port (\(kinds)) or \(format.typeName)"
        throw ConfigurationError(flag: Self.portFlag, Mismatch(found: error.found, needed: needed))
      }
    }
  }
}

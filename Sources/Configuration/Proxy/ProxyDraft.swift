import TCPEngine

/// A key that a file and the command line can set for a proxy.
public typealias ProxyKey = Key<ProxyDraft>

extension Key where Root == ProxyDraft {
  /// All keys as a table for the documentation, those of lists included.
  public static var markdownTable: String { Root.markdownTable }
}

/// A proxy's settings as they are written: with names where `ProxySettings` has numbers, and before what is left out has its value.
public struct ProxyDraft: DocumentSettings {
  /// Of these, only what has no names in it.
  var settings = ProxySettings()
  var ports = [Self.newPort]
  var targets: [ProxyTargetDraft] = []
  var groups: [ProxyGroupDraft] = []
  var rules: [ProxyRuleDraft] = []
  var defaultGroup: String?
  var mss: UInt16?

  public init() {}

  public static var keys: [Key<ProxyDraft>] { ProxyTable.keys }

  static let sections: [DocumentSection<ProxyDraft>] = [
    .list(
      EntryList(
        "ports", \.ports, ProxyTable.port, new: newPort,
        .init(count: (1...2, "one [[ports]] is needed, or two: the clients' and the servers'"), isAnnotated: true))),
    .table("engine"), .table("engine.timeouts"),
    .list(
      EntryList(
        "targets", \.targets, ProxyTargetDraft.keys, new: ProxyTargetDraft(), .init(required: ["id", "ip"], unique: ("id", \.id)))),
    .list(
      EntryList(
        "groups", \.groups, ProxyGroupDraft.keys, new: ProxyGroupDraft(), .init(required: ["name", "targets"], unique: ("name", \.name)))),
    .list(EntryList("rules", \.rules, ProxyRuleDraft.keys, new: ProxyRuleDraft(), .init())),
    .table("health"), .table("output"),
  ]

  /// A port that servers are connected from at its own address, unless others are given.
  static let newPort = {
    var port = PortSettings()
    port.clients = []
    return port
  }()

  static let otherFlags = [Override.targetFlag]

  mutating func take(flag: String, _ texts: [String]) throws(ConfigurationError) -> Bool {
    guard flag == Override.targetFlag else { return false }
    targets = try TargetFlag.all(texts).map { ProxyTargetDraft(id: $0.id, address: $0.address, port: $0.port) }
    return true
  }
}

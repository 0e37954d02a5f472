import TCPEngine

/// An entry of a proxy's `[[targets]]` while it is read.
struct ProxyTargetDraft: Sendable {
  var id: String?
  var address: IPv4Address?
  var port: UInt16?
  var mac: MACAddress?
  var weight = 1
  var maximumConnections = 0

  /// Keys of an entry. The flag gives address and port together.
  static let keys: [Key<ProxyTargetDraft>] = [
    Key("targets.id", \.id, ValueFormat.name.optional, "Name of a server; unique.", flags: []),
    Key("targets.ip", \.address, ValueFormat.address.optional, "Its address.", flags: [Override.targetFlag]),
    Key(
      "targets.port", \.port, ValueFormat.integer(1...65_535).optional, "Its TCP port.", flags: [Override.targetFlag],
      absence: "the first of engine.port"),
    Key("targets.mac", \.mac, ValueFormat.mac.optional, "Its MAC address, or its gateway's.", flags: [], absence: "asked for by ARP"),
    Key(
      "targets.weight", \.weight, .integer(1...256), "Its share of connections, beside the others'; round_robin does not heed it.",
      flags: []),
    Key(
      "targets.max_connections", \.maximumConnections, .integer(0...Int(Int32.max), unit: "connections"),
      "Connections open to it at a time, all workers together; 0: any number.", flags: []),
  ]
}

/// An entry of `[[groups]]` while it is read.
struct ProxyGroupDraft: Sendable {
  var name: String?
  var algorithm = SelectionAlgorithm.roundRobin
  /// Ids.
  var targets: [String]?
  var tableSize = ServerGroupSettings.defaultTableSize

  static let keys: [Key<ProxyGroupDraft>] = [
    Key("groups.name", \.name, ValueFormat.name.optional, "Name of servers that do the same; unique.", flags: []),
    Key("groups.algorithm", \.algorithm, .word, "How a server is chosen for a connection.", flags: []),
    Key("groups.targets", \.targets, ValueFormat.names.optional, "The servers, by id; one may be in several groups.", flags: []),
    Key(
      "groups.table_size", \.tableSize, .integer(251...5_000_011, unit: "entries"),
      "Entries of the table of consistent_hash; a prime, and a hundred times the number of targets or more.", flags: []),
  ]
}

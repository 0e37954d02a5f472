import TCPEngine

/// An entry of `[[targets]]` while it is read.
struct TargetDraft: Sendable {
  var id: String?
  var address: IPv4Address?
  var mac: MACAddress?
  var port: UInt16?

  /// Keys of an entry. The flag gives address and port together.
  static let keys: [Key<TargetDraft>] = [
    Key(
      "targets.id", \.id, ValueFormat.name.optional,
      "Name of a server that the client role connects to, in turn with the others; unique.", flags: []),
    Key("targets.ip", \.address, ValueFormat.address.optional, "Its address.", flags: [flag]),
    Key("targets.mac", \.mac, ValueFormat.mac.optional, "Its MAC address.", flags: [], absence: "the port's own"),
    Key("targets.port", \.port, ValueFormat.integer(1...65_535).optional, "Its TCP port.", flags: [flag], absence: "4000; 80 with http"),
  ]

  /// The flag that may be given for each target.
  static let flag = "--target"

  /// Reads "10.0.0.1:80" or "10.0.0.1", which is its id as well. Nil when it is none.
  static func target(_ text: String) -> Target? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = IPv4Address(parts[0]), address.isUnicast else { return nil }
    if parts.count == 1 { return Target(id: text, address: address, port: 0) }
    guard let port = UInt16(parts[1]), port > 0 else { return nil }
    return Target(id: text, address: address, port: port)
  }

  /// The target, once all that it needs is there; else the name of a key that is missing, and what it takes.
  func finished() throws(Missing) -> Target {
    guard let id else { throw Missing(key: "id", needed: "a name") }
    guard let address else { throw Missing(key: "ip", needed: "a unicast IPv4 address (such as 10.0.0.1)") }
    return Target(id: id, address: address, mac: mac, port: port ?? 0)
  }

  struct Missing: Error {
    var key: String
    var needed: String
  }
}

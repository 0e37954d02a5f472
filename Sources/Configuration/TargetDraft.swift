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
    Key("targets.ip", \.address, ValueFormat.address.optional, "Its address.", flags: [Override.targetFlag]),
    Key("targets.mac", \.mac, ValueFormat.mac.optional, "Its MAC address.", flags: [], absence: "the port's own"),
    Key(
      "targets.port", \.port, ValueFormat.integer(1...65_535).optional, "Its TCP port.", flags: [Override.targetFlag],
      absence: "4000; 80 with http"),
  ]

  /// The target, once it has id and address.
  var target: Target? {
    guard let id, let address else { return nil }
    return Target(id: id, address: address, mac: mac, port: port ?? 0)
  }
}

extension TargetDraft {
  init(_ target: Target) { self.init(id: target.id, address: target.address, mac: target.mac, port: target.port) }
}

/// What `--target` takes: "10.0.0.1:80" or "10.0.0.1". The text is the target's id as well.
struct TargetFlag {
  let id: String
  let address: IPv4Address
  /// Nil: not said.
  let port: UInt16?

  /// Nil when the text is none.
  private init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = IPv4Address(parts[0]), address.isUnicast else { return nil }
    let port = parts.count == 2 ? UInt16(parts[1]) : nil
    guard parts.count == 1 || port ?? 0 > 0 else { return nil }
    (id, self.address, self.port) = (text, address, port)
  }

  /// All that were given, each once.
  static func all(_ texts: [String]) throws(ConfigurationError) -> [TargetFlag] {
    var targets: [TargetFlag] = []
    for text in texts {
      guard let target = TargetFlag(text) else {
        let needed = "a unicast IPv4 address, with or without a TCP port (such as 10.0.0.1:80)"
        throw ConfigurationError(flag: Override.targetFlag, Mismatch(found: "'\(text)'", needed: needed))
      }
      guard !targets.contains(where: { $0.id == target.id }) else {
        throw ConfigurationError(.flag(Override.targetFlag), "'\(text)' is given twice, give it once")
      }
      targets.append(target)
    }
    return targets
  }
}

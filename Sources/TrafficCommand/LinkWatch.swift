import TCPEngine

/// Notices when a port loses its link while a run goes on, and when it has it again.
struct LinkWatch {
  /// A port that is looked at.
  struct Port {
    let name: String
    /// Nil: the driver does not tell.
    let hasLink: () -> Bool?
    /// Whether there is such a port at all any more.
    let exists: () -> Bool
  }

  private let ports: [Port]
  private let ticksPerSecond: Double
  private var lost: [Ticks?]
  private var hadLink: [Bool]
  /// When it was looked at first.
  private var began: Ticks?
  private var next: Ticks = 0
  private var said = 0

  /// Seconds without a link from the start on after which that is said.
  private static let patience = 3.0
  /// Sentences of a run at most: a link may come and go all the time.
  private static let most = 20

  init(_ ports: [Port], ticksPerSecond: Double) {
    self.ports = ports
    self.ticksPerSecond = ticksPerSecond
    lost = ports.map { _ in nil }
    hadLink = ports.map { _ in false }
  }

  /// The ports of a run, as far as they have a name and so another end.
  init(_ port: OpenPort, _ settings: [PortSettings], ticksPerSecond: Double) {
    let ports = zip(settings, port.devices).compactMap { settings, device in
      settings.device.map { name in
        Port(name: name, hasLink: { device.hasLink }, exists: { device.exists })
      }
    }
    self.init(ports, ticksPerSecond: ticksPerSecond)
  }

  /// What has changed, a sentence each; looks five times a second.
  mutating func look(at now: Ticks) -> [String] {
    guard now >= next else { return [] }
    next = now + Ticks(ticksPerSecond / 5)
    let began = began ?? now
    self.began = began
    let changes = ports.indices.compactMap { change(of: $0, since: began, now) }
    let room = Self.most - said
    said = min(said + changes.count, Self.most)
    if changes.count < room || room == 0 { return room == 0 ? [] : changes }
    return changes.prefix(room - 1) + ["links come and go; no more is said of them"]
  }

  private mutating func change(of index: Int, since began: Ticks, _ now: Ticks) -> String? {
    let port = ports[index]
    if let since = lost[index] {
      guard port.exists(), port.hasLink() == true else { return nil }
      lost[index] = nil
      let again = hadLink[index] ? "again" : "now"
      hadLink[index] = true
      return "\(port.name) has its link \(again), after \(NumberText.fixed(Double(now - since) / ticksPerSecond, 1)) s"
    }
    let exists = port.exists()
    let hasLink = exists ? port.hasLink() : false
    if hasLink == true { hadLink[index] = true }
    guard hasLink == false else { return nil }
    if !hadLink[index], exists {
      guard Double(now - began) >= Self.patience * ticksPerSecond else { return nil }
      lost[index] = began
      return "\(port.name) has no link yet: start or connect its other end"
    }
    lost[index] = now
    return exists ? "\(port.name) has lost its link" : "\(port.name) is gone: nothing arrives or leaves there any more"
  }
}

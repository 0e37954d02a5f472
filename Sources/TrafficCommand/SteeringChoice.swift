import TCPEngine

/// How the frames of a connection find its worker: the first way that the port can be had to go (Documentation/Steering.md).
struct SteeringChoice: Sendable {
  enum Way: String, Sendable {
    /// One worker.
    case none
    /// Each queue is a wire of its own.
    case queues
    /// The port sorts by destination port or address, as it was told.
    case flowRules = "flow_rules"
    /// The port spreads by a hash that is known: source ports are chosen so that replies come home.
    case rss
    /// What comes to the wrong worker is handed over, and source ports whose replies do are avoided.
    case handOver = "hand_over"

    var text: String {
      switch self {
      case .none: "one worker"
      case .queues: "each queue a wire of its own"
      case .flowRules: "flow rules"
      case .rss: "RSS, source ports chosen"
      case .handOver: "hand-over between workers"
      }
    }
  }

  /// A way that could not be gone, and why.
  struct Declined: Sendable {
    var way: Way
    var reason: String
  }

  let way: Way
  let declined: [Declined]
  /// What the engines choose source ports by.
  let hash: PortHash?

  /// Rules that a port is asked for at most.
  private static let mostRules = 512

  /// Chooses for a generator's port that has been started, and tells it.
  init(_ settings: TrafficSettings, _ device: DPDKDevice) {
    self.init(settings.port, device) { () throws(DPDKError) in try Self.rules(settings, workers: device.queues) }
  }

  /// The same for a proxy's servers' port.
  init(_ settings: ProxySettings, _ device: DPDKDevice) {
    self.init(settings.serverPort, device) { () throws(DPDKError) in try Self.rules(settings, workers: device.queues) }
  }

  private init(_ port: PortSettings, _ device: DPDKDevice, rules: () throws(DPDKError) -> [SteeringRule]) {
    var declined: [Declined] = []
    guard device.queues > 1, !port.isLooped else {
      self.init(device.queues > 1 ? .queues : .none, [], nil)
      return
    }
    do throws(DPDKError) {
      try device.create(try rules())
      self.init(.flowRules, [], nil)
      return
    } catch {
      declined.append(Declined(way: .flowRules, reason: error.description))
    }
    if let hash = device.hash, Set(hash.entries).isSuperset(of: 0..<UInt16(device.queues)) {
      self.init(.rss, declined, hash)
      return
    }
    let reason = device.hash == nil ? "\(device.driverName) tells no hash and table" : "its table leaves a queue out"
    self.init(.handOver, declined + [Declined(way: .rss, reason: reason)], nil)
  }

  init(_ way: Way, _ declined: [Declined], _ hash: PortHash?) {
    self.way = way
    self.declined = declined
    self.hash = hash
  }

  /// On whichever way: a port may not obey its rules, and a server's clients choose their ports as they like.
  var needsHandOver: Bool { way != .none && way != .queues }

  var learns: Bool { way == .handOver }

  /// Whether the port does as it was told, or as it says it does; nil: nothing was asked of it, or no reply has shown it.
  func isObeyed(replies: UInt64, astray: UInt64) -> Bool? {
    guard way == .flowRules || way == .rss, replies > 0 else { return nil }
    return astray == 0
  }

  /// The rules that bring every frame to its worker; thrown is why there are none.
  static func rules(_ settings: TrafficSettings, workers: Int) throws(DPDKError) -> [SteeringRule] {
    guard settings.port.flowSteering == .address || settings.engine.port == 0 else {
      throw DPDKError("the server role's segments have all one destination port")
    }
    return try rules(settings.port, workers: workers, ownAddressesToo: true)
  }

  static func rules(_ settings: ProxySettings, workers: Int) throws(DPDKError) -> [SteeringRule] {
    guard settings.serverPort.flowSteering == .address || settings.isSplit else {
      throw DPDKError("clients come in at the same port, and their segments have all one destination port")
    }
    guard settings.isSplit || !settings.connectsFromWhereItListens else {
      throw DPDKError("clients come in at an address that servers are connected from")
    }
    return try rules(settings.serverPort, workers: workers, ownAddressesToo: false)
  }

  private static func rules(_ port: PortSettings, workers: Int, ownAddressesToo: Bool) throws(DPDKError) -> [SteeringRule] {
    do {
      switch port.flowSteering {
      case .port: return try PortSteering(mask: port.dstPortMask, workers: workers).rules
      case .address:
        let shares = try port.addressShares(workers: workers)
        guard shares.ruleCount <= mostRules else {
          throw DPDKError("a rule for each of \(shares.ruleCount) addresses would be more than \(mostRules)")
        }
        return ownAddressesToo ? shares.rules : shares.clientRules
      }
    } catch let error as DPDKError {
      throw error
    } catch {
      throw DPDKError("\(error)")
    }
  }
}

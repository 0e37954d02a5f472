/// Everything a proxy is told, validated.
public struct ProxySettings: Sendable, Equatable {
  /// The cores that workers run on, one each. Empty: the last core this process may use.
  public var cores: [Int] = []
  /// The port of clients and servers, or the clients' and the servers'.
  public var ports = [PortSettings()]
  /// Where clients are accepted.
  public var listeningPorts: [ClosedRange<UInt16>] = [80...80]
  public var parameters = ProxyParameters()
  /// Connections at a time, all workers together.
  public var maxOpen = 65_536
  /// Closed connections that still pass what is repeated, per worker; the oldest gives way.
  public var lingerPool = 4_096
  public var servers = ServerSettings(targets: [], groups: [])
  /// The servers' MAC addresses where they are given, in the order of the targets.
  public var serverMACs: [MACAddress?] = []
  public var rules: [RuleSettings] = []
  /// Where connections go that no rule takes; nil: they are reset.
  public var defaultGroup: Int?
  /// Seed of the run; nil: from the system's randomness.
  public var seed: UInt64?
  /// Nanoseconds after which the proxy ends; 0: when it is told to.
  public var duration: UInt64 = 0
  /// A record of each connection is written.
  public var detailedRecords = false
  public var output = {
    var output = OutputSettings()
    output.recordsFile = "proxyengine.records"
    return output
  }()

  public init() {}

  var clientPort: PortSettings { ports[0] }
  public var serverPort: PortSettings { ports[ports.count - 1] }
  public var isSplit: Bool { ports.count > 1 }

  /// Whom the servers are reached through, each once, where it is not given.
  var nextHops: [IPv4Address] {
    if serverPort.isLooped { return [] }
    var hops: [IPv4Address] = []
    for (index, target) in servers.targets.enumerated() where mac(ofServer: index) == nil {
      let hop = serverPort.nextHop(to: IPv4Address(target.address))
      if !hops.contains(hop) { hops.append(hop) }
    }
    return hops
  }

  /// Whether one address of the servers' port is both the clients' destination and the servers'.
  public var connectsFromWhereItListens: Bool {
    let listening = [AddressRange(first: serverPort.address, last: serverPort.address)] + serverPort.servers
    return listening.contains { listens in serverPort.clients.contains { $0.first <= listens.last && listens.first <= $0.last } }
  }

  func mac(ofServer index: Int) -> MACAddress? { index < serverMACs.count ? serverMACs[index] : nil }

  /// The addresses that are ours on a port: its own, those where clients are accepted besides, and those that servers are connected from.
  func addresses(ofPort index: Int) -> [AddressRange] {
    let port = ports[index]
    var ranges = [AddressRange(first: port.address, last: port.address)]
    if index == 0 { ranges += port.servers }
    if index == ports.count - 1 { ranges += port.clients }
    return ranges
  }
}

/// A worker's share of a proxy's run.
public struct ProxyShare: Sendable {
  public var worker = 0
  public var workers = 1
  /// Connections at a time.
  public var maxOpen = 1
  public var ticksPerSecond = 1e9
  /// Seed of every random choice of this worker.
  public var seed: UInt64 = 0
  /// The rings to and from the other workers; nil: this worker gets what is its own, and no more.
  public var lanes: HandOverLanes?
  /// What the servers' port spreads frames over its queues by, when replies are to be brought home by choosing source ports.
  public var hash: PortHash?
  /// Source ports whose replies came to another worker are avoided from then on.
  public var learnsStrays = false

  /// What worker `worker` of `workers` does: totals are divided, the first workers take what is left over.
  public init(_ settings: ProxySettings, worker: Int, workers: Int, ticksPerSecond: Double, seed: UInt64) {
    self.worker = worker
    self.workers = workers
    maxOpen = max(1, settings.maxOpen / workers + (worker < settings.maxOpen % workers ? 1 : 0))
    self.ticksPerSecond = ticksPerSecond
    self.seed = seed
  }
}

/// What the workers of a run know together of their neighbours, on each side.
public struct ProxyBoards: Sendable {
  let front: NeighbourBoard
  let back: NeighbourBoard

  public init(_ settings: ProxySettings) {
    front = NeighbourBoard(count: settings.isSplit ? 0 : settings.nextHops.count)
    back = NeighbourBoard(count: settings.isSplit ? settings.nextHops.count : 0)
  }

  /// Whom servers are reached through, and who has never answered ARP so far.
  public func unheardHops(_ settings: ProxySettings) -> [IPv4Address] {
    let board = (settings.isSplit ? back : front).view
    return settings.nextHops.enumerated().filter { board.entry($0.offset) == 0 }.map(\.element)
  }
}

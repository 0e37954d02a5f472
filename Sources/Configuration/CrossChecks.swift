import TCPEngine

/// What must hold between keys whose values are each allowed.
enum CrossChecks {
  /// The first thing that does not hold, as a sentence that names the keys and says what to do; nil when all do.
  static func problem(_ settings: TrafficSettings) -> String? {
    for check in checks {
      if let problem = check(settings) { return problem }
    }
    return nil
  }

  private static let checks: [@Sendable (TrafficSettings) -> String?] = [
    hasTarget, clientsAreOthers, serversAreOthers, deviceStandsAlone, targetsAreReachable, oneMAC, kernelIsOnAWire, memoryHasOneWorker,
    memoryEnds, rampLeadsSomewhere, masksTellWorkersApart,
    addressesTellWorkersApart, poolSuffices, tuplesSuffice, everyWorkerOpens, segmentFits, windowFits, timeoutsAreInOrder, streamFits,
    filesDiffer,
    workloadIsMeant, thinkTimeFits, streamsEnd, chunksFit, fieldsAreNotOurs,
  ]

  private static func everyWorkerOpens(_ settings: TrafficSettings) -> String? {
    let (workers, most) = (settings.cores.count, settings.engine.maxOpen)
    guard most < workers, settings.port.isLooped || !settings.targets.isEmpty else { return nil }
    return "engine.max_open is \(most), but there are \(workers) workers (cores), and each opens one connection at least: "
      + "raise engine.max_open or use fewer cores"
  }

  private static func hasTarget(_ settings: TrafficSettings) -> String? {
    guard settings.targets.isEmpty, settings.port.isLooped || settings.engine.port == 0 else { return nil }
    return "engine.port is 0, so there is no server role, and targets has no entry: set engine.port or add a target"
  }

  private static func clientsAreOthers(_ settings: TrafficSettings) -> String? {
    func isClient(_ address: IPv4Address) -> Bool { settings.port.clients.contains { $0.contains(address) } }
    if settings.port.isLooped, isClient(settings.port.address) {
      return "ports.clients contains \(settings.port.address), the port's own address in ports.ipnet: leave it out"
    }
    guard let target = settings.targets.first(where: { isClient($0.address) }) else { return nil }
    return "ports.clients contains \(target.address), the address of the target '\(target.id)' in targets: leave it out"
  }

  private static func serversAreOthers(_ settings: TrafficSettings) -> String? {
    let port = settings.port
    if let problem = SharedChecks.ownAddressIsGivenOnce(port, "ports", further: "servers") { return problem }
    guard port.isLooped, let range = port.servers.first(where: { port.clients.contains(where: $0.overlaps) }) else { return nil }
    return "ports.servers and ports.clients have addresses of \(range.text) in common: leave them out of one of the two"
  }

  private static func targetsAreReachable(_ settings: TrafficSettings) -> String? {
    guard !settings.port.isLooped else { return nil }
    let targets = settings.targets.filter { $0.mac == nil }.map { (id: $0.id, address: $0.address) }
    let all = settings.targets.map { (id: $0.id, address: $0.address) }
    return SharedChecks.gatewayIsOnLink(settings.port, "ports") ?? SharedChecks.reaches(targets, settings.port, "ports")
      ?? SharedChecks.areHosts(settings.port, "ports", further: "servers", clients: "clients", all)
      ?? SharedChecks.workersAddressesAreTheirs(settings.port, "ports", further: "servers", workers: settings.cores.count, all)
  }

  private static func oneMAC(_ settings: TrafficSettings) -> String? { SharedChecks.oneMAC(settings.port, "ports") }

  private static func kernelIsOnAWire(_ settings: TrafficSettings) -> String? {
    if let interface = settings.port.kernelInterface, settings.port.isLooped {
      return "ports.kernel_interface is '\(interface)', but there is nobody else on a looped wire: set ports.interface or leave it out"
    }
    return SharedChecks.kernelInterfaceIsAnother(settings.port, "ports")
  }

  private static func deviceStandsAlone(_ settings: TrafficSettings) -> String? {
    let port = settings.port
    guard let device = port.devices("ports").first else {
      guard port.gateway != nil else { return nil }
      return "ports.gateway is set, but there is nobody else on a looped wire: set ports.interface or leave ports.gateway out"
    }
    if port.kind == .memory { return "\(device.key) is '\(device.name)', but ports.kind is \"memory\": leave one of them out" }
    return SharedChecks.oneDevice(port, "ports")
  }

  static func addressProblem(_ settings: TrafficSettings) -> String? {
    guard !settings.port.isLooped else { return nil }
    return SharedChecks.workersHaveAddresses(settings.port, "ports", workers: settings.cores.count)
  }

  private static func memoryHasOneWorker(_ settings: TrafficSettings) -> String? {
    guard settings.port.kind == .memory, settings.cores.count > 1 else { return nil }
    return "ports.kind is \"memory\", which takes one worker, but cores has \(settings.cores.count): leave one"
  }

  private static func memoryEnds(_ settings: TrafficSettings) -> String? {
    guard settings.port.kind == .memory, settings.testSize == 0, settings.engine.duration == 0 else { return nil }
    return "ports.kind is \"memory\" and both test_size and engine.duration are 0, so the run would never end: set one of them"
  }

  private static func rampLeadsSomewhere(_ settings: TrafficSettings) -> String? {
    guard settings.engine.ramp > 0, settings.engine.cpsLimit == 0 else { return nil }
    return "engine.ramp is set, but engine.cps_limit is 0: set engine.cps_limit to the rate to reach, or leave engine.ramp out"
  }

  private static func masksTellWorkersApart(_ settings: TrafficSettings) -> String? {
    guard settings.port.flowSteering == .port || settings.port.isLooped else { return nil }
    return SharedChecks.maskTellsWorkersApart(settings.port, "ports", workers: settings.cores.count)
  }

  private static func addressesTellWorkersApart(_ settings: TrafficSettings) -> String? {
    let addresses = clientAddresses(settings)
    guard settings.port.flowSteering == .address, settings.cores.count > 1 else { return nil }
    let suffices =
      settings.port.isLooped
      ? settings.cores.count <= addresses : (try? settings.port.addressShares(workers: settings.cores.count)) != nil
    guard !suffices else { return nil }
    return
      "cores has \(settings.cores.count) workers, but with ports.flow_steering \"Ip\" each needs an address and ports.clients has only "
      + "\(addresses): add addresses or name fewer cores"
  }

  /// Each worker's queue may be full of frames, and DPDK lets a cache grow to one and a half times its size.
  private static func poolSuffices(_ settings: TrafficSettings) -> String? {
    let queue = max(settings.port.receiveDescriptors, settings.port.transmitDescriptors)
    let kernel = settings.port.kernelInterface == nil ? 0 : KernelChannel.buffers
    let handedOver = settings.port.isLooped ? 0 : (workers(settings) - 1) * HandOver.depth
    let needed = workers(settings) * (queue + 2 * settings.port.cacheSize + kernel + handedOver)
    guard settings.port.poolSize <= needed else { return nil }
    let lacking = needed + 1 - settings.port.poolSize
    let others = handedOver > 0 ? " and \(grouped(HandOver.depth)) for each of the others" : ""
    return "ports.pool_size is \(settings.port.poolSize), but must exceed \(needed) (the larger of ports.rxd and ports.txd, and twice "
      + "ports.cache_size\(kernel == 0 ? "" : ", and \(kernel) for ports.kernel_interface"), for each worker\(others)): raise it by "
      + "\(lacking) or more"
  }

  /// TCP ports that the client role takes, of each address: 1024 to 65535.
  private static let clientPorts = 64_512

  private static func tuplesSuffice(_ settings: TrafficSettings) -> String? {
    let servers = Set(settings.targets.map { Server(address: $0.address, port: $0.port) }).count
    let ports = clientPorts / workers(settings) * workers(settings)
    let clients = clientAddresses(settings)
    let tuples = clients * ports * servers
    guard !settings.targets.isEmpty, settings.engine.maxOpen > tuples else { return nil }
    return
      "engine.max_open is \(settings.engine.maxOpen), but ports.clients (\(clients) of 64,512 TCP ports each) and targets (\(servers)) "
      + "allow only \(tuples) connections at a time: add clients or lower engine.max_open"
  }

  private struct Server: Hashable {
    var address: IPv4Address
    var port: UInt16
  }

  private static func segmentFits(_ settings: TrafficSettings) -> String? {
    guard let mss = settings.engine.mss, Int(mss) > settings.port.largestSegment else { return nil }
    return "engine.mss is \(mss), but ports.mtu \(settings.port.mtu) takes segments of at most \(settings.port.largestSegment) octets: "
      + "lower the one or raise the other"
  }

  private static func windowFits(_ settings: TrafficSettings) -> String? {
    let tcp = settings.engine.tcp
    guard !tcp.windowScaling, tcp.receiveWindow > TCPHeader.maximumUnscaledWindow else { return nil }
    return "engine.window is \(tcp.receiveWindow), but without engine.window_scale it cannot exceed 65,535 octets: lower it or scale it"
  }

  private static func timeoutsAreInOrder(_ settings: TrafficSettings) -> String? {
    let tcp = settings.engine.tcp
    guard tcp.minimumRTO > tcp.initialRTO else { return nil }
    return "engine.rto_min is \(tcp.minimumRTO) ms, but engine.rto_initial is only \(tcp.initialRTO) ms: lower the one or raise the other"
  }

  /// A workload may run less than 2^31 octets ahead of what was sent; payloads that nobody answers all run ahead at once.
  private static func streamFits(_ settings: TrafficSettings) -> String? {
    let engine = settings.engine
    let limits = [("fin_by_client", engine.finByClient), ("fin_by_server", engine.finByServer)].filter { $0.1 > 0 }
    guard engine.responseSize == 0, let (key, payloads) = limits.min(by: { $0.1 < $1.1 }) else { return nil }
    let ahead = payloads * engine.payloadSize
    guard ahead > Int(Int32.max) else { return nil }
    return "engine.response_size is 0, and engine.\(key) payloads of engine.payload_size come to \(ahead) octets, more than the "
      + "\(grouped(Int(Int32.max))) that can be sent unanswered: lower one of the two"
  }

  private static func filesDiffer(_ settings: TrafficSettings) -> String? {
    SharedChecks.filesDiffer(settings.output, records: settings.engine.detailedRecords)
  }

  /// Keys of a workload that is not the one.
  private static func workloadIsMeant(_ settings: TrafficSettings) -> String? {
    for kind in WorkloadKind.allCases where kind != settings.engine.workload {
      let keys = SettingsKey.all.filter { $0.section == kind.rawValue || isOf($0.path, kind, not: settings.engine.workload) }
      guard let key = keys.first(where: { $0.literal(settings) != $0.literal(TrafficSettings()) }) else { continue }
      return "\(key.path) is \(key.literal(settings) ?? ""), but engine.workload is \"\(settings.engine.workload.rawValue)\": "
        + "set engine.workload to \"\(kind.rawValue)\" or leave \(key.path) out"
    }
    return nil
  }

  /// Keys of `[engine]` that not every workload knows.
  private static func isOf(_ path: String, _ kind: WorkloadKind, not other: WorkloadKind) -> Bool {
    switch path {
    case "engine.payload_size", "engine.response_size", "engine.fin_by_client", "engine.fin_by_server": kind == .exchange
    case "engine.think_time": kind != .bulk && other == .bulk
    default: false
    }
  }

  private static func thinkTimeFits(_ settings: TrafficSettings) -> String? {
    let (think, limit) = (settings.engine.thinkTime, settings.engine.tcp.establishedTimeout)
    guard think >= limit else { return nil }
    return
      "engine.think_time is \(think) ms, but engine.timeouts.established ends a connection after \(limit) ms of silence: lower the one "
      + "or raise the other"
  }

  /// Connections that go on for as long as the run does.
  private static func streamsEnd(_ settings: TrafficSettings) -> String? {
    guard settings.engine.duration == 0, !settings.targets.isEmpty else { return nil }
    let key: String? =
      switch settings.engine.workload {
      case .exchange: nil
      case .http: settings.http.requests == 0 ? "http.requests" : nil
      case .bulk: settings.bulk.size == 0 ? "bulk.size" : nil
      }
    return key.map { "\($0) and engine.duration are both 0, so no connection would ever end: set one of them" }
  }

  private static func chunksFit(_ settings: TrafficSettings) -> String? {
    guard settings.http.sentBodySize > Int(Int32.max) else { return nil }
    return "http.chunk_size is \(settings.http.chunkSize), with which a body of http.body_size takes \(settings.http.sentBodySize) octets, "
      + "more than \(grouped(Int(Int32.max))): raise the one or lower the other"
  }

  /// Fields that frame messages, or that have keys of their own.
  private static func fieldsAreNotOurs(_ settings: TrafficSettings) -> String? {
    let others = [
      "host": "set http.host", "content-length": "set http.request_body_size", "transfer-encoding": "leave it out",
      "connection": "set http.requests", "expect": "leave it out",
    ]
    for field in settings.http.headers {
      let name = String(field.prefix { $0 != ":" })
      guard let advice = others[name.lowercased()] else { continue }
      return "http.headers has '\(name)', a field that this program writes itself: \(advice)"
    }
    return nil
  }

  private static func workers(_ settings: TrafficSettings) -> Int { max(1, settings.cores.count) }

  private static func clientAddresses(_ settings: TrafficSettings) -> Int { settings.port.clients.reduce(0) { $0 + $1.count } }
}

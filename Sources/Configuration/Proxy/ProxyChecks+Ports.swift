import TCPEngine

extension ProxyChecks {
  static let portChecks: [@Sendable (ProxySettings) -> String?] = [
    portsHaveDevices, devicesDiffer, kernelInterfacesAreOthers, portsCarryTheSame, segmentFits, addressesAreWhereTheyBelong,
    portsHaveOwnAddresses, gatewaysAreOnLink, workersHaveAddresses,
    addressesAreHosts, sourcesAreReachable, maskTellsWorkersApart, poolsSuffice,
  ]

  /// The first port that a check finds fault with.
  private static func first(_ settings: ProxySettings, _ check: (PortSettings, String) -> String?) -> String? {
    for (index, port) in settings.ports.enumerated() {
      if let problem = check(port, settings.name(ofPort: index)) { return problem }
    }
    return nil
  }

  private static func portsHaveDevices(_ settings: ProxySettings) -> String? {
    first(settings) { port, name in
      guard port.isLooped else { return SharedChecks.oneDevice(port, name) ?? SharedChecks.oneMAC(port, name) }
      return "\(name) has no device, and there is nobody to speak to without one: set \(name).interface, \(name).vdev or \(name).pci"
    }
  }

  private static func devicesDiffer(_ settings: ProxySettings) -> String? {
    guard settings.isSplit, let device = settings.ports[0].device, device == settings.ports[1].device else { return nil }
    return "ports[0] and ports[1] are both '\(device)', but a device is one port: name another one, or leave one of the two ports out"
  }

  private static func kernelInterfacesAreOthers(_ settings: ProxySettings) -> String? {
    if let problem = first(settings, { SharedChecks.kernelInterfaceIsAnother($0, $1) }) { return problem }
    guard settings.isSplit, let interface = settings.ports[0].kernelInterface, interface == settings.ports[1].kernelInterface,
      settings.ports[0].namespace == settings.ports[1].namespace
    else { return nil }
    return "ports[0].kernel_interface and ports[1].kernel_interface are both '\(interface)': give one of the two another name"
  }

  /// What one end is allowed to send, the other one's link must carry.
  private static func portsCarryTheSame(_ settings: ProxySettings) -> String? {
    guard settings.isSplit, settings.ports[0].mtu != settings.ports[1].mtu else { return nil }
    return "ports[0].mtu is \(settings.ports[0].mtu) and ports[1].mtu is \(settings.ports[1].mtu), but a segment passes through both: "
      + "set both to the smaller"
  }

  private static func segmentFits(_ settings: ProxySettings) -> String? {
    let (port, mss) = (settings.serverPort, settings.parameters.maximumSegmentSize)
    guard Int(mss) > port.largestSegment else { return nil }
    return "engine.mss is \(mss), but \(settings.nameOfServerPort).mtu \(port.mtu) takes segments of at most \(port.largestSegment) "
      + "octets: lower the one or raise the other"
  }

  /// Clients come in at the first port, servers are connected from the last.
  private static func addressesAreWhereTheyBelong(_ settings: ProxySettings) -> String? {
    guard settings.isSplit else { return nil }
    if !settings.ports[0].clients.isEmpty {
      return "ports[0].sources is set, but servers are connected from ports[1]: set it there"
    }
    if !settings.ports[1].servers.isEmpty {
      return "ports[1].addresses is set, but clients are accepted at ports[0]: set it there"
    }
    return nil
  }

  private static func portsHaveOwnAddresses(_ settings: ProxySettings) -> String? {
    let problem = first(settings) { SharedChecks.ownAddressIsGivenOnce($0, $1, further: "addresses") }
    guard problem == nil, settings.isSplit, settings.ports[0].address == settings.ports[1].address else { return problem }
    return "ports[0].ipnet and ports[1].ipnet have the same address \(settings.ports[0].address): give each port its own"
  }

  private static func gatewaysAreOnLink(_ settings: ProxySettings) -> String? {
    first(settings) { SharedChecks.gatewayIsOnLink($0, $1) }
  }

  private static func addressesAreHosts(_ settings: ProxySettings) -> String? {
    let targets = settings.servers.targets.map { (id: $0.name, address: IPv4Address($0.address)) }
    return first(settings) { SharedChecks.areHosts($0, $1, further: "addresses", clients: "sources", targets) }
  }

  private static func workersHaveAddresses(_ settings: ProxySettings) -> String? {
    let (port, name, workers) = (settings.serverPort, settings.nameOfServerPort, workers(settings))
    if let problem = SharedChecks.workersHaveAddresses(port, name, workers: workers) { return problem }
    guard port.flowSteering == .address, workers > 1, (try? port.addressShares(workers: workers)) == nil else { return nil }
    return "cores has \(workers) workers, but with \(name).flow_steering \"Ip\" each needs an address of its own in \(name).sources: "
      + "leave it out or name fewer cores"
  }

  /// Answers come back only to addresses that the servers, or their gateway, find in our network.
  private static func sourcesAreReachable(_ settings: ProxySettings) -> String? {
    let (port, name) = (settings.serverPort, settings.nameOfServerPort)
    let ends = port.clients.flatMap { [$0.first, $0.last] }
    guard port.gateway == nil, let source = ends.first(where: { !port.isOnLink($0) }) else { return nil }
    return "\(name).sources contains \(source), which is not in the network of \(name).ipnet (\(port.network)), and there is no "
      + "\(name).gateway: set \(name).gateway, or correct one of the two"
  }

  private static func maskTellsWorkersApart(_ settings: ProxySettings) -> String? {
    SharedChecks.maskTellsWorkersApart(settings.serverPort, settings.nameOfServerPort, workers: workers(settings))
  }

  /// All ports have their frames from one pool: every queue may be full of them at once, DPDK lets a cache grow to one and a half times its
  /// size, and a quarter of the buffers may hold first requests.
  private static func poolsSuffice(_ settings: ProxySettings) -> String? {
    let queued = settings.ports.reduce(0) { $0 + $1.receiveDescriptors + $1.transmitDescriptors }
    let cached = 2 * (settings.ports.map(\.cacheSize).max() ?? 0)
    let kernels = settings.ports.count { $0.kernelInterface != nil } * KernelChannel.buffers
    let needed = (workers(settings) * (queued + cached + kernels) * 4 + 2) / 3
    let largest = settings.ports.indices.max { settings.ports[$0].poolSize < settings.ports[$1].poolSize } ?? 0
    let size = settings.ports[largest].poolSize
    guard size <= needed else { return nil }
    return
      "\(settings.name(ofPort: largest)).pool_size is \(size), but must exceed \(needed) (rxd and txd of all ports and twice cache_size\(kernels == 0 ? "" : ", and \(kernels) for kernel_interface"), "
      + "for each worker, and a third of it more for requests that are held): raise it by \(needed + 1 - size) or more"
  }
}

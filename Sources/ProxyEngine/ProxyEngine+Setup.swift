/// What settings come to at the start of a worker. What can be wrong with them, Configuration has refused.
extension ProxyEngine {
  static func groups(_ settings: ProxySettings, _ share: ProxyShare) -> ServerGroups {
    do {
      return try ServerGroups(
        settings.servers, worker: share.worker, workers: share.workers, ticksPerMillisecond: UInt64(share.ticksPerSecond / 1_000))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The addresses and ports that servers are connected from, this worker's part of them.
  static func tuples(_ settings: ProxySettings, _ share: ProxyShare) -> SourcePortChooser {
    let port = settings.serverPort
    let addresses = port.clients.map { $0.first...$0.last }
    do {
      if port.steersByAddress {
        return try SourcePortChooser(addresses: try port.addressShares(workers: share.workers).ranges(ofWorker: share.worker))
      }
      // The port's hash tells the workers' ports apart.
      if share.hash != nil { return try SourcePortChooser(addresses: addresses) }
      let steering = try PortSteering(mask: port.dstPortMask, workers: share.workers)
      return try SourcePortChooser(addresses: addresses, steering: steering, worker: share.worker)
    } catch {
      preconditionFailure("addresses and ports for servers: \(error)")
    }
  }

  /// What comes from servers tells whose it is; what comes from clients does not.
  static func ownership(_ settings: ProxySettings, _ share: ProxyShare) -> Ownership {
    do {
      return try Ownership(
        settings.serverPort, workers: share.workers, hash: share.hash, listening: settings.isSplit ? [] : settings.listeningPorts,
        listensOnOwnAddress: false)
    } catch {
      preconditionFailure("the workers' addresses and ports: \(error)")
    }
  }

  static func routes(_ settings: ProxySettings, _ mac: MACAddress) -> Table<ServerRoute> {
    let routes = Table<ServerRoute>(count: settings.servers.targets.count)
    let port = settings.serverPort
    for (index, target) in settings.servers.targets.enumerated() {
      let given = settings.mac(ofServer: index)
      let isFixed = given != nil || port.isLooped
      let address = IPv4Address(target.address)
      routes[index] = ServerRoute(
        address: address, port: target.port, nextHop: port.nextHop(to: address),
        link: LinkHeader(destination: given ?? mac, source: mac), isFixed: isFixed, isResolved: isFixed)
    }
    return routes
  }
}

import TCPEngine

/// What must hold between a proxy's keys whose values are each allowed.
enum ProxyChecks {
  /// The first thing that does not hold, as a sentence that names the keys and says what to do; nil when all do.
  static func problem(_ settings: ProxySettings) -> String? {
    for check in portChecks + serverChecks + ruleChecks {
      if let problem = check(settings) { return problem }
    }
    return nil
  }

  private static let serverChecks: [@Sendable (ProxySettings) -> String?] = [
    targetsAreReachable, targetsAreOthers, serversAreSound, timeoutsAreInOrder, filesDiffer,
  ]

  static func workers(_ settings: ProxySettings) -> Int { max(1, settings.cores.count) }

  private static func targetsAreReachable(_ settings: ProxySettings) -> String? {
    let targets = zip(settings.servers.targets, settings.serverMACs).filter { $0.1 == nil }
    return SharedChecks.reaches(
      targets.map { (id: $0.0.name, address: IPv4Address($0.0.address)) }, settings.serverPort, settings.nameOfServerPort)
  }

  private static func targetsAreOthers(_ settings: ProxySettings) -> String? {
    let own = settings.ports.flatMap { [AddressRange(first: $0.address, last: $0.address)] + $0.servers + $0.clients }
    guard let target = settings.servers.targets.first(where: { target in own.contains { $0.contains(IPv4Address(target.address)) } }) else {
      return nil
    }
    return
      "the target '\(target.name)' has the address \(IPv4Address(target.address)), which is the proxy's own in ports: correct one of the two"
  }

  private static func serversAreSound(_ settings: ProxySettings) -> String? {
    do {
      try settings.servers.validate(workers: workers(settings))
      return nil
    } catch { return error.description }
  }

  private static func timeoutsAreInOrder(_ settings: ProxySettings) -> String? {
    let times = settings.parameters
    if times.serverFirstTimeout >= times.requestTimeout {
      return "engine.timeouts.server_first is \(times.serverFirstTimeout) ms, but engine.timeouts.request is over after "
        + "\(times.requestTimeout) ms of silence: lower the one or raise the other"
    }
    guard times.retries > 0, times.handshakeTimeout <= times.initialRTO else { return nil }
    return
      "engine.timeouts.handshake is \(times.handshakeTimeout) ms, but engine.rto_initial is \(times.initialRTO) ms, so that no SYN-ACK "
      + "would be sent again: raise the one, lower the other, or set engine.retries to 0"
  }

  private static func filesDiffer(_ settings: ProxySettings) -> String? {
    SharedChecks.filesDiffer(settings.output, records: settings.detailedRecords)
  }
}

extension ProxySettings {
  /// A port in sentences: one that is alone needs no number.
  func name(ofPort index: Int) -> String { isSplit ? "ports[\(index)]" : "ports" }

  var nameOfServerPort: String { name(ofPort: ports.count - 1) }
}

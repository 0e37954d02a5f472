import TCPEngine

extension ProxyDraft {
  /// The settings, with a number for each name and a value for all that was left out. What is wrong between them is not looked for.
  func resolved() throws(Problem) -> ProxySettings {
    guard !targets.isEmpty else { throw Problem("targets has no entry, so there is no server: add a [[targets]] or give --target") }
    var resolved = settings
    resolved.ports = resolvedPorts
    resolved.parameters.maximumSegmentSize = mss ?? UInt16(resolved.serverPort.largestSegment)
    let names = targets.compactMap(\.id)
    resolved.servers.targets = targets.map(resolvedTarget)
    resolved.serverMACs = targets.map(\.mac)
    resolved.servers.groups = try resolvedGroups(names)
    let groups = resolved.servers.groups.map(\.name)
    if let defaultGroup {
      resolved.defaultGroup = try number(of: defaultGroup, among: groups, "engine.default_group", kind: "group")
    } else {
      resolved.defaultGroup = groups.count == 1 ? 0 : nil
    }
    for (index, rule) in rules.enumerated() {
      let place = "rules[\(index)]"
      let match = try rule.resolvedMatch(place)
      let verdict = try rule.resolvedVerdict(place, groups: groups, targets: names)
      resolved.rules.append(
        RuleSettings(match: match, verdict: verdict, key: rule.key, closesAfterResponse: rule.closesAfterResponse ?? false))
    }
    return resolved
  }

  /// The port that servers are behind has an address to connect from.
  private var resolvedPorts: [PortSettings] {
    var ports = ports
    let last = ports.count - 1
    if ports[last].clients.isEmpty {
      ports[last].clients = [AddressRange(first: ports[last].address, last: ports[last].lastOwnAddress(settings.cores.count))]
    }
    return ports
  }

  /// Of an entry that has its required keys.
  private func resolvedTarget(_ draft: ProxyTargetDraft) -> ServerTarget {
    ServerTarget(
      name: draft.id ?? "", address: draft.address?.rawValue ?? 0, port: draft.port ?? settings.listeningPorts[0].lowerBound,
      weight: draft.weight, maximumConnections: draft.maximumConnections)
  }

  private func resolvedGroups(_ targets: [String]) throws(Problem) -> [ServerGroupSettings] {
    if groups.isEmpty { return [ServerGroupSettings(name: "all", algorithm: .roundRobin, targets: Array(targets.indices))] }
    var resolved: [ServerGroupSettings] = []
    for (index, group) in groups.enumerated() {
      var members: [Int] = []
      for target in group.targets ?? [] {
        members.append(try number(of: target, among: targets, "an entry of groups[\(index)].targets", kind: "target"))
      }
      resolved.append(
        ServerGroupSettings(name: group.name ?? "", algorithm: group.algorithm, targets: members, tableSize: group.tableSize))
    }
    return resolved
  }
}

extension ProxyDraft {
  /// Settings as they would be written.
  init(_ settings: ProxySettings) {
    let (targets, groups) = (settings.servers.targets.map(\.name), settings.servers.groups.map(\.name))
    self.settings = settings
    mss = settings.parameters.maximumSegmentSize
    ports = settings.ports
    self.targets = zip(settings.servers.targets, settings.serverMACs).map { target, mac in
      ProxyTargetDraft(
        id: target.name, address: IPv4Address(target.address), port: target.port, mac: mac, weight: target.weight,
        maximumConnections: target.maximumConnections)
    }
    self.groups = settings.servers.groups.map { group in
      ProxyGroupDraft(
        name: group.name, algorithm: group.algorithm, targets: group.targets.map { targets[$0] }, tableSize: group.tableSize)
    }
    rules = settings.rules.map { ProxyRuleDraft($0, groups: groups, targets: targets) }
    defaultGroup = settings.defaultGroup.map { groups[$0] }
  }
}

import TCPEngine

extension ProxyChecks {
  static let ruleChecks: [@Sendable (ProxySettings) -> String?] = [
    rulesAreSound, prefixesFit, rulesAreAsked, connectionsGoSomewhere, keysCount, rulesComeIntoPlay,
  ]

  private static func rulesAreSound(_ settings: ProxySettings) -> String? {
    do {
      let rules = try RuleSet(settings.rules)
      rules.free()
      return nil
    } catch { return error.rule == 0 ? error.text : "rules[\(error.rule - 1)]: \(error.text)" }
  }

  private static func prefixesFit(_ settings: ProxySettings) -> String? {
    for (index, rule) in settings.rules.enumerated() {
      guard case .prefix(let octets) = rule.match, octets.count > settings.parameters.requestLimit else { continue }
      return
        "rules[\(index)].prefix has \(octets.count) octets, more than the \(settings.parameters.requestLimit) of engine.request_limit, so "
        + "that it never matches: shorten the one or raise the other"
    }
    return nil
  }

  private static func rulesAreAsked(_ settings: ProxySettings) -> String? {
    guard settings.parameters.isImmediate, !settings.rules.isEmpty else { return nil }
    return "engine.mode is \"immediate\", where the server is chosen before the client says anything, but rules has an entry: "
      + "set engine.mode to \"delayed\" or leave rules out"
  }

  private static func connectionsGoSomewhere(_ settings: ProxySettings) -> String? {
    guard settings.defaultGroup == nil, settings.rules.isEmpty else { return nil }
    return
      "groups has \(settings.servers.groups.count) entries, but no rule chooses among them: set engine.default_group or add a [[rules]]"
  }

  /// A key that nothing is chosen by.
  private static func keysCount(_ settings: ProxySettings) -> String? {
    for (index, rule) in settings.rules.enumerated() {
      guard let key = rule.key else { continue }
      guard case .group(let number) = rule.verdict else {
        return "rules[\(index)].key is \"\(key.rawValue)\", but the rule leads to no group: leave it out or set rules[\(index)].group"
      }
      let group = settings.servers.groups[number]
      guard group.algorithm != .consistentHash else { continue }
      return "rules[\(index)].key is \"\(key.rawValue)\", but the algorithm of the group '\(group.name)' is "
        + "\"\(group.algorithm.rawValue)\": set it to \"consistent_hash\" or leave the key out"
    }
    return nil
  }

  private static func rulesComeIntoPlay(_ settings: ProxySettings) -> String? {
    for (index, rule) in settings.rules.enumerated() {
      guard let earlier = settings.rules[..<index].firstIndex(where: { $0.match.takesAll(of: rule.match) }) else { continue }
      return "rules[\(index)] can never match, because rules[\(earlier)] takes all that it would: leave it out or put it first"
    }
    return nil
  }
}

import TCPEngine

extension ProxyRuleDraft {
  /// Keys that are given and say what is matched, each with the protocol that has it; nil: a prefix.
  private var conditions: [(key: String, of: Subject?)] {
    let all: [(key: String, isGiven: Bool, of: Subject?)] = [
      ("prefix", prefix != nil, nil), ("prefix_hex", prefixHex != nil, nil), ("method", method != nil, .http),
      ("host", host != nil, .http), ("path", path != nil, .http), ("sni", serverName != nil, .tls), ("alpn", alpn != nil, .tls),
      ("bind_dn", bindDN != nil, .ldapBind), ("base_dn", baseDN != nil, .ldapSearch),
    ]
    return all.filter(\.isGiven).map { ($0.key, $0.of) }
  }

  /// What is matched.
  ///
  /// - Parameter place: the rule in sentences.
  func resolvedMatch(_ place: String) throws(Problem) -> RuleSettings.Match {
    let conditions = conditions
    if let match, let other = conditions.first(where: { $0.of != match }) {
      throw Problem("\(place) has match = \(quoted(match.rawValue)) and \(other.key), which no request fits at once: leave one out")
    }
    if let first = conditions.first, let other = conditions.dropFirst().first(where: { $0.of != first.of || $0.of == nil }) {
      throw Problem("\(place) has \(first.key) and \(other.key), which no request fits at once: leave one out or make two rules of it")
    }
    if let octets = prefixHex ?? prefix.map({ Array($0.utf8) }) { return .prefix(octets) }
    switch match ?? conditions.first?.of {
    case .any: return .any
    case .http: return .http(method: method, host: host, path: path)
    case .tls: return .tls(serverName: serverName, alpn: alpn)
    case .ldapBind: return .ldapBind(dn: bindDN)
    case .ldapSearch: return .ldapSearch(base: baseDN)
    case .ldapStartTLS: return .ldapStartTLS
    case nil: throw Problem("\(place) does not say what it matches: give it prefix, host, sni, bind_dn or the like, or match = \"any\"")
    }
  }

  /// Where it leads.
  func resolvedVerdict(_ place: String, groups: [String], targets: [String]) throws(Problem) -> RuleSettings.Verdict {
    let given = [("group", group != nil), ("target", target != nil), ("reset", reset == true)].filter(\.1).map(\.0)
    guard given.count < 2 else { throw Problem("\(place) has \(given[0]) and \(given[1]), but a connection goes one way: leave one out") }
    if let group { return .group(try number(of: group, among: groups, "\(place).group", kind: "group")) }
    if let target { return .target(try number(of: target, among: targets, "\(place).target", kind: "target")) }
    guard reset == true else { throw Problem("\(place) does not say where it leads: give it group, target, or reset = true") }
    return .reset
  }
}

extension ProxyRuleDraft {
  /// A rule as it would be written.
  init(_ rule: RuleSettings, groups: [String], targets: [String]) {
    switch rule.match {
    case .any: match = .any
    case .prefix(let octets):
      let isPlain = octets.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
      if isPlain { prefix = String(decoding: octets, as: UTF8.self) } else { prefixHex = octets }
    case .http(let method, let host, let path):
      match = .http
      (self.method, self.host, self.path) = (method, host, path)
    case .tls(let serverName, let alpn):
      match = .tls
      (self.serverName, self.alpn) = (serverName, alpn)
    case .ldapBind(let dn): (match, bindDN) = (.ldapBind, dn)
    case .ldapSearch(let base): (match, baseDN) = (.ldapSearch, base)
    case .ldapStartTLS: match = .ldapStartTLS
    }
    switch rule.verdict {
    case .group(let number): group = groups[number]
    case .target(let number): target = targets[number]
    case .reset: reset = true
    }
    key = rule.key
    if rule.closesAfterResponse { closesAfterResponse = true }
  }
}

/// What is wrong with a draft, in a sentence without its place.
struct Problem: Error {
  let sentence: String

  init(_ sentence: String) { self.sentence = sentence }
}

/// The number of what a key names.
func number(of name: String, among names: [String], _ path: String, kind: String) throws(Problem) -> Int {
  if let number = names.firstIndex(of: name) { return number }
  let advice = NearMiss.of(name, among: names).map { "did you mean '\($0)'?" } ?? "add it to \(kind)s or name another one"
  throw Problem("\(path) is \("'\(name)'".shortened), but there is no such \(kind): \(advice)")
}

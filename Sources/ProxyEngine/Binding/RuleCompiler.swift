/// Puts rules into the form in which they are asked, and says what is wrong with them.
struct RuleCompiler {
  private(set) var octets: [UInt8] = []
  private let rule: Int

  /// Text of a rule before it has its place.
  struct Draft {
    var offset = 0
    var count = 0
    var isGiven = false
    var isSuffix = false
  }

  struct Rule {
    var kind: CompiledRule.Kind
    var verdict: CompiledRule.Verdict
    var number: UInt16
    var depth: UInt16 = 0
    var key: PayloadKey?
    var closes: Bool
    var text = Draft()
    var method = Draft()
    var second = Draft()
  }

  /// Rules of a set at most: their numbers are octets, and 255 stands for none.
  static var most: Int { 255 }

  static func compile(_ settings: [RuleSettings]) throws(RuleError) -> (rules: [Rule], octets: [UInt8]) {
    guard settings.count <= most else { throw RuleError(rule: 0, text: "there are \(settings.count) rules: at most \(most) are possible") }
    var octets: [UInt8] = []
    var rules: [Rule] = []
    for (index, one) in settings.enumerated() {
      var compiler = RuleCompiler(octets, rule: index + 1)
      rules.append(try compiler.compile(one))
      octets = compiler.octets
    }
    return (rules, octets)
  }

  private init(_ octets: [UInt8], rule: Int) {
    self.octets = octets
    self.rule = rule
  }

  private mutating func compile(_ settings: RuleSettings) throws(RuleError) -> Rule {
    let (verdict, number) = try compile(settings.verdict)
    var compiled = Rule(kind: .any, verdict: verdict, number: number, key: settings.key, closes: settings.closesAfterResponse)
    switch settings.match {
    case .any: break
    case .prefix(let octets):
      guard !octets.isEmpty else { throw problem("an empty prefix matches everything: say any") }
      compiled.kind = .prefix
      compiled.text = append(octets)
    case .http(let method, let host, let path):
      compiled.kind = .http
      compiled.method = try text(method, "method")
      compiled.text = try name(host, "host")
      compiled.second = try text(path, "path")
    case .tls(let serverName, let alpn):
      compiled.kind = .tls
      compiled.text = try name(serverName, "sni")
      compiled.second = try text(alpn, "alpn")
    case .ldapBind(let dn):
      compiled.kind = .ldapBind
      (compiled.text, compiled.depth) = try self.dn(dn, "bind_dn")
    case .ldapSearch(let base):
      compiled.kind = .ldapSearch
      (compiled.text, compiled.depth) = try self.dn(base, "base_dn")
    case .ldapStartTLS: compiled.kind = .ldapStartTLS
    }
    try check(settings.key, compiled.kind)
    if compiled.closes, compiled.kind != .http { throw problem("only an HTTP server can be asked to close after its response") }
    if compiled.closes, verdict == .reset { throw problem("there is no response to close after, as it resets") }
    return compiled
  }

  private func problem(_ text: String) -> RuleError { RuleError(rule: rule, text: text) }

  private func compile(_ verdict: RuleSettings.Verdict) throws(RuleError) -> (CompiledRule.Verdict, UInt16) {
    switch verdict {
    case .reset: return (.reset, 0)
    case .group(let number):
      guard let group = UInt8(exactly: number) else { throw problem("there is no group \(number): groups are 0 to 255") }
      return (.group, UInt16(group))
    case .target(let number):
      guard let target = UInt16(exactly: number) else { throw problem("there is no target \(number): targets are 0 to 65535") }
      return (.target, target)
    }
  }

  private func check(_ key: PayloadKey?, _ kind: CompiledRule.Kind) throws(RuleError) {
    guard let key else { return }
    let isRight =
      switch key {
      case .host, .path: kind == .http
      case .serverName: kind == .tls
      case .bindDN: kind == .ldapBind
      case .baseDN: kind == .ldapSearch
      }
    guard isRight else { throw problem("there is no \(key.rawValue) in what it matches") }
  }

  private mutating func append(_ new: some Collection<UInt8>) -> Draft {
    let offset = octets.count
    octets += new
    return Draft(offset: offset, count: new.count, isGiven: true)
  }

  private mutating func text(_ text: String?, _ what: String) throws(RuleError) -> Draft {
    guard let text else { return Draft() }
    guard !text.isEmpty else { throw problem("\(what) is empty: leave it out when anything will do") }
    return append(text.utf8)
  }

  /// A host's name, or the end of one after `*`.
  private mutating func name(_ given: String?, _ what: String) throws(RuleError) -> Draft {
    guard let given else { return Draft() }
    var name = Substring(given.lowercased())
    let isSuffix = name.hasPrefix("*.")
    if isSuffix { name = name.dropFirst() }
    if name.count > 1, name.hasSuffix(".") { name = name.dropLast() }
    guard name.utf8.count > (isSuffix ? 1 : 0) else { throw problem("\(what) is empty: leave it out when anything will do") }
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2a && $0 != 0x2f }) else {
      throw problem("\(what) must be a name, or *. and the end of one: \(given)")
    }
    var draft = append(name.utf8)
    draft.isSuffix = isSuffix
    return draft
  }

  private mutating func dn(_ given: String?, _ what: String) throws(RuleError) -> (Draft, UInt16) {
    guard let given else { return (Draft(), 0) }
    let octets = Array(given.utf8)
    let depth = octets.withUnsafeBytes { DistinguishedName.depth($0.baseAddress ?? StreamText.none.start, count: $0.count) }
    guard Self.isName(octets), Self.isPlain(octets), let names = UInt16(exactly: depth) else {
      throw problem("\(what) must be a DN, as dc=example,dc=org: \(given)")
    }
    return (append(octets), names)
  }

  /// Whether each backslash has what it escapes behind it, and no value is in hexadecimal, which is never met (RFC 4514 2.4).
  private static func isPlain(_ octets: [UInt8]) -> Bool {
    var rest = octets[...]
    var (isInValue, begins) = (false, false)
    while let octet = rest.popFirst() {
      switch octet {
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return false }
        if escaped.hexadecimal != nil {
          guard rest.popFirst()?.hexadecimal != nil else { return false }
        } else if !" \"#+,;<=>\\".utf8.contains(escaped) {
          return false
        }
        begins = false
      case UInt8(ascii: "=") where !isInValue: (isInValue, begins) = (true, true)
      case UInt8(ascii: ","), UInt8(ascii: "+"): (isInValue, begins) = (false, false)
      case UInt8(ascii: "#") where begins: return false
      case UInt8(ascii: " "): break
      default: begins = false
      }
    }
    return true
  }

  /// Whether each part of a DN has a type and a value.
  private static func isName(_ octets: [UInt8]) -> Bool {
    octets.withUnsafeBytes { octets in
      guard let start = octets.baseAddress else { return false }
      var name = DistinguishedName(start, count: octets.count)
      var lengths = [0]
      while true {
        let octet = name.next()
        switch octet {
        case ..<0: return lengths.count == 2 && !lengths.contains(0)
        case 0x13d: lengths.append(0)
        case 0x100...:
          guard lengths.count == 2, !lengths.contains(0) else { return false }
          lengths = [0]
        default: lengths[lengths.count - 1] += 1
        }
      }
    }
  }
}

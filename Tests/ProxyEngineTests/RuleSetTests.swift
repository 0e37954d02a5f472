import Testing

@testable import TCPEngine

@Suite struct RuleSetTests {
  static func rule(_ match: RuleSettings.Match, _ group: Int = 0, key: PayloadKey? = nil) -> RuleSettings {
    RuleSettings(match: match, verdict: .group(group), key: key)
  }

  static func http(_ host: String? = nil, method: String? = nil, path: String? = nil) -> RuleSettings.Match {
    .http(method: method, host: host, path: path)
  }

  private func request(_ host: String, method: String = "GET", path: String = "/") -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
  }

  @Test func firstMatchWins() throws {
    let rules = try Rules(
      Self.rule(.prefix(Array("PING".utf8)), 1), Self.rule(.prefix(Array("PI".utf8)), 2), Self.rule(.any, 3))
    #expect(rules.decide("PING\r\n") == .group(1, key: 0, rule: 0))
    #expect(rules.decide("PIX") == .group(2, key: 0, rule: 1))
    #expect(rules.decide("X") == .group(3, key: 0, rule: 2))
  }

  @Test func aRuleThatNeedsMoreKeepsOthersWaiting() throws {
    let rules = try Rules(Self.rule(.prefix(Array("PING".utf8)), 1), Self.rule(.any, 3))
    #expect(rules.decide("") == .needMore)
    #expect(rules.decide("PIN") == .needMore)
    #expect(rules.decide("PIN", isWhole: true) == .group(3, key: 0, rule: 1))
    #expect(rules.decide("", isWhole: true) == .group(3, key: 0, rule: 1))
    #expect(rules.decide("PIX") == .group(3, key: 0, rule: 1))
  }

  @Test func noRuleMatches() throws {
    let rules = try Rules(Self.rule(.prefix(Array("PING".utf8))), Self.rule(Self.http("a")))
    #expect(rules.decide("\u{1}") == .noRule)
    #expect(rules.decide(request("b")) == .noRule)
    #expect(rules.decide("PI") == .needMore)
    #expect(rules.decide("PI", isWhole: true) == .noRule)
    let none = try Rules()
    #expect(none.decide("") == .noRule)
  }

  @Test func verdicts() throws {
    let rules = try Rules(
      RuleSettings(match: .prefix([1]), verdict: .reset), RuleSettings(match: .prefix([2]), verdict: .target(300)))
    #expect(rules.decide([1]) == .reset(rule: 0))
    #expect(rules.decide([2]) == .target(300, rule: 1))
  }

  @Test func hosts() throws {
    let rules = try Rules(
      Self.rule(Self.http("a.example.org"), 1), Self.rule(Self.http("*.example.org"), 2), Self.rule(Self.http(), 3), Self.rule(.any, 4))
    func group(_ text: String) -> UInt8? {
      if case .group(let group, _, _) = rules.decide(text) { group } else { nil }
    }
    #expect(group(request("A.Example.ORG:80")) == 1)
    #expect(group(request("a.example.org.")) == 1)
    #expect(group(request("b.example.org")) == 2)
    #expect(group(request("x.a.example.org")) == 2)
    #expect(group(request("example.org")) == 3)
    #expect(group(request("badexample.org")) == 3)
    #expect(group(request("a.example.organ")) == 3)
    #expect(group("GET / HTTP/1.0\r\n\r\n") == 3)
    #expect(group("EHLO x\r\n") == 4)
  }

  @Test func methodPathAndHostMustAllMatch() throws {
    let rules = try Rules(Self.rule(Self.http("a", method: "POST", path: "/api/"), 1))
    #expect(rules.decide(request("a", method: "POST", path: "/api/x")) == .group(1, key: 0, rule: 0))
    for text in [
      request("b", method: "POST", path: "/api/x"), request("a", method: "post", path: "/api/x"),
      request("a", method: "GET", path: "/api/x"),
      request("a", method: "POST", path: "/API/x"), request("a", method: "POST", path: "/api"),
      request("a", method: "POSTS", path: "/api/x"),
    ] { #expect(rules.decide(text) == .noRule, "\(text)") }
  }

  @Test func noMoreIsReadThanRulesAskFor() throws {
    let rules = try Rules(Self.rule(Self.http(path: "/a"), 1), Self.rule(Self.http("h", path: "/b"), 2))
    #expect(rules.decide("GET /a HTTP/1.1\r\n") == .group(1, key: 0, rule: 0))
    #expect(rules.decide("GET /b HTTP/1.1\r\n") == .needMore)
    #expect(rules.decide("GET /c HTTP/1.1\r\n") == .noRule)
  }

  @Test func keysAreHashed() throws {
    let rules = try Rules(Self.rule(Self.http(path: "/by-host"), 0, key: .host), Self.rule(Self.http(), 1, key: .path))
    func key(_ text: String) -> UInt32? {
      if case .group(_, let key, _) = rules.decide(text) { key } else { nil }
    }
    let one = try #require(key(request("One.example:80", path: "/by-host")))
    #expect(one != 0)
    #expect(key(request("one.EXAMPLE.", path: "/by-host?other")) == one)
    #expect(key(request("two.example", path: "/by-host")) != one)
    #expect(key("GET /by-host HTTP/1.0\r\n\r\n") == 0)
    let path = try #require(key(request("x", path: "/p")))
    #expect(key(request("y", path: "/p?q")) == path)
    #expect(key(request("y", path: "/P")) != path)
  }

  @Test func oneByOneIsAsWhole() throws {
    let rules = try Rules(
      Self.rule(.prefix(Array("GET /pr".utf8)), 1), Self.rule(Self.http("*.org", method: "GET"), 2, key: .host),
      Self.rule(Self.http(path: "/a"), 3, key: .path), Self.rule(.prefix([0x16]), 4))
    let texts =
      HTTPRequestReaderTests.good.map(\.text) + ["GET /pr", "\u{16}\u{3}", request("a.org"), request("b", path: "/a")]
    for text in texts {
      let octets = Array(text.utf8)
      #expect(rules.decideOneByOne(octets) == rules.decide(octets), "\(text)")
    }
  }

  @Test func aRuleOfTheUsersOwn() {
    func decide<Rule: BindingRule>(_ rule: Rule, _ octets: [UInt8]) -> BindingDecision {
      withOctets(octets) { rule.decide(FirstRequest(start: $0, count: $1, clientAddress: 1, clientPort: 2, isWhole: false)) }
    }
    let rule = ModuloRule(servers: 3)
    #expect(decide(rule, []) == .needMore)
    #expect(decide(rule, [0, 0, 0, 0, 0, 0, 0]) == .needMore)
    #expect(decide(rule, [0, 0, 0, 0, 0, 0, 0, 7]) == .target(1, rule: 0))
    #expect(decide(rule, [0, 0, 0, 0, 0, 0, 1, 0, 9]) == .target(1, rule: 0))
  }

  /// The number that the payload begins with, modulo the number of servers.
  struct ModuloRule: BindingRule {
    let servers: UInt64

    func decide(_ request: FirstRequest) -> BindingDecision {
      guard request.count >= 8 else { return request.isWhole ? .noRule : .needMore }
      return .target(UInt16(request.start.bigEndian64(0) % servers), rule: 0)
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct RuleSetTLSTests {
  private func rule(_ name: String?, _ alpn: String?, _ group: Int, key: PayloadKey? = nil) -> RuleSettings {
    RuleSettings(match: .tls(serverName: name, alpn: alpn), verdict: .group(group), key: key)
  }

  private func hello(_ extensions: [UInt8]..., size: Int = 1 << 14) -> [UInt8] { Hellos.records(Hellos.message(extensions), size) }

  @Test(arguments: [1 << 14, 61]) func byNameAndProtocol(_ size: Int) throws {
    let rules = try Rules(
      rule("a.example.org", "h2", 1), rule("*.example.org", nil, 2), rule(nil, "acme-tls/1", 3), rule(nil, nil, 4),
      RuleSettings(match: .any, verdict: .group(5)))
    func group(_ octets: [UInt8]) -> UInt8? {
      let decision = rules.decide(octets)
      #expect(rules.decideOneByOne(octets) == decision)
      if case .group(let group, _, _) = decision { return group }
      return nil
    }
    #expect(group(hello(Hellos.serverName("A.example.org"), Hellos.protocols("http/1.1", "h2"), size: size)) == 1)
    #expect(group(hello(Hellos.protocols("http/1.1", "h2"), Hellos.largeKeyShare, Hellos.serverName("a.example.org."), size: size)) == 1)
    #expect(group(hello(Hellos.serverName("a.example.org"), Hellos.protocols("h2c", "h"), size: size)) == 2)
    #expect(group(hello(Hellos.serverName("a.example.org"), size: size)) == 2)
    #expect(group(hello(Hellos.serverName("x.y.example.org"), size: size)) == 2)
    #expect(group(hello(Hellos.serverName("example.org"), Hellos.protocols("acme-tls/1"), size: size)) == 3)
    #expect(group(hello(Hellos.serverName("example.org"), size: size)) == 4)
    #expect(group(hello(size: size)) == 4)
    #expect(group(Array("GET / HTTP/1.1\r\n".utf8)) == 5)
  }

  /// What a rule does not ask for is not waited for, and one part that differs is enough.
  @Test func asEarlyAsCanBe() throws {
    let octets = hello(Hellos.serverName("a"), Hellos.largeKeyShare, Hellos.protocols("h2"))
    let nameEnd = octets.count - Hellos.largeKeyShare.count - Hellos.protocols("h2").count
    #expect(try Rules(rule("a", nil, 1)).decide(octets[..<nameEnd]) == .group(1, key: 0, rule: 0))
    #expect(try Rules(rule("b", "h2", 1)).decide(octets[..<nameEnd]) == .noRule)
    #expect(try Rules(rule("a", "h2", 1)).decide(octets[..<nameEnd]) == .needMore)
    #expect(try Rules(rule("a", "h2", 1)).decide(octets[..<nameEnd], isWhole: true) == .noRule)
    #expect(try Rules(rule(nil, nil, 1)).decide(octets[..<11]) == .group(1, key: 0, rule: 0))
  }

  @Test func keys() throws {
    let rules = try Rules(rule(nil, nil, 1, key: .serverName))
    func key(_ octets: [UInt8]) -> UInt32? {
      if case .group(_, let key, _) = rules.decide(octets) { key } else { nil }
    }
    let one = try #require(key(hello(Hellos.serverName("a.example"))))
    #expect(one != 0)
    #expect(key(hello(Hellos.serverName("A.EXAMPLE."), size: 3)) == one)
    #expect(key(hello(Hellos.serverName("b.example"))) != one)
    #expect(key(hello()) == 0)
  }
}

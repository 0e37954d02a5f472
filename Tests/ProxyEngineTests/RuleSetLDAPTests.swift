import Testing

@testable import TCPEngine

@Suite struct RuleSetLDAPTests {
  private func rule(_ match: RuleSettings.Match, _ group: Int, key: PayloadKey? = nil) -> RuleSettings {
    RuleSettings(match: match, verdict: .group(group), key: key)
  }

  private func group(_ rules: Rules, _ octets: [UInt8]) -> UInt8? {
    let decision = rules.decide(octets)
    #expect(rules.decideOneByOne(octets) == decision)
    if case .group(let group, _, _) = decision { return group }
    return nil
  }

  @Test func byWhoBinds() throws {
    let rules = try Rules(
      rule(.ldapBind(dn: "dc=a,dc=example"), 1), rule(.ldapBind(dn: "DC=B, DC=example"), 2), rule(.ldapStartTLS, 3), rule(.any, 4))
    #expect(group(rules, LDAPText.bind("uid=x,dc=a,dc=example", password: "p")) == 1)
    #expect(group(rules, LDAPText.bind("uid=x, OU=people,DC=b,DC=example", password: "p")) == 2)
    #expect(group(rules, LDAPText.saslBind("dc=b,dc=example", mechanism: "PLAIN")) == 2)
    #expect(group(rules, LDAPText.bind("", password: "")) == 4)
    #expect(group(rules, LDAPText.search(base: "dc=a,dc=example")) == 4)
    #expect(group(rules, LDAPText.extended("1.3.6.1.4.1.1466.20037")) == 3)
    #expect(group(rules, Array("GET / HTTP/1.1\r\n".utf8)) == 4)
  }

  @Test func bySearchAfterAnAnonymousBind() throws {
    let rules = try Rules(rule(.ldapSearch(base: "dc=a"), 1), rule(.ldapSearch(base: nil), 2), rule(.ldapBind(dn: nil), 3))
    let bind = LDAPText.bind(id: 77, "")
    let answer = BindingDecision.answerBind(consumed: UInt16(bind.count), messageID: 77)
    #expect(rules.decide(bind) == answer)
    #expect(rules.decide(bind + LDAPText.search(base: "dc=a")) == answer)
    #expect(rules.decideOneByOne(bind) == answer)
    #expect(group(rules, LDAPText.search(base: "ou=x,dc=a")) == 1)
    #expect(group(rules, LDAPText.search(base: "dc=b")) == 2)
    #expect(group(rules, LDAPText.bind("dc=a", password: "x")) == 3)
    #expect(group(rules, LDAPText.bind("", version: 2)) == 3)
    #expect(rules.decide(LDAPText.unbind()) == .noRule)
  }

  @Test func anEarlierRuleTakesTheAnonymousBind() throws {
    let rules = try Rules(rule(.ldapBind(dn: nil), 1), rule(.ldapSearch(base: nil), 2))
    #expect(group(rules, LDAPText.bind("")) == 1)
    let none = try Rules(rule(.ldapBind(dn: "dc=a"), 1))
    #expect(none.decide(LDAPText.bind("")) == .noRule)
  }

  @Test func keys() throws {
    let rules = try Rules(
      rule(.ldapBind(dn: "dc=a"), 1, key: .bindDN), rule(.ldapBind(dn: nil), 1), rule(.ldapSearch(base: nil), 1, key: .baseDN))
    func key(_ octets: [UInt8]) -> UInt32? {
      if case .group(_, let key, _) = rules.decide(octets) { key } else { nil }
    }
    let one = try #require(key(LDAPText.bind("uid=x,dc=a", password: "p")))
    #expect(one != 0 && key(LDAPText.bind("UID = X, DC=a", password: "q")) == one)
    #expect(key(LDAPText.bind("uid=y,dc=a", password: "p")) != one)
    #expect(key(LDAPText.bind("dc=b", password: "p")) == 0)
    #expect(key(LDAPText.search(base: "uid=x,dc=a")) == one)
    #expect(key(LDAPText.search(base: "")) == 0)
  }
}

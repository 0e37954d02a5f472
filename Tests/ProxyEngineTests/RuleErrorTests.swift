import Testing

@testable import TCPEngine

@Suite struct RuleErrorTests {
  private func problem(_ settings: RuleSettings...) -> String? {
    do throws(RuleError) {
      let set = try RuleSet(settings)
      set.free()
      return nil
    } catch { return error.description }
  }

  private func rule(_ match: RuleSettings.Match, key: PayloadKey? = nil) -> RuleSettings {
    RuleSettings(match: match, verdict: .group(0), key: key)
  }

  @Test func whatIsWrongIsSaid() {
    #expect(problem(rule(.any), rule(.prefix([]))) == "rule 2: an empty prefix matches everything: say any")
    #expect(problem(rule(.http(method: nil, host: "", path: nil))) == "rule 1: host is empty: leave it out when anything will do")
    #expect(problem(rule(.http(method: nil, host: "*.", path: nil))) == "rule 1: host is empty: leave it out when anything will do")
    #expect(problem(rule(.http(method: "", host: nil, path: nil))) == "rule 1: method is empty: leave it out when anything will do")
    for host in ["a*", "*", "*a.org", "a b", "a/b"] {
      #expect(problem(rule(.tls(serverName: host, alpn: nil))) == "rule 1: sni must be a name, or *. and the end of one: \(host)")
    }
    #expect(problem(rule(.any, key: .host)) == "rule 1: there is no host in what it matches")
    #expect(problem(rule(.http(method: nil, host: nil, path: nil), key: .serverName)) == "rule 1: there is no sni in what it matches")
    #expect(problem(RuleSettings(match: .any, verdict: .group(256))) == "rule 1: there is no group 256: groups are 0 to 255")
    #expect(problem(RuleSettings(match: .any, verdict: .target(-1))) == "rule 1: there is no target -1: targets are 0 to 65535")
    #expect(problem(rule(.http(method: "GET", host: "*.a.", path: "/"), key: .path)) == nil)
  }

  @Test func thereAreAtMost255() throws {
    let many =
      [RuleSettings](repeating: RuleSettings(match: .prefix([1]), verdict: .reset), count: 254) + [
        RuleSettings(match: .any, verdict: .reset)
      ]
    let rules = try Rules(many)
    #expect(rules.decide([2]) == .reset(rule: 254))
    #expect(throws: RuleError(rule: 0, text: "there are 256 rules: at most 255 are possible")) { try RuleSet(many + many.prefix(1)) }
  }

  @Test func hexadecimalText() {
    #expect(RuleSettings.octets(hexadecimal: "16 03:01ff") == [0x16, 3, 1, 0xff])
    #expect(RuleSettings.octets(hexadecimal: "") == [])
    for text in ["1", "1 6", "xy", "12 3", "１２"] { #expect(RuleSettings.octets(hexadecimal: text) == nil) }
  }
}

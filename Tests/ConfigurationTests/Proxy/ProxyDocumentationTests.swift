import Configuration
import Foundation
import TCPEngine
import Testing

@Suite struct ProxyDocumentationTests {
  private func load(_ example: String) throws -> ProxySettings {
    let settings = try ProxyConfiguration.load(file: Repository.root.appendingPathComponent("Examples/proxy-\(example).toml").path)
    #expect(try ProxyConfiguration.parse(ProxyConfiguration.effective(settings), name: "effective") == settings)
    return settings
  }

  @Test func examplesSetWhatTheyAreNamedFor() throws {
    let http = try load("http")
    #expect(http.rules.map(\.match).contains(.http(method: nil, host: "api.example.net", path: nil)))
    #expect(http.rules[1].key == .path && http.servers.groups[1].algorithm == .consistentHash)
    let ldap = try load("ldap")
    #expect(ldap.listeningPorts == [389...389] && ldap.servers.targets.map(\.port) == [389, 389, 389])
    #expect(ldap.rules.map(\.match).contains(.ldapBind(dn: "ou=devices,dc=example,dc=org")))
    #expect(try load("immediate").parameters.isImmediate)
    let memif = try load("memif")
    #expect(memif.isSplit && memif.ports.allSatisfy { $0.vdev != nil })
  }

  @Test func everyExampleIsTried() throws {
    #expect(try Repository.examples { $0.hasPrefix("proxy-") } == ["proxy-http", "proxy-immediate", "proxy-ldap", "proxy-memif"])
  }

  @Test func theTableOfKeysIsCurrent() throws {
    #expect(try Repository.text("Documentation/ProxyConfiguration.md").contains("\n\n" + ProxyKey.markdownTable + "\n"))
  }

  @Test func keysAndFlagsAreUnique() {
    let paths = ProxyKey.all.map(\.path)
    let flags = ProxyKey.all.flatMap(\.flags) + [Override.targetFlag]
    #expect(Set(paths).count == paths.count)
    #expect(Set(flags).count == flags.count)
    #expect(ProxyKey.all.allSatisfy { !$0.flags.isEmpty })
  }
}

import Configuration
import TCPEngine
import Testing

@Suite struct ProxySettingsTests {
  private func parse(_ text: String, _ overrides: [(String, String)] = []) throws -> ProxySettings {
    try ProxyConfiguration.parse(text, name: "proxy.toml", overrides: overrides.map { Override($0.0, $0.1) })
  }

  @Test func defaults() throws {
    let settings = try parse(ProxyFile.port + ProxyFile.targets)
    var expected = ProxySettings()
    expected.ports[0].interface = "veth0"
    expected.ports[0].prefixLength = 24
    let own = IPv4Address(0x0a00_0001)
    expected.ports[0].clients = [AddressRange(first: own, last: own)]
    expected.servers.targets = [
      ServerTarget(name: "a", address: 0x0a00_0002, port: 80), ServerTarget(name: "b", address: 0x0a00_0003, port: 80),
    ]
    expected.servers.groups = [ServerGroupSettings(name: "all", algorithm: .roundRobin, targets: [0, 1])]
    expected.serverMACs = [nil, nil]
    expected.defaultGroup = 0
    #expect(settings == expected)
  }

  @Test func namesBecomeNumbers() throws {
    let settings = try parse(
      ProxyFile.port + ProxyFile.targets + ProxyFile.groups + "[engine]\ndefault_group = \"api\"\n"
        + ProxyFile.rule("host = \"a\"", "group = \"api\"") + ProxyFile.rule("prefix = \"x\"", "target = \"b\"")
        + ProxyFile.rule("match = \"ldap_starttls\"", "reset = true"))
    #expect(settings.servers.groups.map(\.targets) == [[0], [1]])
    #expect(settings.defaultGroup == 1)
    #expect(
      settings.rules == [
        RuleSettings(match: .http(method: nil, host: "a", path: nil), verdict: .group(1)),
        RuleSettings(match: .prefix([0x78]), verdict: .target(1)), RuleSettings(match: .ldapStartTLS, verdict: .reset),
      ])
  }

  @Test func theOnlyGroupIsTheDefault() throws {
    let rule = ProxyFile.rule("match = \"any\"", "target = \"a\"")
    #expect(try parse(ProxyFile.port + ProxyFile.targets + ProxyFile.group("g", "b") + rule).defaultGroup == 0)
    #expect(try parse(ProxyFile.port + ProxyFile.targets + ProxyFile.groups + rule).defaultGroup == nil)
  }

  @Test func aTargetsPortIsTheFirstListeningOne() throws {
    let file = "[engine]\nport = \"389,636\"\n" + ProxyFile.port + ProxyFile.targets + ProxyFile.target("c", "10.0.0.4", "port = 1389")
    #expect(try parse(file).servers.targets.map(\.port) == [389, 389, 1_389])
  }

  @Test func serversAreConnectedFromTheSecondPort() throws {
    let settings = try parse(ProxyFile.twoPorts("addresses = \"10.9.0.7\"") + ProxyFile.targets)
    #expect(settings.ports.map(\.clients) == [[], [AddressRange(first: settings.ports[1].address, last: settings.ports[1].address)]])
    #expect(settings.ports.map(\.servers.count) == [1, 0])
  }

  /// As with flow_steering "Ip" each worker answers to an address.
  @Test func workersHaveSourcesOfTheirOwn() throws {
    let file = "cores = [0, 1]\n" + ProxyFile.port + "flow_steering = \"Ip\"\npool_size = 10_000\n" + ProxyFile.target("a", "10.0.0.9")
    #expect(try parse(file).ports[0].clients == [AddressRange(first: IPv4Address(0x0a00_0001), last: IPv4Address(0x0a00_0002))])
  }

  @Test func segmentsAreAsLongAsTheWireTakes() throws {
    #expect(try parse(ProxyFile.port + "mtu = 9_000\n" + ProxyFile.targets).parameters.maximumSegmentSize == 8_960)
    #expect(try parse(ProxyFile.port + ProxyFile.targets).parameters.maximumSegmentSize == 1_460)
    #expect(try parse(ProxyFile.port + ProxyFile.targets + "[engine]\nmss = 536").parameters.maximumSegmentSize == 536)
  }

  @Test func flagsGoBeforeTheFile() throws {
    let settings = try parse(
      ProxyFile.twoPorts() + ProxyFile.targets + "[engine]\nmax_open = 7\nretries = 3",
      [
        ("--max-open", "1_000"), ("--port", "8080,9000-9009"), ("--mode", "immediate"), ("--duration", "2m"),
        ("--timeouts-connect", "250"), ("--max-fails", "0"), ("--json", "-"), ("--rxd", "512"), ("--target", "10.0.0.7"),
        ("--target", "10.0.0.8:81"),
      ])
    #expect(settings.maxOpen == 1_000 && settings.parameters.retries == 3)
    #expect(settings.listeningPorts == [8_080...8_080, 9_000...9_009])
    #expect(settings.parameters.isImmediate && settings.duration == 120_000_000_000)
    #expect(settings.parameters.connectTimeout == 250 && settings.servers.health.maximumFails == 0)
    #expect(settings.output.json == "-")
    #expect(settings.ports.map(\.receiveDescriptors) == [512, 512])
    #expect(settings.servers.targets.map(\.name) == ["10.0.0.7", "10.0.0.8:81"])
    #expect(settings.servers.targets.map(\.port) == [8_080, 81])
  }

  @Test func noFileIsNeeded() throws {
    let overrides = [Override("--interface", "veth0"), Override("--ipnet", "10.0.0.1/24"), Override("--target", "10.0.0.2:80")]
    #expect(try ProxyConfiguration.load(file: nil, overrides: overrides).servers.groups.map(\.name) == ["all"])
  }

  @Test(arguments: [
    BrokenFlags([], "command line: targets has no entry, so there is no server: add a [[targets]] or give --target"),
    BrokenFlags(
      [("--target", "10.0.0.2")],
      "command line: ports has no device, and there is nobody to speak to without one: set ports.interface, ports.vdev or ports.pci"),
    BrokenFlags(
      [("--target", "web")],
      "--target: 'web' is given, a unicast IPv4 address, with or without a TCP port (such as 10.0.0.1:80) is needed"),
    BrokenFlags([("--target", "10.0.0.2"), ("--target", "10.0.0.2")], "--target: '10.0.0.2' is given twice, give it once"),
    BrokenFlags([("--mode", "lazy")], "--mode: 'lazy' is given, \"delayed\" or \"immediate\" is needed"),
    BrokenFlags([("--modes", "lazy")], "--modes: is not a known flag, did you mean '--mode'?"),
    BrokenFlags([("--workload", "http")], "--workload: is not a known flag, remove it"),
    BrokenFlags([("--max-open", "--mode")], "--max-open: its value is missing before '--mode', add it"),
    BrokenFlags([("--sack", "true"), ("--sack", "false")], "--sack: is given as true and as false, give it once"),
  ])
  func brokenFlagsAreAnsweredInOneSentence(broken: BrokenFlags) {
    let error = #expect(throws: ConfigurationError.self) { try ProxyConfiguration.load(file: nil, overrides: broken.overrides) }
    #expect(error?.description == broken.sentence)
  }
}

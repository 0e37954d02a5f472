import Configuration
import TCPEngine
import Testing

@Suite struct ProxyEffectiveTests {
  private func readBack(_ settings: ProxySettings) throws -> ProxySettings {
    try ProxyConfiguration.parse(ProxyConfiguration.effective(settings), name: "effective")
  }

  @Test func defaultsAreReadBack() throws {
    let settings = try ProxyConfiguration.parse(ProxyFile.port + ProxyFile.targets, name: "proxy.toml")
    #expect(try readBack(settings) == settings)
  }

  /// A value other than the default for every key: each must come back.
  @Test func everyKeyIsReadBack() throws {
    let settings = try ProxyConfiguration.parse(Self.unusual, name: "unusual.toml")
    #expect(try readBack(settings) == settings)
    let simple = try ProxyConfiguration.parse(ProxyFile.twoPorts() + ProxyFile.targets + ProxyFile.group("g", "a"), name: "proxy.toml")
    let unchanged = Set(ProxyConfiguration.effective(simple).split(separator: "\n")).intersection(
      ProxyConfiguration.effective(settings).split(separator: "\n"))
    let keys = unchanged.filter {
      $0.contains("=") && !$0.hasPrefix("#") && !$0.hasPrefix("sources = []") && !$0.hasPrefix("addresses = []")
    }
    #expect(keys.isEmpty, "not tried with another value: \(keys)")
    let untried = ProxyKey.all.filter { key in !"\n\(Self.unusual)".contains("\n\(key.name) = ") }.map(\.path)
    #expect(untried == ["ports.pci"])
  }

  @Test func everyKindOfRuleIsReadBack() throws {
    let matches: [RuleSettings.Match] = [
      .prefix(Array("a\"b\\".utf8)), .prefix([0x16, 0x03, 0xff]), .prefix([0]), .http(method: nil, host: nil, path: "/x"),
      .http(method: "GET", host: "*.a.org", path: "/"),
      .http(method: nil, host: "[2001:db8::1]", path: nil), .http(method: nil, host: nil, path: nil), .tls(serverName: "a", alpn: "h2"),
      .tls(serverName: nil, alpn: nil), .ldapBind(dn: "cn=a,dc=b"), .ldapBind(dn: nil), .ldapSearch(base: "dc=b"),
      .ldapSearch(base: nil), .ldapStartTLS, .any,
    ]
    var settings = try ProxyConfiguration.parse(ProxyFile.port + ProxyFile.targets, name: "proxy.toml")
    settings.rules = matches.enumerated().map { index, match in
      RuleSettings(match: match, verdict: index % 3 == 0 ? .group(0) : index % 3 == 1 ? .target(1) : .reset)
    }
    #expect(try readBack(settings) == settings)
  }

  @Test func everyLineSaysUnitAndRange() throws {
    let text = ProxyConfiguration.effective(try ProxyConfiguration.parse(ProxyFile.port + ProxyFile.targets, name: "proxy.toml"))
    #expect(text.contains("\nestablished = 7440000  # ms, from 1 to 86,400,000\n"))
    #expect(text.contains("\ndefault_group = \"all\"  # a name\n"))
    #expect(text.contains("\n# seed: random; from 0 to 9,223,372,036,854,775,807\n"))
    #expect(text.contains("\nsources = \"10.0.0.1\"  # "))
    #expect(text.contains("\n[[groups]]\nname = \"all\"\nalgorithm = \"round_robin\"\ntargets = [\"a\", \"b\"]\ntable_size = 65537\n"))
  }

  static let unusual = """
    cores = [3]
    [[ports]]
    interface = "veth7"
    driver = "af_packet"
    rxd = 64
    txd = 128
    pool_size = 9000
    cache_size = 0
    mtu = 4000
    vlan = 6
    kernel_interface = "k0"
    namespace = "n0"
    checksum = true
    dst_port_mask = 0x0ff0
    flow_steering = "Ip"
    mac = "02:aa:bb:cc:dd:ee"
    ipnet = "192.168.1.1/24"
    gateway = "192.168.1.254"
    addresses = ["192.168.1.20-192.168.1.29", "192.168.1.40"]
    [[ports]]
    vdev = "net_memif0,role=client"
    driver = "af_xdp"
    rxd = 128
    txd = 64
    mbuf_cnt = 9001
    cache_size = 1
    mtu = 4000
    vlan = 7
    kernel_interface = "k1"
    namespace = "n1"
    checksum = true
    dst_port_mask = 0xff00
    flow_steering = "Ip"
    linux_if = "eth0"
    ipnet = "10.0.0.7/16"
    gateway = "10.0.0.254"
    sources = ["10.0.0.7", "10.1.0.8-10.1.0.9"]
    [engine]
    port = "80,443,8000-8009"
    mode = "immediate"
    default_group = "b"
    max_open = 1000
    linger_pool = 16
    request_limit = 70000
    duration = "1500ms"
    detailed_records = true
    seed = 9223372036854775807
    mss = 536
    window_scale = 3
    sack = false
    timestamps = "always"
    rto_initial = 300
    retries = 2
    [engine.timeouts]
    handshake = 1000
    request = 1001
    server_first = 500
    connect = 3
    established = 4
    closing = 5
    linger = 6
    [[targets]]
    id = "a \\"b\\""
    ip = "10.0.0.20"
    mac = "02:00:00:00:00:02"
    port = 443
    weight = 7
    max_connections = 5
    [[targets]]
    id = "c"
    ip = "192.0.2.1"
    port = 8080
    weight = 2
    max_connections = 1
    [[groups]]
    name = "a"
    algorithm = "consistent_hash"
    table_size = 251
    targets = ["c", "a \\"b\\""]
    [[groups]]
    name = "b"
    algorithm = "least_connections"
    table_size = 1000
    targets = ["c"]
    [health]
    max_fails = 1
    fail_timeout = 2
    [output]
    json = "-"
    pcap = "a\\tb.pcap"
    records_file = "r"
    records_sample = 9
    pcap_count = 10
    """
}

import Configuration
import TCPEngine
import Testing

@Suite struct EffectiveConfigurationTests {
  /// Nobody says how many clients a server role alone will have, unless it is said.
  @Test func aServerRoleAloneHasRoomForMany() throws {
    let alone = "[[ports]]\ninterface = \"eth0\"\nipnet = \"10.0.0.1/24\"\n"
    #expect(try Configuration.parse(alone, name: "a.toml").engine.maxOpen == 65_536)
    for limit in [256, 1_000] {
      #expect(try Configuration.parse(alone + "[engine]\nmax_open = \(limit)\n", name: "a.toml").engine.maxOpen == limit)
    }
    let target = "[[targets]]\nid = \"a\"\nip = \"10.0.0.2\"\n"
    #expect(try Configuration.parse(alone + target, name: "a.toml").engine.maxOpen == 256)
  }

  @Test func defaultsAreThoseOfTheSettings() throws {
    var expected = TrafficSettings()
    expected.engine.port = 4000
    expected.engine.mss = 1460
    expected.targets = [Target(id: "self", address: expected.port.address, port: expected.engine.port)]
    expected.engine.openLimit = expected.engine.maxOpen
    #expect(try Configuration.load(file: nil) == expected)
    #expect(try Configuration.parse("", name: "empty.toml") == expected)
  }

  @Test func isReadBackEqual() throws {
    let settings = try Configuration.load(file: nil)
    #expect(try Configuration.parse(Configuration.effective(settings), name: "effective") == settings)
  }

  /// A value other than the default for every key (but window_scale, which the large window needs): each must come back.
  @Test func everyKeyIsReadBack() throws {
    var unchanged = Set(Configuration.effective(try Configuration.load(file: nil)).split(separator: "\n"))
    for (keys, section) in [
      (Self.unusualExchange, ""), ("workload = \"http\"\nthink_time = 2", Self.unusualHTTP), ("workload = \"bulk\"", Self.unusualBulk),
    ] {
      let text = Self.unusual.replacing("[engine]\n", with: "[engine]\n\(keys)\n") + "\n" + section
      let settings = try Configuration.parse(text, name: "unusual.toml")
      #expect(try Configuration.parse(Configuration.effective(settings), name: "effective") == settings)
      unchanged.formIntersection(Configuration.effective(settings).split(separator: "\n"))
    }
    let keysOfDefaults = unchanged.filter { $0.contains("=") && !$0.hasPrefix("#") && !$0.hasPrefix("window_scale") }
    #expect(keysOfDefaults.isEmpty, "not tried with another value: \(keysOfDefaults)")
  }

  @Test func everyLineSaysUnitAndRange() throws {
    let text = Configuration.effective(try Configuration.load(file: nil))
    #expect(text.contains("\ncps_limit = 0  # connections/s, from 0 to 100,000,000\n"))
    #expect(text.contains("\n# seed: random; from 0 to 9,223,372,036,854,775,807\n"))
    #expect(text.contains("\ndst_port_mask = 0xe000  # a mask of adjacent bits (such as 0xe000)\n"))
  }

  static let unusualExchange = """
    fin_by_client = 2
    fin_by_server = 3
    payload_size = 100
    response_size = 0
    """

  static let unusualHTTP = """
    [http]
    method = "POST"
    path = "/a?b=c"
    host = "example.net"
    headers = ["A: b", "C: \\"d\\""]
    requests = 9
    request_body_size = 3
    accept_any_status = true
    body_size = 5
    chunk_size = 2

    """

  static let unusualBulk = """
    [bulk]
    direction = "down"
    size = 123

    """

  static let unusual = """
    cores = [3]
    test_size = 7
    [[ports]]
    kind = "memory"
    driver = "af_packet"
    rxd = 64
    txd = 128
    mbuf_cnt = 9000
    cache_size = 0
    checksum = true
    mtu = 4000
    vlan = 5
    dst_port_mask = "0x0ff0"
    flow_steering = "Ip"
    mac = "02:aa:bb:cc:dd:ee"
    ipnet = "192.168.1.1/24"
    clients = ["192.168.1.2-192.168.1.9", "172.16.0.1"]
    servers = ["192.168.1.20-192.168.1.29", "192.168.1.40"]
    [engine]
    port = "80,443,8000-8009"
    cps_limit = 50000
    max_open = 1000
    detailed_records = true
    duration = "1500ms"
    ramp = 0.000_25
    seed = 9223372036854775807
    time_wait_pool = 16
    mss = 536
    window = 1048576
    window_scale = true
    sack = false
    timestamps = true
    rto_min = 100
    rto_initial = 300
    syn_retries = 1
    data_retries = 2
    congestion_control = "reno"
    recovery_pool = 77
    delayed_ack = 40
    [engine.timeouts]
    syn_sent = 1
    syn_received = 2
    established = 3
    closing = 4
    time_wait = 5
    keepalive = 7000
    [[targets]]
    id = "a \\"b\\""
    ip = "192.168.1.1"
    mac = "02:00:00:00:00:02"
    port = 443
    [[targets]]
    id = "c"
    ip = "192.0.2.1"
    port = 8080
    [faults]
    loss = 0.05
    duplicate = 1
    reorder = 0.001
    delay = 0.25
    corrupt = 1e-7
    [output]
    json = "-"
    pcap = "a\\tb.pcap"
    pcap_count = 10
    records_file = "r"
    records_sample = 9
    """
}

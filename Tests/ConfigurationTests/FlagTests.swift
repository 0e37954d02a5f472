import Configuration
import TCPEngine
import Testing

/// Flags, and the sentence that answers them.
struct BrokenFlags: Sendable, CustomTestStringConvertible {
  let overrides: [Override]
  let sentence: String

  init(_ words: [(String, String)], _ sentence: String) {
    overrides = words.map { Override($0.0, $0.1) }
    self.sentence = sentence
  }

  var testDescription: String { sentence }
}

@Suite struct FlagTests {
  @Test(arguments: broken)
  func brokenOnesAreAnsweredInOneSentence(broken: BrokenFlags) {
    let error = #expect(throws: ConfigurationError.self) { try Configuration.load(file: nil, overrides: broken.overrides) }
    #expect(error?.description == broken.sentence)
  }

  static let broken = [
    BrokenFlags([("--cps-limit", "abc")], "--cps-limit: 'abc' is given, an integer from 0 to 100,000,000 (connections/s) is needed"),
    BrokenFlags([("--cps", "1e6")], "--cps: '1e6' is given, an integer from 0 to 100,000,000 (connections/s) is needed"),
    BrokenFlags([("--cps-limit", "-5")], "--cps-limit: -5 is given, an integer from 0 to 100,000,000 (connections/s) is needed"),
    BrokenFlags(
      [("--max-open", "99999999999999999999")],
      "--max-open: '99999999999999999999' is given, an integer from 1 to 50,000,000 (connections) is needed"),
    BrokenFlags([("--cps-limt", "5")], "--cps-limt: is not a known flag, did you mean '--cps-limit'?"),
    BrokenFlags([("--colour", "5")], "--colour: is not a known flag, remove it"),
    BrokenFlags([("--cps-limit", "--max-open")], "--cps-limit: its value is missing before '--max-open', add it"),
    BrokenFlags([("--sack", "config.toml")], "--sack: 'config.toml' is given, true or false is needed"),
    BrokenFlags([("--sack", "true"), ("--sack", "false")], "--sack: is given as true and as false, give it once"),
    BrokenFlags(
      [("--port", "tap")], "--port: 'tap' is given, a kind of port ('ring', 'memory') or \(tcpPorts) is needed"),
    BrokenFlags(
      [("--port", "70000")], "--port: 70000 is given, a kind of port ('ring', 'memory') or \(tcpPorts) is needed"),
    BrokenFlags([("--kind", "tap")], "--kind: 'tap' is given, \"ring\" or \"memory\" is needed"),
    BrokenFlags([("--loss", "inf")], "--loss: 'inf' is given, a number from 0 to 1 is needed"),
    BrokenFlags([("--loss", "5%")], "--loss: '5%' is given, a number from 0 to 1 is needed"),
    BrokenFlags(
      [("--duration", "10x")], "--duration: '10x' is given, a time from 0 to 31,536,000 s (such as 10, \"500ms\" or \"2m\") is needed"),
    BrokenFlags(
      [("--cores", "0,")], "--cores: '0,' is given, a list of different core numbers from 0 to 1,023 (such as 0,1) is needed"),
    BrokenFlags([("--rxd", "0")], "--rxd: 0 is given, a power of two from 64 to 32,768 (frames) is needed"),
    BrokenFlags([("--dst-port-mask", "0x")], "--dst-port-mask: '0x' is given, a mask of adjacent bits (such as 0xe000) is needed"),
    BrokenFlags(
      [("--target", "10.0.0.1:")],
      "--target: '10.0.0.1:' is given, a unicast IPv4 address, with or without a TCP port (such as 10.0.0.1:80) is needed"),
    BrokenFlags([("--workload", "ftp")], "--workload: 'ftp' is given, \"exchange\" or \"http\" or \"bulk\" is needed"),
    BrokenFlags([("--path", "index.html")], "--path: 'index.html' is given, a path (such as /index.html) is needed"),
    BrokenFlags([("--method", "get")], "--method: 'get' is given, a method (such as GET) is needed"),
    BrokenFlags(
      [("--headers", "Accept")], "--headers: 'Accept' is given, a list of fields (such as \"Accept: text/html\") is needed"),
    BrokenFlags(
      [("--host", "a:99999")], "--host: 'a:99999' is given, a host, with or without a port (such as example.net:8080) is needed"),
    BrokenFlags(
      [("--headers", "A(b): c")], "--headers: 'A(b): c' is given, a list of fields (such as \"Accept: text/html\") is needed"),
    BrokenFlags(
      [("--headers", "A: b\r\nC: d")], "--headers: 'A: b\\r\\nC: d' is given, a list of fields (such as \"Accept: text/html\") is needed"),
    BrokenFlags(
      [("--workload", "http"), ("--headers", "HOST: a")],
      "command line: http.headers has 'HOST', a field that this program writes itself: set http.host"),
    BrokenFlags(
      [("--path", "/a")],
      "command line: http.path is \"/a\", but engine.workload is \"exchange\": set engine.workload to \"http\" or leave http.path out"),
    BrokenFlags(
      [("--workload", "http"), ("--payload-size", "5")],
      "command line: engine.payload_size is 5, but engine.workload is \"http\": set engine.workload to \"exchange\" or leave "
        + "engine.payload_size out"),
    BrokenFlags(
      [("--workload", "bulk"), ("--bulk-size", "9"), ("--think-time", "100")],
      "command line: engine.think_time is 100, but engine.workload is \"bulk\": set engine.workload to \"exchange\" or leave "
        + "engine.think_time out"),
    BrokenFlags(
      [("--workload", "bulk")],
      "command line: bulk.size and engine.duration are both 0, so no connection would ever end: set one of them"),
    BrokenFlags(
      [("--workload", "http"), ("--requests", "0")],
      "command line: http.requests and engine.duration are both 0, so no connection would ever end: set one of them"),
    BrokenFlags(
      [("--workload", "http"), ("--body-size", "2_000_000_000"), ("--chunk-size", "1")],
      "command line: http.chunk_size is 1, with which a body of http.body_size takes 12000000005 octets, more than 2,147,483,647: "
        + "raise the one or lower the other"),
    BrokenFlags(
      [("--think-time", "200000")],
      "command line: engine.think_time is 200000 ms, but engine.timeouts.established ends a connection after 200000 ms of silence: "
        + "lower the one or raise the other"),
    BrokenFlags(
      [("--target", "10.0.0.1:80"), ("--target", "10.0.0.1:80")], "--target: '10.0.0.1:80' is given twice, give it once"),
    BrokenFlags([("--json", "")], "--json: '' is given, the name of a file is needed"),
    BrokenFlags(
      [("--ramp", "2s")],
      "command line: engine.ramp is set, but engine.cps_limit is 0: "
        + "set engine.cps_limit to the rate to reach, or leave engine.ramp out"),
    BrokenFlags(
      [("--port", "memory"), ("--test-size", "0")],
      "command line: ports.kind is \"memory\" and both test_size and engine.duration are 0, so the run would never end: "
        + "set one of them"),
  ]

  @Test func portsFollowTheWorkload() throws {
    func load(_ words: [(String, String)]) throws -> TrafficSettings {
      try Configuration.load(file: nil, overrides: words.map { Override($0.0, $0.1) })
    }
    let http = try load([("--workload", "http"), ("--target", "192.0.2.1"), ("--target", "192.0.2.2:81")])
    #expect(http.engine.port == 80 && http.targets.map(\.port) == [80, 81])
    #expect(try load([("--workload", "http")]).targets.map(\.port) == [80])
    #expect(try load([("--workload", "http"), ("--port", "4000")]).engine.port == 4000)
    let exchange = try load([("--target", "192.0.2.1")])
    #expect(exchange.engine.port == 4000 && exchange.targets.map(\.port) == [4000])
  }

  @Test func fieldsAreCollected() throws {
    let overrides = [Override("--workload", "http"), Override("--headers", "A: 1"), Override("--headers", "B: 2")]
    #expect(try Configuration.load(file: nil, overrides: overrides).http.headers == ["A: 1", "B: 2"])
    let file = "[engine]\nworkload = \"http\"\n[http]\nheaders = [\"C: 3\"]"
    #expect(try Configuration.parse(file, name: "a.toml").http.headers == ["C: 3"])
    #expect(try Configuration.parse(file, name: "a.toml", overrides: overrides).http.headers == ["A: 1", "B: 2"])
  }

  @Test func flagsGoBeforeTheFile() throws {
    let file = """
      test_size = 5
      [engine]
      cps_limit = 7
      timeouts.established = 9
      [[targets]]
      id = "a"
      ip = "192.0.2.1"
      port = 80
      """
    let settings = try Configuration.parse(
      file, name: "run.toml",
      overrides: [
        Override("--cps", "1_000"), Override("--timeouts-established", "11"), Override("--target", "192.0.2.7:81"),
        Override("--cores", "0,1"), Override("--mbuf-cnt", "16384"),
      ])
    #expect(settings.testSize == 5)
    #expect(settings.engine.cpsLimit == 1_000)
    #expect(settings.engine.tcp.establishedTimeout == 11)
    #expect(settings.targets == [Target(id: "192.0.2.7:81", address: IPv4Address(0xc000_0207), port: 81)])
    #expect(settings.cores == [0, 1])
    #expect(settings.port.poolSize == 16_384)
  }

  @Test func portTakesAKindAndANumber() throws {
    let settings = try Configuration.load(file: nil, overrides: [Override("--port", "memory"), Override("--port", "8080")])
    #expect(settings.port.kind == .memory)
    #expect(settings.engine.port == 8_080)
    #expect(settings.targets.map(\.port) == [8_080])
    #expect(try Configuration.load(file: nil, overrides: [Override("--kind", "memory")]).port.kind == .memory)
  }

  @Test(arguments: [
    ("10", 10_000_000_000), ("10s", 10_000_000_000), ("500ms", 500_000_000), ("2m", 120_000_000_000), ("0.5", 500_000_000),
    ("1h", 3_600_000_000_000), ("250us", 250_000), ("7ns", 7),
  ])
  func durationsHaveUnits(text: String, nanoseconds: UInt64) throws {
    #expect(try Configuration.load(file: nil, overrides: [Override("--duration", text)]).engine.duration == nanoseconds)
  }
}

/// What `engine.port` takes, in words.
let tcpPorts =
  "a TCP port from 0 to 65,535, or a list of ports and ranges from 1 on (such as 80,8080,9000-9009), each port once"

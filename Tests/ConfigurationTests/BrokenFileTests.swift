import Configuration
import Testing

/// A document, and the sentence that answers it.
struct BrokenFile: Sendable, CustomTestStringConvertible {
  let text: String
  let sentence: String

  init(_ text: String, _ sentence: String) {
    self.text = text
    self.sentence = sentence
  }

  var testDescription: String { sentence }
}

@Suite struct BrokenFileTests {
  @Test(arguments: names + types + ranges + addresses + tables)
  func isAnsweredInOneSentence(broken: BrokenFile) {
    let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(broken.text, name: "run.toml") }
    #expect(error?.description == "run.toml: " + broken.sentence)
  }

  static let names = [
    BrokenFile(
      "[engine]\nworkload = \"a\\tb\\u009f\"", "engine.workload is 'a\\tb\\u009f', \"exchange\" or \"http\" or \"bulk\" is needed"),
    BrokenFile(
      "[engine]\nworkload = \"\(String(repeating: "é", count: 500))\"",
      "engine.workload is '\(String(repeating: "é", count: 99))...', \"exchange\" or \"http\" or \"bulk\" is needed"),
    BrokenFile(
      "\(String(repeating: "a", count: 5_000)) = 1", "\(String(repeating: "a", count: 100))... is not a known key, remove it"),
    BrokenFile("[engine]\ncps_limt = 5", "engine.cps_limt is not a known key, did you mean 'cps_limit'?"),
    BrokenFile("[engine]\ncps = 5", "engine.cps is not a known key, did you mean 'cps_limit'?"),
    BrokenFile("cps_limit = 5", "cps_limit is not a known key, did you mean 'engine.cps_limit'?"),
    BrokenFile("[engin]\nport = 80", "engin is not a known key, did you mean 'engine'?"),
    BrokenFile("[engine.timeout]\nclosing = 80", "engine.timeout is not a known key, did you mean 'timeouts'?"),
    BrokenFile("[engine.timeouts]\nclosed = 80", "engine.timeouts.closed is not a known key, remove it"),
    BrokenFile("[engine]\ncolour = 1", "engine.colour is not a known key, remove it"),
    BrokenFile("[[ports]]\nrx = 64", "ports.rx is not a known key, did you mean 'rxd'?"),
    BrokenFile(
      "[[targets]]\nid = \"a\"\nip = \"10.0.0.1\"\nport = 80\nname = \"b\"", "targets[0].name is not a known key, remove it"),
    BrokenFile("[[targets]]\nid = \"a\"\nipp = \"10.0.0.1\"", "targets[0].ipp is not a known key, did you mean 'ip'?"),
    BrokenFile("\"test_size\\u0000\" = 1", "test_size\\u0000 is not a known key, did you mean 'test_size'?"),
    BrokenFile("[[ports]]\npool_size = 8192\nmbuf_cnt = 8192", "ports.pool_size and ports.mbuf_cnt are one key, leave one out"),
  ]

  static let types = [
    BrokenFile("[engine]\ncps_limit = \"5\"", "engine.cps_limit is a string, an integer is needed"),
    BrokenFile("[engine]\ncps_limit = 5.0", "engine.cps_limit is a floating-point number, an integer is needed"),
    BrokenFile("[engine]\nmax_open = 2024-01-01", "engine.max_open is a date or time, an integer is needed"),
    BrokenFile("[engine]\nsack = 1", "engine.sack is an integer, true or false is needed"),
    BrokenFile("[[ports]]\nmac = 5", "ports.mac is an integer, a string is needed"),
    BrokenFile("cores = 0", "cores is an integer, an array of integers is needed"),
    BrokenFile(
      "cores = [0, \"1\"]",
      "cores is an array with a string in it, a list of different core numbers from 0 to 1,023 (such as 0,1) is needed"),
    BrokenFile("[[ports]]\nclients = 5", "ports.clients is an integer, a string or an array of strings is needed"),
    BrokenFile(
      "[[ports]]\nclients = [5]", "ports.clients is an array with an integer in it, a string or an array of strings is needed"),
    BrokenFile("[[ports]]\ndst_port_mask = true", "ports.dst_port_mask is a boolean, an integer or a string is needed"),
    BrokenFile("[engine]\nduration = true", "engine.duration is a boolean, a number of seconds or a string such as \"500ms\" is needed"),
    BrokenFile("[faults]\nloss = \"0.1\"", "faults.loss is a string, a number is needed"),
    BrokenFile("[output]\njson = true", "output.json is a boolean, a string is needed"),
    BrokenFile("engine = 5", "engine is an integer, a table ([engine]) is needed"),
    BrokenFile("[ports]\nrxd = 64", "ports is a table, an array of tables ([[ports]]) is needed"),
    BrokenFile("targets = [1]", "targets is an array with an integer in it, an array of tables ([[targets]]) is needed"),
  ]

  static let ranges = [
    BrokenFile("test_size = -1", "test_size is -1, an integer from 0 to 1,000,000,000,000 (connections) is needed"),
    BrokenFile("[engine]\ncps_limit = -5", "engine.cps_limit is -5, an integer from 0 to 100,000,000 (connections/s) is needed"),
    BrokenFile("[engine]\nport = 65536", "engine.port is 65536, \(tcpPorts) is needed"),
    BrokenFile("[engine]\nport = \"80,8080-\"", "engine.port is '80,8080-', \(tcpPorts) is needed"),
    BrokenFile("[engine]\nport = \"80-90,85\"", "engine.port is '80-90,85', \(tcpPorts) is needed"),
    BrokenFile("[engine]\nport = \"0,80\"", "engine.port is '0,80', \(tcpPorts) is needed"),
    BrokenFile("[engine]\nmax_open = 0", "engine.max_open is 0, an integer from 1 to 50,000,000 (connections) is needed"),
    BrokenFile(
      "[engine.timeouts]\ntime_wait = 0", "engine.timeouts.time_wait is 0, an integer from 1 to 86,400,000 (ms) is needed"),
    BrokenFile("[[ports]]\nrxd = 1000", "ports.rxd is 1000, a power of two from 64 to 32,768 (frames) is needed"),
    BrokenFile("[[ports]]\ntxd = -2147483648", "ports.txd is -2147483648, a power of two from 64 to 32,768 (frames) is needed"),
    BrokenFile(
      "[[ports]]\ndst_port_mask = \"0xa000\"", "ports.dst_port_mask is 0xa000, a mask of adjacent bits (such as 0xe000) is needed"),
    BrokenFile("[[ports]]\ndst_port_mask = 0", "ports.dst_port_mask is 0x0, a mask of adjacent bits (such as 0xe000) is needed"),
    BrokenFile(
      "[[ports]]\ndst_port_mask = \"high\"", "ports.dst_port_mask is 'high', a mask of adjacent bits (such as 0xe000) is needed"),
    BrokenFile("[faults]\nloss = 1.5", "faults.loss is 1.5, a number from 0 to 1 is needed"),
    BrokenFile("[faults]\nloss = nan", "faults.loss is nan, a number from 0 to 1 is needed"),
    BrokenFile(
      "[engine]\nduration = \"10 days\"",
      "engine.duration is '10 days', a time from 0 to 31,536,000 s (such as 10, \"500ms\" or \"2m\") is needed"),
    BrokenFile(
      "[engine]\nduration = -1", "engine.duration is -1, a time from 0 to 31,536,000 s (such as 10, \"500ms\" or \"2m\") is needed"),
    BrokenFile("[[ports]]\nkind = \"rings\"", "ports.kind is 'rings', \"ring\" or \"memory\" is needed"),
    BrokenFile("[[ports]]\nflow_steering = \"port\"", "ports.flow_steering is 'port', \"Port\" or \"Ip\" is needed"),
    BrokenFile(
      "cores = [1, 1]", "cores is [1, 1], a list of different core numbers from 0 to 1,023 (such as 0,1) is needed"),
    BrokenFile("[output]\npcap = \"\"", "output.pcap is '', the name of a file is needed"),
    BrokenFile("[output]\npcap = \"a\\U00000000\"", "has \\U00000000 in it, a zero octet that no string may have, remove it"),
  ]

  static let addresses = [
    BrokenFile(
      "[[ports]]\nmac = \"02:00:00:00:00\"",
      "ports.mac is '02:00:00:00:00', a unicast MAC address (such as 02:00:00:00:00:01) is needed"),
    BrokenFile(
      "[[ports]]\nmac = \"ff:ff:ff:ff:ff:ff\"",
      "ports.mac is 'ff:ff:ff:ff:ff:ff', a unicast MAC address (such as 02:00:00:00:00:01) is needed"),
    BrokenFile(
      "[[ports]]\nipnet = \"10.0.0.1\"",
      "ports.ipnet is '10.0.0.1', a host's IPv4 address with a prefix length from 8 to 30 (such as 10.0.0.1/16) is needed"),
    BrokenFile(
      "[[ports]]\nipnet = \"10.0.0.0/16\"",
      "ports.ipnet is '10.0.0.0/16', a host's IPv4 address with a prefix length from 8 to 30 (such as 10.0.0.1/16) is needed"),
    BrokenFile(
      "[[ports]]\nclients = \"10.0.0.9-10.0.0.2\"",
      "ports.clients is '10.0.0.9-10.0.0.2', "
        + "a list of unicast IPv4 addresses or ranges (such as 10.0.0.2-10.0.15.254), each address once is needed"),
    BrokenFile(
      "[[ports]]\nclients = [\"10.0.0.2-10.0.0.9\", \"10.0.0.9\"]",
      "ports.clients is '10.0.0.9', "
        + "a list of unicast IPv4 addresses or ranges (such as 10.0.0.2-10.0.15.254), each address once is needed"),
    BrokenFile(
      "[[ports]]\nclients = \"126.0.0.0-128.0.0.0\"",
      "ports.clients is '126.0.0.0-128.0.0.0', "
        + "a list of unicast IPv4 addresses or ranges (such as 10.0.0.2-10.0.15.254), each address once is needed"),
    BrokenFile(
      "[[targets]]\nid = \"a\"\nip = \"10.0.0.256\"\nport = 80",
      "targets[0].ip is '10.0.0.256', a unicast IPv4 address (such as 10.0.0.1) is needed"),
  ]

  static let tables = [
    BrokenFile("test_size = 1\n[.engine]", "line 2, column 2 is not TOML (Error while parsing table header: expected a key), correct it"),
    BrokenFile("\u{feff}[.a]", "line 1, column 3 is not TOML (Error while parsing table header: expected a key), correct it"),
    BrokenFile(
      "x = 1.5\ny" + String(repeating: ".a", count: 300_000) + " = 1",
      "line 2, column 130 is not TOML (Error while parsing key: more than 64 parts), correct it"),
    BrokenFile(
      "x = { [a" + String(repeating: " . \"a\"", count: 100_000) + " = 1",
      "line 1, column 394 is not TOML (Error while parsing key: more than 64 parts), correct it"),
    BrokenFile("cores = [}", "line 1, column 10 is not TOML (Error while parsing array: expected a value or ']', saw '}'), correct it"),
    BrokenFile(
      "cores = [\n  { a = [ 1 ] }, # ]\n  '}', }",
      "line 3, column 8 is not TOML (Error while parsing array: expected a value or ']', saw '}'), correct it"),
    BrokenFile(
      "a = [ \"é\", # é\n\u{2028}1]",
      "line 2, column 1 is not TOML (Error while parsing array: expected a value or ']', saw what only strings and comments may have in them), correct it"
    ),
    BrokenFile("[a}]", "line 1, column 3 is not TOML (Error while parsing table header: expected ']', saw '}'), correct it"),
    BrokenFile("[[ é]]", "line 1, column 4 is not TOML (Error while parsing table header: expected a key), correct it"),
    BrokenFile(
      "[[a]]\n x = [\"[.\", [1, # [.\n[2]]] # [\n\t[[[b]]]",
      "line 4, column 4 is not TOML (Error while parsing table header: expected a key), correct it"),
    BrokenFile("test_size =", "line 1, column 12 is not TOML (Error while parsing key-value pair: encountered end-of-file), correct it"),
    BrokenFile(
      "test_size = 1\ntest_size = 2",
      "line 2, column 13 is not TOML (Error while parsing key-value pair: cannot redefine existing integer 'test_size'), correct it"),
    BrokenFile(
      "test_size = 99999999999999999999",
      "line 1, column 33 is not TOML "
        + "(Error while parsing decimal integer: '99999999999999999999' is not representable in 64 bits), correct it"),
    BrokenFile("[[ports]]\n[[ports]]", "ports has 2 entries, exactly one [[ports]] is needed in this version"),
    BrokenFile("ports = []", "ports has 0 entries, exactly one [[ports]] is needed in this version"),
    BrokenFile("[[targets]]\nid = \"a\"\nport = 80", "targets[0].ip is missing, a unicast IPv4 address (such as 10.0.0.1) is needed"),
    BrokenFile("[[targets]]\nip = \"10.0.0.1\"\nport = 80", "targets[0].id is missing, a name is needed"),
    BrokenFile(
      "[[targets]]\nid = \"a\"\nip = \"10.0.0.1\"\nport = 80\n[[targets]]\nid = \"a\"\nip = \"10.0.0.1\"\nport = 81",
      "targets[1].id is 'a', a name that no other target has is needed"),
    BrokenFile(
      "[[targets]]\nid = \"a\"\nip = \"10.0.0.1\"\nport = 0", "targets[0].port is 0, an integer from 1 to 65,535 is needed"),
  ]
}

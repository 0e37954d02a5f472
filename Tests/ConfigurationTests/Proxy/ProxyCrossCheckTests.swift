import Configuration
import Testing

/// A file without mistakes, which others begin with.
enum ProxyFile {
  static let port = "[[ports]]\ninterface = \"veth0\"\nipnet = \"10.0.0.1/24\"\n"
  static let targets = target("a", "10.0.0.2") + target("b", "10.0.0.3")
  static let groups = group("web", "a") + group("api", "b")

  static func target(_ id: String, _ ip: String, _ more: String = "") -> String { "[[targets]]\nid = \"\(id)\"\nip = \"\(ip)\"\n\(more)\n" }
  static func group(_ name: String, _ target: String, _ more: String = "") -> String {
    "[[groups]]\nname = \"\(name)\"\ntargets = [\"\(target)\"]\n\(more)\n"
  }
  static func rule(_ lines: String...) -> String { "[[rules]]\n" + lines.joined(separator: "\n") + "\n" }
  static func twoPorts(_ first: String = "", _ second: String = "", ipnet: String = "10.0.0.1/24") -> String {
    "[[ports]]\ninterface = \"veth1\"\nipnet = \"10.9.0.1/24\"\n\(first)\n[[ports]]\ninterface = \"veth0\"\nipnet = \"\(ipnet)\"\n\(second)\n"
  }
}

@Suite struct ProxyCrossCheckTests {
  @Test(arguments: ports + servers + rules + engine)
  func isAnsweredInOneSentence(broken: BrokenFile) {
    let error = #expect(throws: ConfigurationError.self) { try ProxyConfiguration.parse(broken.text, name: "proxy.toml") }
    #expect(error?.description == "proxy.toml: " + broken.sentence)
  }

  private typealias File = ProxyFile

  static let ports = [
    BrokenFile(
      File.targets, "ports has no device, and there is nobody to speak to without one: set ports.interface, ports.vdev or ports.pci"),
    BrokenFile(
      File.port + "[[ports]]\n" + File.targets,
      "ports[1] has no device, and there is nobody to speak to without one: set ports[1].interface, ports[1].vdev or ports[1].pci"),
    BrokenFile(
      File.port + "pci = \"0000:07:00.0\"\n" + File.targets,
      "ports.interface and ports.pci are both set, but there is one port: leave one of them out"),
    BrokenFile(
      File.twoPorts("vdev = \"net_memif0\"") + File.targets,
      "ports[0].interface and ports[0].vdev are both set, but that is one port: leave one of them out"),
    BrokenFile(
      File.port + "mac = \"02:00:00:00:00:01\"\nlinux_if = \"eth0\"\n" + File.targets,
      "ports.mac is 02:00:00:00:00:01 and ports.linux_if is 'eth0', but a port has one MAC address: leave one of them out"),
    BrokenFile(
      File.port + File.port + File.targets,
      "ports[0] and ports[1] are both 'veth0', but a device is one port: name another one, or leave one of the two ports out"),
    BrokenFile(
      File.twoPorts("sources = \"10.9.0.1\"") + File.targets,
      "ports[0].sources is set, but servers are connected from ports[1]: set it there"),
    BrokenFile(
      File.twoPorts("", "addresses = \"10.0.0.9\"") + File.targets,
      "ports[1].addresses is set, but clients are accepted at ports[0]: set it there"),
    BrokenFile(
      File.port + "addresses = \"10.0.0.1-10.0.0.9\"\n" + File.targets,
      "ports.addresses contains 10.0.0.1, which is the address of ports.ipnet anyway: leave it out"),
    BrokenFile(
      File.twoPorts(ipnet: "10.9.0.1/16") + File.targets,
      "ports[0].ipnet and ports[1].ipnet have the same address 10.9.0.1: give each port its own"),
    BrokenFile(
      File.port + "gateway = \"10.1.0.1\"\n" + File.targets,
      "ports.gateway is 10.1.0.1, which is not in the network of ports.ipnet (10.0.0.1/24): correct one of the two"),
    BrokenFile(
      File.port + "sources = [\"10.0.0.1\", \"10.1.0.1-10.1.0.9\"]\n" + File.targets,
      "ports.sources contains 10.1.0.1, which is not in the network of ports.ipnet (10.0.0.1/24), and there is no ports.gateway: "
        + "set ports.gateway, or correct one of the two"),
    BrokenFile(
      "cores = [0, 1, 2]\n" + File.port + "dst_port_mask = 0x8000\npool_size = 100_000\n" + File.targets,
      "cores has 3 workers, but ports.dst_port_mask 0x8000 tells only 2 apart: set more bits in it or name fewer cores"),
    BrokenFile(
      "cores = [0, 1, 2]\n[[ports]]\ninterface = \"veth0\"\nipnet = \"10.9.0.14/28\"\nflow_steering = \"Ip\"\n"
        + File.target("a", "10.9.0.2"),
      "with ports.flow_steering \"Ip\" the 3 workers of cores have the addresses from ports.ipnet's on, and 10.9.0.16, needed for a worker, "
        + "lies outside the port's network: choose a lower address or a shorter prefix, or name fewer cores"),
    BrokenFile(
      "cores = [0, 1]\n" + File.port + "flow_steering = \"Ip\"\nsources = \"10.0.0.1\"\n" + File.targets,
      "cores has 2 workers, but with ports.flow_steering \"Ip\" each needs an address of its own in ports.sources: "
        + "leave it out or name fewer cores"),
    BrokenFile(
      File.twoPorts("mtu = 9000", "mtu = 1400") + File.targets,
      "ports[0].mtu is 9000 and ports[1].mtu is 1400, but a segment passes through both: set both to the smaller"),
    BrokenFile(
      File.port + "kernel_interface = \"veth0\"\n" + File.targets,
      "ports.kernel_interface and ports.interface are both 'veth0': give the interface that is to be made another name"),
    BrokenFile(
      File.twoPorts("kernel_interface = \"k\"", "kernel_interface = \"k\"") + File.targets,
      "ports[0].kernel_interface and ports[1].kernel_interface are both 'k': give one of the two another name"),
    BrokenFile(
      File.twoPorts("", "namespace = \"n\"") + File.targets,
      "ports[1].namespace is 'n', but nothing is made in it: set ports[1].kernel_interface, or leave ports[1].namespace out"),
    BrokenFile(
      File.port + "mtu = 1400\n" + File.targets + "[engine]\nmss = 1460",
      "engine.mss is 1460, but ports.mtu 1400 takes segments of at most 1360 octets: lower the one or raise the other"),
    BrokenFile(
      File.port + "pool_size = 3_000\n" + File.targets,
      "ports.pool_size is 3000, but must exceed 3414 (rxd and txd of all ports and twice cache_size, for each worker, "
        + "and a third of it more for requests that are held): raise it by 415 or more"),
    BrokenFile(
      "cores = [0, 1]\n" + File.twoPorts("", "pool_size = 9_000") + File.targets,
      "ports[1].pool_size is 9000, but must exceed 12288 (rxd and txd of all ports and twice cache_size, for each worker, "
        + "and a third of it more for requests that are held): raise it by 3289 or more"),
  ]

  static let servers = [
    BrokenFile(File.port, "targets has no entry, so there is no server: add a [[targets]] or give --target"),
    BrokenFile(
      File.port + File.target("a", "10.1.0.2"),
      "the target 'a' (10.1.0.2) is not in the network of ports.ipnet (10.0.0.1/24), and there is no ports.gateway: "
        + "set ports.gateway, or its MAC address (targets.mac), or correct one of the two"),
    BrokenFile(
      File.twoPorts() + File.target("a", "10.9.0.2"),
      "the target 'a' (10.9.0.2) is not in the network of ports[1].ipnet (10.0.0.1/24), and there is no ports[1].gateway: "
        + "set ports[1].gateway, or its MAC address (targets.mac), or correct one of the two"),
    BrokenFile(
      File.port + "addresses = \"10.0.0.3-10.0.0.9\"\n" + File.targets,
      "the target 'b' has the address 10.0.0.3, which is the proxy's own in ports: correct one of the two"),
    BrokenFile(
      "cores = [0, 1]\n" + File.port + "pool_size = 100_000\n" + File.target("a", "10.0.0.2", "max_connections = 1"),
      "target a: max_connections is 1, and each of 2 workers needs at least one of them"),
    BrokenFile(
      File.port + File.targets + File.group("g", "c"),
      "an entry of groups[0].targets is 'c', but there is no such target: did you mean 'a'?"),
    BrokenFile(
      File.port + File.target("first", "10.0.0.2") + File.group("g", "other"),
      "an entry of groups[0].targets is 'other', but there is no such target: add it to targets or name another one"),
    BrokenFile(
      File.port + File.targets + File.group("g", "a", "algorithm = \"consistent_hash\"\ntable_size = 1000"),
      "group g: table_size must be a prime from 251 to 5000011, not 1000"),
  ]

  static let rules = [
    broken(
      File.rule("target = \"a\""),
      "rules[0] does not say what it matches: give it prefix, host, sni, bind_dn or the like, or match = \"any\""),
    broken(File.rule("match = \"any\""), "rules[0] does not say where it leads: give it group, target, or reset = true"),
    broken(
      File.rule("match = \"any\"", "reset = false"), "rules[0] does not say where it leads: give it group, target, or reset = true"),
    broken(
      File.rule("match = \"any\"", "group = \"web\"", "target = \"a\""),
      "rules[0] has group and target, but a connection goes one way: leave one out"),
    broken(
      File.rule("match = \"any\"", "target = \"a\"", "reset = true"),
      "rules[0] has target and reset, but a connection goes one way: leave one out"),
    broken(File.rule("match = \"any\"", "group = \"wep\""), "rules[0].group is 'wep', but there is no such group: did you mean 'web'?"),
    broken(
      File.rule("match = \"any\"", "target = \"there\""),
      "rules[0].target is 'there', but there is no such target: add it to targets or name another one"),
    broken(
      File.rule("host = \"a\"", "sni = \"a\"", "target = \"a\""),
      "rules[0] has host and sni, which no request fits at once: leave one out or make two rules of it"),
    broken(
      File.rule("bind_dn = \"dc=a\"", "base_dn = \"dc=a\"", "target = \"a\""),
      "rules[0] has bind_dn and base_dn, which no request fits at once: leave one out or make two rules of it"),
    broken(
      File.rule("prefix = \"GET\"", "host = \"a\"", "target = \"a\""),
      "rules[0] has prefix and host, which no request fits at once: leave one out or make two rules of it"),
    broken(
      File.rule("prefix = \"GET\"", "prefix_hex = \"16\"", "target = \"a\""),
      "rules[0] has prefix and prefix_hex, which no request fits at once: leave one out or make two rules of it"),
    broken(
      File.rule("match = \"tls\"", "path = \"/\"", "target = \"a\""),
      "rules[0] has match = \"tls\" and path, which no request fits at once: leave one out"),
    broken(
      File.rule("match = \"any\"", "alpn = \"h2\"", "target = \"a\""),
      "rules[0] has match = \"any\" and alpn, which no request fits at once: leave one out"),
    broken(File.rule("host = \"*\"", "target = \"a\""), "rules[0]: host must be a name, or *. and the end of one: *"),
    broken(File.rule("bind_dn = \"a\"", "target = \"a\""), "rules[0]: bind_dn must be a DN, as dc=example,dc=org: a"),
    broken(File.rule("bind_dn = 'dc=a\\zz'", "target = \"a\""), "rules[0]: bind_dn must be a DN, as dc=example,dc=org: dc=a\\zz"),
    broken(File.rule("base_dn = 'dc=a\\'", "target = \"a\""), "rules[0]: base_dn must be a DN, as dc=example,dc=org: dc=a\\"),
    broken(File.rule("base_dn = 'dc=#0401'", "target = \"a\""), "rules[0]: base_dn must be a DN, as dc=example,dc=org: dc=#0401"),
    broken(
      File.rule("sni = \"a\"", "group = \"web\"", "key = \"host\""), "rules[0]: there is no host in what it matches"),
    broken(
      File.rule("host = \"a\"", "group = \"web\"", "key = \"host\""),
      "rules[0].key is \"host\", but the algorithm of the group 'web' is \"round_robin\": set it to \"consistent_hash\" or leave the key out"
    ),
    broken(
      File.rule("host = \"a\"", "target = \"a\"", "key = \"host\""),
      "rules[0].key is \"host\", but the rule leads to no group: leave it out or set rules[0].group"),
    broken(
      File.rule("match = \"any\"", "target = \"a\"") + File.rule("host = \"a\"", "target = \"b\""), covered),
    broken(
      File.rule("prefix_hex = \"16 03\"", "target = \"a\"") + File.rule("prefix_hex = \"160301\"", "target = \"b\""), covered),
    broken(
      File.rule("host = \"*.a.org\"", "target = \"a\"") + File.rule("host = \"www.A.org\"", "path = \"/\"", "target = \"b\""), covered),
    broken(
      File.rule("path = \"/a\"", "target = \"a\"") + File.rule("path = \"/a/b\"", "method = \"GET\"", "target = \"b\""), covered),
    broken(File.rule("match = \"tls\"", "target = \"a\"") + File.rule("alpn = \"h2\"", "target = \"b\""), covered),
    broken(
      File.rule("bind_dn = \"dc=org\"", "target = \"a\"") + File.rule("bind_dn = \"dc=a,dc=org\"", "target = \"b\""), covered),
  ]

  static let engine = [
    BrokenFile(
      "[engine]\ndefault_group = \"al\"\n" + File.port + File.targets,
      "engine.default_group is 'al', but there is no such group: did you mean 'all'?"),
    broken("", "groups has 2 entries, but no rule chooses among them: set engine.default_group or add a [[rules]]"),
    broken(
      "[engine]\nmode = \"immediate\"\n" + File.rule("match = \"any\"", "target = \"a\""),
      "engine.mode is \"immediate\", where the server is chosen before the client says anything, but rules has an entry: "
        + "set engine.mode to \"delayed\" or leave rules out"),
    broken(
      "[engine]\ndefault_group = \"web\"\n[engine.timeouts]\nserver_first = 5000\nrequest = 5000",
      "engine.timeouts.server_first is 5000 ms, but engine.timeouts.request is over after 5000 ms of silence: "
        + "lower the one or raise the other"),
    broken(
      "[engine]\ndefault_group = \"web\"\nrto_initial = 3000\n[engine.timeouts]\nhandshake = 2000",
      "engine.timeouts.handshake is 2000 ms, but engine.rto_initial is 3000 ms, so that no SYN-ACK would be sent again: "
        + "raise the one, lower the other, or set engine.retries to 0"),
    broken(
      "[engine]\ndefault_group = \"web\"\n[output]\njson = \"x\"\npcap = \"x\"",
      "output.json and output.pcap are both 'x': give them different names"),
  ]

  @Test(arguments: [
    ("host = \"a.org\"", "host = \"A.org.\""), ("host = \"*.org.\"", "host = \"a.org\""),
    ("base_dn = \"dc=x\"", "base_dn = \"ou=y, DC = x\""), ("bind_dn = \"dc= a\"", "bind_dn = \"cn=b,dc=a\""),
  ])
  func namesAreComparedAsInRequests(_ first: String, _ second: String) throws {
    let text = File.rule(first, "target = \"a\"") + File.rule(second, "target = \"b\"")
    let error = #expect(throws: ConfigurationError.self) {
      try ProxyConfiguration.parse(File.port + File.targets + File.groups + text, name: "proxy.toml")
    }
    #expect(error?.description == "proxy.toml: " + Self.covered)
  }

  private static let covered = "rules[1] can never match, because rules[0] takes all that it would: leave it out or put it first"

  private static func broken(_ text: String, _ sentence: String) -> BrokenFile {
    BrokenFile(File.port + File.targets + File.groups + text, sentence)
  }

  @Test(arguments: [
    File.rule("host = \"a.org\"", "target = \"a\"") + File.rule("host = \"*.a.org\"", "target = \"b\""),
    File.rule("host = \"a.org\"", "path = \"/x\"", "target = \"a\"") + File.rule("host = \"a.org\"", "target = \"b\""),
    File.rule("host = \"a.org\"", "target = \"a\"") + File.rule("sni = \"a.org\"", "target = \"b\""),
    File.rule("bind_dn = \"dc=a\"", "target = \"a\"") + File.rule("bind_dn = 'cn=b\\,dc=a'", "target = \"b\""),
    File.rule("match = \"http\"", "host = \"a\"", "reset = true"),
    "[engine]\nmode = \"immediate\"\ndefault_group = \"api\"",
    "[engine]\ndefault_group = \"web\"\nrto_initial = 3000\nretries = 0\n[engine.timeouts]\nhandshake = 2000",
    "[engine]\ndefault_group = \"web\"\n[engine.timeouts]\nestablished = 1\nclosing = 2",
  ])
  func whatLooksOddIsAllowed(text: String) throws {
    _ = try ProxyConfiguration.parse(File.port + File.targets + File.groups + text, name: "proxy.toml")
  }
}

import Configuration
import Testing

@Suite struct CrossCheckTests {
  @Test(arguments: ports + wire + engine)
  func isAnsweredInOneSentence(broken: BrokenFile) {
    let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(broken.text, name: "run.toml") }
    #expect(error?.description == "run.toml: " + broken.sentence)
  }

  static let ports = [
    BrokenFile(
      "cores = [0, 1]\n[[ports]]\nkind = \"memory\"",
      "ports.kind is \"memory\", which takes one worker, but cores has 2: leave one"),
    BrokenFile(
      "test_size = 0\n[[ports]]\nkind = \"memory\"",
      "ports.kind is \"memory\" and both test_size and engine.duration are 0, so the run would never end: set one of them"),
    BrokenFile(
      "cores = [0, 1, 2]\n[engine]\nmax_open = 2",
      "engine.max_open is 2, but there are 3 workers (cores), and each opens one connection at least: "
        + "raise engine.max_open or use fewer cores"),
    BrokenFile(
      "cores = [0, 1, 2]\n[[ports]]\ndst_port_mask = 0x8000",
      "cores has 3 workers, but ports.dst_port_mask 0x8000 tells only 2 apart: set more bits in it or name fewer cores"),
    BrokenFile(
      "cores = [0, 1]\n[[ports]]\nflow_steering = \"Ip\"\nclients = \"10.0.0.2\"",
      "cores has 2 workers, but with ports.flow_steering \"Ip\" each needs an address and ports.clients has only 1: "
        + "add addresses or name fewer cores"),
    BrokenFile(
      "cores = [\((0..<64).map(String.init).joined(separator: ", "))]\n[[ports]]\ndst_port_mask = 0xfc00",
      "ports.dst_port_mask is 0xfc00, but the port mask leaves worker 0 no port of 1024 or above: choose higher bits or name fewer cores"),
    BrokenFile(
      "cores = [0, 1, 2]\n[[ports]]\ninterface = \"eth1\"\nipnet = \"10.9.0.14/28\"\nflow_steering = \"Ip\"",
      "with ports.flow_steering \"Ip\" the 3 workers of cores have the addresses from ports.ipnet's on, and 10.9.0.16, needed for a worker, "
        + "lies outside the port's network: choose a lower address or a shorter prefix, or name fewer cores"),
    BrokenFile(
      "cores = [0, 1]\n[[ports]]\ninterface = \"eth1\"\nflow_steering = \"Ip\"\nclients = \"10.0.0.9\"",
      "cores has 2 workers, but with ports.flow_steering \"Ip\" each needs an address and ports.clients has only 1: "
        + "add addresses or name fewer cores"),
    BrokenFile(
      "[[ports]]\ninterface = \"eth1\"\npci = \"0000:07:00.0\"",
      "ports.interface and ports.pci are both set, but there is one port: leave one of them out"),
    BrokenFile(
      "[[ports]]\nvdev = \"net_memif0\"\nkind = \"memory\"",
      "ports.vdev is 'net_memif0', but ports.kind is \"memory\": leave one of them out"),
    BrokenFile(
      "cores = [0, 1]\n[[ports]]\ninterface = \"eth1\"\npool_size = 5_000",
      "ports.pool_size is 5000, but must exceed 5120 (the larger of ports.rxd and ports.txd, and twice ports.cache_size, "
        + "for each worker and 1,024 for each of the others): raise it by 121 or more"),
    BrokenFile(
      "[[ports]]\npool_size = 1024",
      "ports.pool_size is 1024, but must exceed 1536 (the larger of ports.rxd and ports.txd, and twice ports.cache_size, "
        + "for each worker): raise it by 513 or more"),
    BrokenFile(
      "[[ports]]\nclients = \"10.0.0.0-10.0.0.9\"",
      "ports.clients contains 10.0.0.1, the port's own address in ports.ipnet: leave it out"),
    BrokenFile(
      "[[targets]]\nid = \"web\"\nip = \"10.0.0.2\"\nport = 80",
      "ports.clients contains 10.0.0.2, the address of the target 'web' in targets: leave it out"),
  ]

  static let wire = [
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\n[[targets]]\nid = \"web\"\nip = \"192.168.1.1\"\nport = 80",
      "the target 'web' (192.168.1.1) is not in the network of ports.ipnet (10.0.0.1/16), and there is no ports.gateway: "
        + "set ports.gateway, or its MAC address (targets.mac), or correct one of the two"),
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\ngateway = \"192.168.1.1\"",
      "ports.gateway is 192.168.1.1, which is not in the network of ports.ipnet (10.0.0.1/16): correct one of the two"),
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\ngateway = \"10.0.1.9\"\nclients = \"10.0.1.0-10.0.1.20\"",
      "ports.gateway is 10.0.1.9, which is one of our own addresses by ports.clients: correct one of the two"),
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\nmac = \"02:00:00:00:00:01\"\nlinux_if = \"eth0\"",
      "ports.mac is 02:00:00:00:00:01 and ports.linux_if is 'eth0', but a port has one MAC address: leave one of them out"),
    BrokenFile(
      "[[ports]]\nkernel_interface = \"tcpe0\"",
      "ports.kernel_interface is 'tcpe0', but there is nobody else on a looped wire: set ports.interface or leave it out"),
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\nnamespace = \"x\"",
      "ports.namespace is 'x', but nothing is made in it: set ports.kernel_interface, or leave ports.namespace out"),
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\nkernel_interface = \"veth0\"",
      "ports.kernel_interface and ports.interface are both 'veth0': give the interface that is to be made another name"),
    BrokenFile(
      "[[ports]]\nservers = \"10.0.0.1\"",
      "ports.servers contains 10.0.0.1, which is the address of ports.ipnet anyway: leave it out"),
    BrokenFile(
      "[[ports]]\nservers = \"10.0.15.250-10.0.16.9\"",
      "ports.servers and ports.clients have addresses of 10.0.15.250-10.0.16.9 in common: leave them out of one of the two"),
    BrokenFile(
      "[[ports]]\ninterface = \"veth0\"\nkernel_interface = \"tcpe0\"\npool_size = 2112",
      "ports.pool_size is 2112, but must exceed 2112 (the larger of ports.rxd and ports.txd, and twice ports.cache_size, and 576 for "
        + "ports.kernel_interface, for each worker): raise it by 1 or more"),
  ]

  static let engine = [
    BrokenFile(
      "[engine]\nport = 0",
      "engine.port is 0, so there is no server role, and targets has no entry: set engine.port or add a target"),
    BrokenFile(
      "[engine]\nramp = 2",
      "engine.ramp is set, but engine.cps_limit is 0: set engine.cps_limit to the rate to reach, or leave engine.ramp out"),
    BrokenFile(
      "[engine]\nmax_open = 100_000\n[[ports]]\nclients = \"10.0.0.2\"",
      "engine.max_open is 100000, but ports.clients (1 of 64,512 TCP ports each) and targets (1) "
        + "allow only 64512 connections at a time: add clients or lower engine.max_open"),
    BrokenFile(
      "[engine]\nwindow = 100_000\nwindow_scale = false",
      "engine.window is 100000, but without engine.window_scale it cannot exceed 65,535 octets: lower it or scale it"),
    BrokenFile(
      "[engine]\nrto_min = 500\nrto_initial = 200",
      "engine.rto_min is 500 ms, but engine.rto_initial is only 200 ms: lower the one or raise the other"),
    BrokenFile(
      "[engine]\nresponse_size = 0\nfin_by_client = 3\nfin_by_server = 0\npayload_size = 1_000_000_000",
      "engine.response_size is 0, and engine.fin_by_client payloads of engine.payload_size come to 3000000000 octets, "
        + "more than the 2,147,483,647 that can be sent unanswered: lower one of the two"),
    BrokenFile(
      "[engine]\nresponse_size = 0\nfin_by_client = 4\nfin_by_server = 3\npayload_size = 1_000_000_000",
      "engine.response_size is 0, and engine.fin_by_server payloads of engine.payload_size come to 3000000000 octets, "
        + "more than the 2,147,483,647 that can be sent unanswered: lower one of the two"),
    BrokenFile(
      "[output]\njson = \"x\"\npcap = \"x\"", "output.json and output.pcap are both 'x': give them different names"),
  ]

  @Test func whatLooksOddIsAllowed() throws {
    for text in [
      "", "test_size = 0", "[engine]\nfin_by_client = 0\nfin_by_server = 0", "cores = []",
      "test_size = 0\n[[ports]]\nkind = \"memory\"\n[engine]\nduration = 1\ndetailed_records = true",
      "[[ports]]\nkind = \"memory\"\n[faults]\nloss = 1\ncorrupt = 0.25",
      "[engine]\nport = 0\n[[targets]]\nid = \"a\"\nip = \"192.0.2.1\"\nport = 80",
    ] {
      _ = try Configuration.parse(text, name: "run.toml")
    }
  }
}

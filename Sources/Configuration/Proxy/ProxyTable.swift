import TCPEngine

/// The table of a proxy's keys, but those of `[[targets]]`, `[[groups]]` and `[[rules]]`. Defaults are those of `ProxySettings()`; what a
/// generator's port and output have as well is said in `SettingsTable`.
enum ProxyTable {
  static let keys: [ProxyKey] = run + port.map { $0.ofEach(\.ports) } + engine + segments + timeouts + health + output

  private static let run: [ProxyKey] = [
    ProxyKey(
      "cores", \.settings.cores, .cores, "Cores that workers run on, one each.", absence: "[]: the last core this process may use")
  ]

  /// Keys of an entry of `[[ports]]`.
  static let port: [Key<PortSettings>] = [
    port("interface", "A Linux interface; takes root. Give the kernel none of the addresses used here on it."),
    port("driver"),
    port("vdev", "A virtual device of DPDK's, with its arguments as DPDK takes them."),
    port("pci", "A PCI device, bound to a driver that leaves it to DPDK."),
    port("rxd", "Frames that a receive queue holds."),
    port("txd"),
    port("pool_size", "Packet buffers, all workers and ports together; of two ports' values the larger counts. mbuf_cnt is the same key."),
    port("cache_size"), port("mtu", "Octets of the largest IP packet that the wire carries, both ways; of two ports, the same on both."),
    port("vlan"), port("checksum"),
    port("dst_port_mask", "Bits of the port that servers are connected from which tell the worker that answers belong to."),
    port("flow_steering", "How a server's answer finds its worker: by its destination port, or by its destination address."),
    port("mac", absence: "the device's own"),
    port("linux_if"),
    port("ipnet", "The port's address, where clients are accepted, and its network's prefix length."),
    port("gateway"), port("kernel_interface"), port("namespace"),
    port("servers", as: "addresses", "Further addresses where clients are accepted; of two ports, on the first."),
    Key<PortSettings>(
      "ports.sources", \.clients, .furtherAddresses,
      "Addresses that servers are connected from; of two ports, on the second. Each brings 64,512 TCP ports to each target.",
      flags: [SettingsTable.flag("ports.sources")], absence: "the address of ports.ipnet"),
  ]

  /// A port's key as a generator has it, but for what is said here.
  private static func port(_ name: String, as ownName: String? = nil, _ summary: String? = nil, absence: String? = nil) -> Key<PortSettings>
  {
    shared("ports.\(name)", \.port, as: ownName.map { "ports.\($0)" }, summary, absence: absence)
  }

  private static func shared<Part>(
    _ path: String, _ part: WritableKeyPath<TrafficSettings, Part> & Sendable, as ownPath: String? = nil, _ summary: String? = nil,
    absence: String? = nil
  ) -> Key<Part> {
    guard let key = SettingsKey.named(path) else { preconditionFailure("no key \(path)") }
    return key.of(part, path: ownPath, summary: summary, absence: absence)
  }

  private static let engine: [ProxyKey] = [
    ProxyKey("engine.port", \.settings.listeningPorts, .listeningPorts, "TCP ports where clients are accepted."),
    ProxyKey(
      "engine.mode", \.settings.parameters.mode, .word,
      "When a connection's server is chosen: by a client's first octets, which rules look at, or at its SYN."),
    ProxyKey(
      "engine.default_group", \.defaultGroup, ValueFormat.name.optional, "Group that connections go to which no rule takes.",
      absence: "the only group; none when there are several: what no rule takes is reset"),
    ProxyKey(
      "engine.max_open", \.settings.maxOpen, .integer(1...50_000_000, unit: "connections"),
      "Connections open at a time, all workers together."),
    ProxyKey(
      "engine.linger_pool", \.settings.lingerPool, .integer(16...50_000_000, unit: "connections"),
      "Closed connections whose late segments each worker still passes on; when it is full, the oldest gives way."),
    ProxyKey(
      "engine.request_limit", \.settings.parameters.requestLimit, .integer(512...1_048_576, unit: "octets"),
      "Octets of a first request that rules may wait for, and that are held for another server."),
    ProxyKey(
      "engine.duration", \.settings.duration, .duration,
      "Time after which no more connections are accepted and the open ones are closed; 0: no limit."),
    ProxyKey("engine.detailed_records", \.settings.detailedRecords, .boolean, "Write a record of each connection, both legs together."),
    ProxyKey(
      "engine.seed", \.settings.seed, ValueFormat.integer(0...Int.max).optional, "Seed of every random choice.", absence: "random"),
  ]

  /// Our SYN-ACK is sent before the server is known, so it cannot offer what the server would.
  private static let segments: [ProxyKey] = [
    ProxyKey(
      "engine.mss", \.mss, ValueFormat.integer(64...8_960, unit: "octets").optional,
      "Maximum segment size that is offered to clients, and at most to servers; mode delayed.", absence: "ports.mtu less 40"),
    ProxyKey(
      "engine.window_scale", \.settings.parameters.windowScale, ValueFormat.integer(0...14).optional,
      "Window scale that is offered to clients (RFC 7323); mode delayed.", absence: "the targets', 7 before one was seen"),
    ProxyKey(
      "engine.sack", \.settings.parameters.sackPermitted, .boolean,
      "Offer SACK to clients (RFC 2018), but for a minute after a server has declined it; mode delayed."),
    ProxyKey(
      "engine.timestamps", \.settings.parameters.timestamps, .word,
      "Offer timestamps to clients (RFC 7323); mode delayed. Learned: once every target was seen to take them."),
    ProxyKey(
      "engine.rto_initial", \.settings.parameters.initialRTO, .integer(1...60_000, unit: "ms"),
      "Time before the proxy first sends its own SYN, SYN-ACK or FIN or a held request again; it doubles with each (RFC 6298)."),
    ProxyKey(
      "engine.retries", \.settings.parameters.retries, .integer(0...15, unit: "retransmissions"),
      "How often it sends a SYN-ACK, a FIN or a held request again."),
  ]

  private static let timeouts: [ProxyKey] = [
    timeout("handshake", \.settings.parameters.handshakeTimeout, "Time for a client's handshake."),
    timeout("request", \.settings.parameters.requestTimeout, "Time for a first request that a rule can decide on."),
    timeout(
      "server_first", \.settings.parameters.serverFirstTimeout,
      "Silence of a client after which the server, which is to speak first, is chosen without its octets; 0: never.",
      least: 0),
    timeout("connect", \.settings.parameters.connectTimeout, "Time for a server's answer to a SYN, before the next server is tried."),
    timeout(
      "established", \.settings.parameters.establishedTimeout,
      "Silence after which an established connection is reset at both ends (RFC 5382: at least 2 h 4 min, the default)."),
    timeout(
      "closing", \.settings.parameters.closingTimeout,
      "The same of one that is being closed or opened (RFC 5382: at least 4 min, the default)."),
    timeout(
      "linger", \.settings.parameters.lingerTimeout,
      "How long the late segments of a closed connection are passed on, and its port is not used for the same server."),
  ]

  /// A day: more than any state is worth waiting in, and far from where milliseconds in 32 bits come around.
  private static let longestTimeout = 86_400_000

  private static func timeout(
    _ name: String, _ property: WritableKeyPath<ProxyDraft, UInt32> & Sendable, _ summary: String, least: Int = 1
  ) -> ProxyKey {
    ProxyKey("engine.timeouts.\(name)", property, .integer(least...longestTimeout, unit: "ms"), summary)
  }

  private static let health: [ProxyKey] = [
    ProxyKey(
      "health.max_fails", \.settings.servers.health.maximumFails, .integer(0...65_535, unit: "failures"),
      "Failures in a row to connect to a target after which it is left out; 0: it never is."),
    ProxyKey(
      "health.fail_timeout", \.settings.servers.health.failTimeout, .integer(1...longestTimeout, unit: "ms"),
      "How long a target that failed is left out, before one connection tries it again."),
  ]

  private static let output: [ProxyKey] = ["json", "pcap", "pcap_count", "records_file", "records_sample"].map { name in
    shared("output.\(name)", \.output).within(\.settings.output)
  }
}

extension ProxyParameters {
  /// When a connection's server is chosen.
  enum Mode: String, Sendable, CaseIterable {
    case delayed
    case immediate
  }

  var mode: Mode {
    get { isImmediate ? .immediate : .delayed }
    set { isImmediate = newValue == .immediate }
  }
}

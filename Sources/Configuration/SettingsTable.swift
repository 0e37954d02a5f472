import TCPEngine

/// The table of all keys: the one place where a key's name, type, default, unit, range and meaning are written down. Defaults are those of
/// `TrafficSettings()`.
enum SettingsTable {
  static let keys: [SettingsKey] = run + port + engine + segments + retransmission + timeouts + http + bulk + faults + output

  /// A key's flag: its name with hyphens; timeouts and bulk keep their section, as their names alone say nothing.
  static func flag(_ path: String) -> String {
    let name =
      if path.hasPrefix("engine.timeouts.") { String(path.dropFirst("engine.".count)) } else if path.hasPrefix("bulk.") { path } else {
        String(path.split(separator: ".").last ?? "")
      }
    return "--" + name.replacing("_", with: "-").replacing(".", with: "-")
  }

  private static let run: [SettingsKey] = [
    SettingsKey(
      "cores", \.cores, .cores, "Cores that workers run on, one each.", absence: "[]: the last core this process may use"),
    SettingsKey(
      "test_size", \.testSize, .integer(0...1_000_000_000_000, unit: "connections"),
      "Connections to attempt, all workers together; 0: until engine.duration ends or Ctrl-C."),
  ]

  private static let port: [SettingsKey] = [
    SettingsKey(
      "ports.kind", \.port.kind, .word,
      "The port: DPDK's ring device, or the in-memory port with the manual clock (one worker, deterministic)."),
    SettingsKey(
      "ports.interface", \.port.interface, ValueFormat.interface.optional,
      "A Linux interface to use instead; takes root. Give the kernel none of the addresses used here on it.",
      shortFlags: ["-i"], absence: "none"),
    SettingsKey(
      "ports.driver", \.port.driver, .word,
      "How ports.interface is had: through AF_XDP, or AF_PACKET; auto: through AF_XDP where it is to be relied on, else AF_PACKET."),
    SettingsKey(
      "ports.vdev", \.port.vdev, ValueFormat.device.optional,
      "A virtual device of DPDK's to use instead, with its arguments as DPDK takes them.", absence: "none"),
    SettingsKey(
      "ports.pci", \.port.pci, ValueFormat.pci.optional, "A PCI device to use instead, bound to a driver that leaves it to DPDK.",
      absence: "none"),
    SettingsKey(
      "ports.rxd", \.port.receiveDescriptors, .powerOfTwo(64...32_768, unit: "frames"),
      "Frames that a receive queue holds; on a ring both queues are one, as large as the larger."),
    SettingsKey(
      "ports.txd", \.port.transmitDescriptors, .powerOfTwo(64...32_768, unit: "frames"), "Frames that a transmit queue holds."),
    SettingsKey(
      "ports.pool_size", \.port.poolSize, .integer(128...16_777_215, unit: "buffers"),
      "Packet buffers, all workers together; mbuf_cnt is the same key.", aliases: ["mbuf_cnt"]),
    SettingsKey(
      "ports.cache_size", \.port.cacheSize, .integer(0...512, unit: "buffers"), "Packet buffers that each worker keeps at hand."),
    SettingsKey(
      "ports.mtu", \.port.mtu, .integer(576...9_000, unit: "octets"),
      "The largest IP packet that the wire carries; packet buffers are as large as that takes."),
    SettingsKey(
      "ports.vlan", \.port.vlan, .integer(0...4_094),
      "The VLAN whose 802.1Q tag every frame has, both ways; frames without it are dropped. 0: frames have no tag."),
    SettingsKey(
      "ports.checksum", \.port.checksumOffload, .boolean,
      "Let the port compute and verify checksums where it can; false: in software."),
    SettingsKey(
      "ports.dst_port_mask", \.port.dstPortMask, .mask, "Bits of the destination port that tell which worker a connection belongs to."),
    SettingsKey(
      "ports.flow_steering", \.port.flowSteering, .word,
      "How an arriving connection finds its worker: by its destination port, or by its destination address."),
    SettingsKey(
      "ports.mac", \.port.mac, ValueFormat.mac.optional, "The port's MAC address.",
      absence: "the device's own; 02:00:00:00:00:01 on a looped wire"),
    SettingsKey(
      "ports.linux_if", \.port.linuxInterface, ValueFormat.interface.optional,
      "A Linux interface of this machine whose MAC address is the port's, instead of ports.mac.", absence: "none"),
    SettingsKey(
      "ports.ipnet", \.port.network, .network, "The server role's address, and its network's prefix length.", shortFlags: ["--ip"]),
    SettingsKey(
      "ports.gateway", \.port.gateway, ValueFormat.address.optional, "Where frames for other networks than ports.ipnet go.", absence: "none"
    ),
    SettingsKey(
      "ports.servers", \.port.servers, .furtherAddresses, "Addresses of the server role besides that of ports.ipnet.", absence: "[]: none"),
    SettingsKey(
      "ports.clients", \.port.clients, .addressRanges,
      "Addresses of the client role; each brings 64,512 TCP ports to each target. With others on the wire, the default is ports.ipnet's address."
    ),
    SettingsKey(
      "ports.kernel_interface", \.port.kernelInterface, ValueFormat.interface.optional,
      "Name of a TAP interface to make, with the port's MAC address and ports.ipnet: frames that are not ours go to the kernel through it, "
        + "and what the kernel sends goes out of the port.",
      absence: "none"),
    SettingsKey(
      "ports.namespace", \.port.namespace, ValueFormat.namespace.optional, "Network namespace that ports.kernel_interface is made in.",
      absence: "our own"),
  ]

  private static let engine: [SettingsKey] = [
    SettingsKey(
      "engine.workload", \.engine.workload, .word,
      "What connections say: payloads and answers of given sizes, HTTP/1.1, or octets without a pause ([http], [bulk])."),
    SettingsKey(
      "engine.port", \.engine.serverPorts, ValueFormat.tcpPorts.optional,
      "TCP ports where the server role listens; 0: no server role. The flag also takes a kind of port.", absence: "4000; 80 with http"),
    SettingsKey(
      "engine.cps_limit", \.engine.cpsLimit, .integer(0...100_000_000, unit: "connections/s"),
      "Connections opened per second, all workers together; 0: as fast as they are completed.", shortFlags: ["--cps"]),
    SettingsKey(
      "engine.max_open", \.engine.openLimit, ValueFormat.integer(1...50_000_000, unit: "connections").optional,
      "Connections of the client role open at a time, all workers together. The server role takes twice as many and 256 or a sixteenth more.",
      absence: "256; 65,536 without targets on an interface"),
    SettingsKey("engine.detailed_records", \.engine.detailedRecords, .boolean, "Write a record of each end of each connection."),
    SettingsKey(
      "engine.fin_by_client", \.engine.finByClient, .integer(0...1_000_000_000, unit: "payloads"),
      "Payloads sent after which the client closes; 0: it does not close by itself."),
    SettingsKey(
      "engine.fin_by_server", \.engine.finByServer, .integer(0...1_000_000_000, unit: "payloads"),
      "Payloads received after which the server closes; 0: never."),
    SettingsKey(
      "engine.duration", \.engine.duration, .duration,
      "Time after which no more connections are opened and the open ones are closed; 0: no limit."),
    SettingsKey(
      "engine.ramp", \.engine.ramp, .duration, "Time over which the rate grows to engine.cps_limit; 0: full rate at once."),
    SettingsKey(
      "engine.payload_size", \.engine.payloadSize, .integer(0...1_000_000_000, unit: "octets"),
      "Size of a payload of the client; 0: no payload, only the handshake."),
    SettingsKey(
      "engine.response_size", \.engine.responseSize, .integer(0...1_000_000_000, unit: "octets"),
      "Size of the server's answer to each payload; 0: it does not answer."),
    SettingsKey(
      "engine.think_time", \.engine.thinkTime, .integer(0...longestTimeout, unit: "ms"),
      "Time that a client lets pass between an answer and its next payload or request."),
    SettingsKey(
      "engine.verify_payload", \.engine.verifyPayload, ValueFormat.boolean.optional,
      "Compare each octet received (http: of bodies) with what the workload's other end sends.",
      absence: "true; false with others on the wire"),
    SettingsKey(
      "engine.seed", \.engine.seed, ValueFormat.integer(0...Int.max).optional,
      "Seed of every random choice; with the in-memory port, the same seed gives the same packets.", absence: "random"),
    SettingsKey(
      "engine.time_wait_pool", \.engine.timeWaitPool, .integer(16...50_000_000, unit: "connections"),
      "Connections in TIME-WAIT that each worker remembers; when it is full, the oldest gives way."),
  ]

  private static let segments: [SettingsKey] = [
    SettingsKey(
      "engine.mss", \.engine.mss, ValueFormat.integer(64...8_960, unit: "octets").optional, "Maximum segment size that both roles offer.",
      absence: "ports.mtu less 40"),
    SettingsKey(
      "engine.window", \.engine.tcp.receiveWindow, .integer(1_024...1_073_725_440, unit: "octets"), "Receive window of both roles."),
    SettingsKey("engine.window_scale", \.engine.tcp.windowScaling, .boolean, "Offer window scaling in the SYN (RFC 7323)."),
    SettingsKey("engine.sack", \.engine.tcp.sackPermitted, .boolean, "Offer SACK-permitted in the SYN (RFC 2018)."),
    SettingsKey("engine.timestamps", \.engine.tcp.timestamps, .boolean, "Offer timestamps in the SYN (RFC 7323)."),
  ]

  private static let retransmission: [SettingsKey] = [
    SettingsKey(
      "engine.rto_min", \.engine.tcp.minimumRTO, .integer(1...60_000, unit: "ms"), "Smallest retransmission timeout (RFC 6298)."),
    SettingsKey(
      "engine.delayed_ack", \.engine.tcp.acknowledgmentDelay, .integer(0...500, unit: "ms"),
      "How long the acknowledgment of a segment may wait for another segment, or for data to ride on (RFC 9293); 0: not at all."),
    SettingsKey(
      "engine.rto_initial", \.engine.tcp.initialRTO, .integer(1...60_000, unit: "ms"),
      "Retransmission timeout before the first measurement (RFC 6298)."),
    SettingsKey(
      "engine.syn_retries", \.engine.tcp.synRetries, .integer(0...15, unit: "retransmissions"),
      "Retransmissions of a SYN or SYN-ACK before the connection is given up."),
    SettingsKey(
      "engine.data_retries", \.engine.tcp.dataRetries, .integer(0...30, unit: "retransmissions"),
      "Retransmissions of data or FIN before the connection is given up."),
    SettingsKey("engine.congestion_control", \.engine.congestionControl, .word, "Congestion control of what is sent (RFC 9438, RFC 5681)."),
    SettingsKey(
      "engine.recovery_pool", \.engine.recoveryPool, .integer(1...10_000_000, unit: "connections"),
      "Connections that can be recovering from loss, or have more in flight than the initial window, at a time, per worker."),
  ]

  private static let timeouts: [SettingsKey] = [
    timeout("syn_sent", \.engine.tcp.synSentTimeout, "Silence after which a connection is given up in SYN-SENT."),
    timeout("syn_received", \.engine.tcp.synReceivedTimeout, "The same in SYN-RECEIVED."),
    timeout("established", \.engine.tcp.establishedTimeout, "The same in ESTABLISHED."),
    timeout("closing", \.engine.tcp.closingTimeout, "The same in FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, CLOSING and LAST-ACK."),
    timeout("time_wait", \.engine.tcp.timeWaitTimeout, "How long TIME-WAIT lasts at most."),
    SettingsKey(
      "engine.timeouts.keepalive", \.engine.tcp.keepAlive, .integer(0...longestTimeout, unit: "ms"),
      "Silence after which the peer of an established connection is asked whether it is still there, and again after as much; 0: never."),
  ]

  /// A day: more than any state is worth waiting in, and far from where milliseconds in 32 bits come around.
  private static let longestTimeout = 86_400_000

  private static func timeout(
    _ name: String, _ property: WritableKeyPath<TrafficSettings, UInt32> & Sendable, _ summary: String
  ) -> SettingsKey {
    SettingsKey("engine.timeouts.\(name)", property, .integer(1...longestTimeout, unit: "ms"), summary)
  }

  private static let http: [SettingsKey] = [
    SettingsKey("http.method", \.http.method, .method, "Method of the client's requests."),
    SettingsKey("http.path", \.http.path, .path, "What the client asks for: path and query."),
    SettingsKey(
      "http.host", \.http.host, ValueFormat.host.optional, "The client's Host field.",
      absence: "the target's address, with its port unless that is 80"),
    SettingsKey(
      "http.headers", \.http.headers, .headers, "Further fields of the client's requests. The flag may be repeated.", shortFlags: ["-H"]),
    SettingsKey(
      "http.requests", \.http.requests, .integer(0...1_000_000_000, unit: "requests"),
      "Requests on a connection, one after the other; the last one closes it. 0: until engine.duration ends."),
    SettingsKey(
      "http.request_body_size", \.http.requestBodySize, .integer(0...HTTPSettings.largestBody, unit: "octets"),
      "Size of a request's body; 0: none."),
    SettingsKey(
      "http.accept_any_status", \.http.acceptAnyStatus, .boolean, "Statuses of 400 and above do not make the exit code 1."),
    SettingsKey(
      "http.body_size", \.http.bodySize, .integer(0...HTTPSettings.largestBody, unit: "octets"),
      "Size of the body of the server's responses."
    ),
    SettingsKey(
      "http.chunk_size", \.http.chunkSize, .integer(0...HTTPSettings.largestBody, unit: "octets"),
      "The server sends its bodies in chunks of this size; 0: in one piece, with Content-Length."),
  ]

  private static let bulk: [SettingsKey] = [
    SettingsKey(
      "bulk.direction", \.bulk.direction, .word, "Who sends: the client, the server, or both at the same time."),
    SettingsKey(
      "bulk.size", \.bulk.size, .integer(0...1_000_000_000_000_000, unit: "octets"),
      "What a sender sends on a connection before it closes; 0: until engine.duration ends."),
  ]

  private static let faults: [SettingsKey] = [
    SettingsKey(
      "faults.loss", \.faults.loss, .fraction,
      "Probability that the wire loses a frame that is sent; with others on the wire, one that arrives, too."),
    SettingsKey("faults.duplicate", \.faults.duplicate, .fraction, "Probability that it delivers a frame twice."),
    SettingsKey("faults.reorder", \.faults.reorder, .fraction, "Probability that it lets others overtake a frame."),
    SettingsKey("faults.delay", \.faults.delay, .fraction, "Probability that it holds a frame back for up to 300 ms."),
    SettingsKey("faults.corrupt", \.faults.corrupt, .fraction, "Probability that it flips a bit of a frame."),
  ]

  private static let output: [SettingsKey] = [
    SettingsKey(
      "output.json", \.output.json, ValueFormat.file.optional,
      "File for the report as JSON; \"-\": the standard output, and nothing else is written to it.", absence: "not written"),
    SettingsKey(
      "output.pcap", \.output.pcap, ValueFormat.file.optional, "File for a capture of what crosses the wire, each frame once.",
      absence: "not written"),
    SettingsKey(
      "output.pcap_count", \.output.pcapCount, .integer(0...1_000_000_000_000, unit: "frames"), "Frames captured at most; 0: all."),
    SettingsKey("output.records_file", \.output.recordsFile, .file, "File for the records of engine.detailed_records."),
    SettingsKey(
      "output.records_sample", \.output.recordsSample, .integer(1...1_000_000_000, unit: "connections"),
      "One connection in this many is recorded, and every failed one."),
  ]
}

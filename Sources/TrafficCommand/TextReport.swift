import TCPEngine

/// The report for people, 80 columns wide.
struct TextReport {
  private let summary: RunSummary
  private let verdict: Verdict
  private var total: Tally { summary.total }

  init(_ summary: RunSummary, _ verdict: Verdict) {
    self.summary = summary
    self.verdict = verdict
  }

  var text: String {
    let sections = [
      overview, role(.client), role(.server), http, segments, unexpected, drops, latencies, pacing, port, faults, workers, process,
      [conclusion],
    ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  // MARK: In short

  private var overview: [String] {
    let judged = total.judged
    let simulated = summary.isSimulated ? " (simulated)" : ""
    var lines =
      [
        "Run",
        row(
          "connections",
          [("attempted", count(judged.attempted)), ("completed", count(judged.completed)), ("failed", count(judged.failed))]),
        "  \("first SYN to last close".left(24)) \(NumberText.fixed(summary.seconds(total.duration), 3)) s\(simulated)",
        row(
          "per second",
          [("connections", rate(summary.connectionsPerSecond(total))), ("packets", rate(summary.packetsPerSecond(total)))]
            + (summary.requestsPerSecond(total).map { [("requests", rate($0))] } ?? [])),
      ] + goodput
    if let connection = summary.ticksPerConnection(total), let packet = summary.ticksPerPacket(total) {
      let clock = NumberText.fixed(summary.basis.ticksPerSecond / 1e9, 3)
      lines.append(
        row("ticks at \(clock) GHz", [("a connection", NumberText.fixed(connection, 0)), ("a packet", NumberText.fixed(packet, 1))]))
    }
    lines.append("  \("packets a connection".left(24)) \(NumberText.fixed(summary.packetsPerConnection(total), 2))")
    if let start = summary.startToFirstSYN {
      lines.append("  \("start to first SYN".left(24)) \(NumberText.fixed(start, 2)) s")
    }
    lines.append("  \("seed".left(24)) \(summary.basis.seed)")
    return lines
  }

  private var goodput: [String] {
    guard summary.basis.settings.engine.workload == .bulk else { return [] }
    func bits(_ role: Role) -> String { NumberText.bitRate(summary.goodput(total, from: role)) }
    return [row("goodput", [("client to server", bits(.client)), ("server to client", bits(.server))])]
  }

  private func row(_ name: String, _ cells: [(String, String)]) -> String {
    "  " + name.left(24) + cells.map { " \($0.0) \($0.1)" }.joined(separator: ",")
  }

  // MARK: What became of connections

  private func role(_ role: Role) -> [String] {
    let tally = total[role]
    guard tally.attempted > 0 else { return [] }
    let outcomes = Outcome.allCases.filter { tally[$0] > 0 }
    let sum = tally.balances ? "as many as were attempted" : "but \(count(tally.attempted)) were attempted"
    return ["\(role == .client ? "Client" : "Server") connections"] + outcomes.map { named($0.key, tally[$0], $0.text) }
      + [named("sum", tally.ended, sum)]
  }

  private func named(_ name: String, _ value: UInt64, _ text: String) -> String {
    ReportLine.named(name, value, text)
  }

  private var http: [String] {
    guard summary.basis.settings.engine.workload == .http else { return [] }
    let counters = HTTPCounter.allCases.filter { total[$0] > 0 }.map { named($0.key, total[$0], $0.text) }
    let statuses = total.statuses.indices.filter { total.statuses[$0] > 0 }.map { named("status \($0)", total.statuses[$0], "responses") }
    return ["HTTP"] + counters + statuses
  }

  // MARK: What was sent and received

  private static let pairs: [(String, SegmentCounter, SegmentCounter)] = [
    ("SYN", .synSent, .synReceived), ("SYN-ACK", .synAckSent, .synAckReceived),
    ("ACK of SYN-ACK", .ackOfSynAckSent, .ackOfSynAckReceived), ("payload", .payloadSent, .payloadReceived),
    ("payload octets", .payloadBytesSent, .payloadBytesReceived), ("FIN, active", .finActiveSent, .finActiveReceived),
    ("FIN, passive", .finPassiveSent, .finPassiveReceived), ("ACK of FIN", .ackOfFinSent, .ackOfFinReceived),
    ("RST", .rstSent, .rstReceived),
  ]

  private static let singles: [(String, SegmentCounter)] = [
    ("challenge ACK", .challengeAckSent), ("retransmitted", .retransmitted), ("unexpected", .unexpected),
  ]

  private var segments: [String] {
    let (client, server) = (total[.client], total[.server])
    var lines = ["Segments".left(16) + columns(["client sent", "received", "server sent", "received"], 16)]
    for (name, sent, received) in Self.pairs {
      lines.append("  " + name.left(14) + columns([client[sent], client[received], server[sent], server[received]].map(count), 16))
    }
    for (name, counter) in Self.singles {
      lines.append("  " + name.left(14) + columns([count(client[counter]), "", count(server[counter])], 16))
    }
    return lines
  }

  private var unexpected: [String] {
    let kinds = Anomaly.counted.filter { total[$0] > 0 }
    return kinds.isEmpty ? [] : ["Unexpected segments"] + kinds.map { named($0.key, total[$0], $0.text) }
  }

  private var drops: [String] {
    let reasons = DropReason.allCases.filter { total[$0] > 0 }
    return reasons.isEmpty ? ["Drops: none"] : ["Drops"] + reasons.map { named($0.key, total[$0], $0.text) }
  }

  // MARK: Time

  private var latencies: [String] {
    ["Latency".left(20) + columns(LatencyPoint.all.map(\.heading), 12)]
      + Latency.allCases.filter { $0 != .request || total.hasMeasured($0) }.map { latency in
        let name = latency.key.replacing("_", with: " ")
        return "  " + name.left(18)
          + columns(LatencyPoint.all.map { $0.value(total[latency]).map(NumberText.time(nanoseconds:)) ?? "-" }, 12)
      }
  }

  private var pacing: [String] {
    let gap = NumberText.time(nanoseconds: summary.nanoseconds(total[.pacingLargestGap]))
    return [
      "Opening: largest gap \(gap), largest burst \(total[.pacingLargestBurst]), missed \(count(total[.pacingMissed])), "
        + "most open \(count(total[.peakOpenClients]))",
      "TIME-WAIT: entered \(count(total[.timeWaitEntered])), recycled \(count(total[.timeWaitRecycled])), "
        + "reopened \(count(total[.timeWaitReopened]))",
    ]
  }

  // MARK: Port, workers, process

  private var port: [String] {
    guard let port = summary.end.ports.first else { return [] }
    let device = summary.basis.settings.port.device
    return [
      "Port: \(device.map { "\($0) (\(port.driverName))" } ?? "ring"), checksums: \(checksums)",
      "  sent \(count(total[.framesSent])) frames, \(count(total[.bytesSent])) octets",
      "  received \(count(total[.framesReceived])) frames, \(count(total[.bytesReceived])) octets",
    ] + port.lines + (device == nil ? [] : neighbours) + steering
  }

  private var checksums: String {
    func which(_ ipv4: ChecksumOffloads, _ tcp: ChecksumOffloads) -> String {
      let names = [(ipv4, "IPv4"), (tcp, "TCP")].filter { summary.end.checksums.contains($0.0) }.map(\.1)
      return names.isEmpty ? "none" : names.joined(separator: " and ")
    }
    if summary.end.checksums.isEmpty { return "software" }
    return "by the port, received \(which(.receivedIPv4, .receivedTCP)), sent \(which(.sentIPv4, .sentTCP)); else software"
  }

  private var steering: [String] { summary.steering?.lines ?? [] }

  private var neighbours: [String] {
    [
      "  ARP: \(count(total[.arpRequestsSent])) asked, \(count(total[.arpRepliesReceived])) replies, "
        + "\(count(total[.arpAnswered])) answered; echo answered \(count(total[.echoAnswered]))",
      "  accepted without checksum, from a local Linux peer: \(count(total[.unsummedAccepted]))",
    ] + unquietNeighbours + kernelPath
  }

  /// What is worth a line only when it happened.
  private var unquietNeighbours: [String] {
    let moved = total[.neighboursMoved] + total[.peersMoved]
    var lines: [String] = []
    if moved + total[.neighboursLost] > 0 {
      lines.append(
        "  neighbours: \(count(moved)) had a new MAC address, \(count(total[.neighboursLost])) fell silent "
          + "(\(count(total[.neighboursSilent])) still)")
    }
    if total[.addressConflicts] > 0 {
      lines.append("  WARNING: another station claims one of our addresses (\(count(total[.addressConflicts])) times by ARP)")
    }
    return lines
  }

  private var kernelPath: [String] {
    guard let interface = summary.basis.settings.port.kernelInterface else { return [] }
    let (full, refused) = (count(total[.kernelRingFull]), count(total[.kernelRefused]))
    return [
      "  kernel through \(interface): \(count(total[.framesToKernel])) frames to it, \(count(total[.framesFromKernel])) from it, "
        + "dropped \(full) for want of room, \(refused) refused"
    ]
  }

  private var faults: [String] {
    guard let faults = summary.end.faults else { return [] }
    func count(_ value: Int) -> String { NumberText.grouped(UInt64(value)) }
    let inMemory =
      "Wire in memory: sent \(self.count(total[.framesSent])), received \(self.count(total[.framesReceived])) frames; "
      + "checksums: software"
    return [
      summary.end.ports.isEmpty ? inMemory : "Faults of the wire, both ways where it is not looped",
      "  lost \(count(faults.lost)), duplicated \(count(faults.duplicated)), reordered \(count(faults.reordered)), "
        + "delayed \(count(faults.delayed)), corrupted \(count(faults.corrupted))",
    ]
  }

  private var workers: [String] {
    guard summary.workers.count > 1 else { return [] }
    let heading = "Worker core" + columns(["attempted", "completed", "conn/s", "packets/s", "ticks/conn", "busy %"], 11)
    return [heading]
      + summary.workers.indices.map { index in
        let tally = summary.workers[index]
        let cells = [
          count(tally.judged.attempted), count(tally.judged.completed), NumberText.short(summary.connectionsPerSecond(tally)),
          NumberText.short(summary.packetsPerSecond(tally)), NumberText.fixed(summary.ticksPerConnection(tally) ?? 0, 0),
          NumberText.fixed(summary.busy(tally) * 100, 0),
        ]
        return "\(index)".right(6) + "\(summary.basis.cores[index])".right(5) + columns(cells, 11)
      }
  }

  private var process: [String] {
    let seconds = summary.end.workers.reduce(0) { $0 + $1.cpuSeconds }
    var lines = [
      "CPU seconds: workers \(NumberText.fixed(seconds, 2)), reporter \(NumberText.fixed(summary.reporterCPUSeconds, 2)), "
        + "record writer \(NumberText.fixed(summary.written.recordCPUSeconds, 2))"
    ]
    let output = summary.basis.settings.output
    if let pcap = output.pcap { lines.append(summary.written.captureLine(pcap)) }
    if summary.basis.settings.engine.detailedRecords {
      lines.append(summary.written.recordsLine(output.recordsFile, lost: total[.recordsLost]))
    }
    return lines + verdict.imbalances.map { "Imbalance: \($0)" }
  }

  private var conclusion: String {
    ReportLine.wrapped(verdict.reason.map { "Not a success: \($0)." } ?? "Success: every connection completed, all sums balance.")
  }

  private func columns(_ cells: [String], _ width: Int) -> String { cells.map { $0.right(width) }.joined() }

  private func count(_ value: UInt64) -> String { NumberText.grouped(value) }

  private func rate(_ value: Double) -> String { NumberText.grouped(UInt64(value)) }
}

extension PortEnd {
  /// What the driver itself counted, and why it is this one.
  var lines: [String] {
    func count(_ value: UInt64) -> String { NumberText.grouped(value) }
    let counted =
      counts.map {
        "missed \(count($0.missed)), receive errors \(count($0.receiveErrors)), no buffer \(count($0.noBuffer)), refused \(count($0.transmitErrors))"
      } ?? "the driver's own counts went with the other end"
    return ["  " + counted] + (choice.map { ["  \($0)"] } ?? [])
  }
}

import Configuration
import Histogram
import TCPEngine

/// The report for scripts. Its keys are documented and stay.
struct JSONReport {
  private let summary: RunSummary
  private let verdict: Verdict

  init(_ summary: RunSummary, _ verdict: Verdict) {
    self.summary = summary
    self.verdict = verdict
  }

  var document: String {
    let members = tally(summary.total).merging(run) { $1 }.merging(process) { $1 }
    return JSONValue.object(members.merging(["workers": workers]) { $1 }).document
  }

  // MARK: What a worker has, and the sum of all

  private func tally(_ tally: Tally) -> [String: JSONValue] {
    [
      "connections": connections(tally.judged),
      "outcomes": outcomes(tally.judged),
      "roles": .object(Dictionary(uniqueKeysWithValues: Role.allCases.map { ("\($0)", role(tally[$0])) })),
      "counters": counters { counter in Role.allCases.reduce(0) { $0 + tally[$1][counter] } },
      "drops": named(DropReason.allCases) { .count(tally[$0]) },
      "unexpected": .object(Dictionary(uniqueKeysWithValues: Anomaly.counted.map { ($0.key, .count(tally[$0])) })),
      "gauges": named(WorkerGauge.allCases) { .count(tally[$0]) },
      "rate": .object([
        "cps": .number(summary.connectionsPerSecond(tally)), "pps": .number(summary.packetsPerSecond(tally)),
        "rps": JSONValue(summary.requestsPerSecond(tally)),
        "goodput_up_bps": .number(summary.goodput(tally, from: .client)),
        "goodput_down_bps": .number(summary.goodput(tally, from: .server)),
      ]),
      "http": http(tally),
      "cost": .object([
        "cycles_per_connection": JSONValue(summary.ticksPerConnection(tally)),
        "cycles_per_packet": JSONValue(summary.ticksPerPacket(tally)),
        "packets_per_connection": .number(summary.packetsPerConnection(tally)),
      ]),
      "latency": named(Latency.allCases) { latency(tally[$0]) },
      "pacing": .object([
        "largest_gap": .count(summary.nanoseconds(tally[.pacingLargestGap])), "largest_burst": .count(tally[.pacingLargestBurst]),
        "missed": .count(tally[.pacingMissed]),
      ]),
      "time_wait": .object([
        "entered": .count(tally[.timeWaitEntered]), "recycled": .count(tally[.timeWaitRecycled]),
        "reopened": .count(tally[.timeWaitReopened]),
      ]),
      "duration_seconds": .number(summary.seconds(tally.duration)),
      "busy": .number(summary.busy(tally)),
    ]
  }

  private func role(_ role: RoleTally) -> JSONValue {
    .object(["connections": connections(role), "outcomes": outcomes(role), "counters": counters { role[$0] }])
  }

  private func connections(_ role: RoleTally) -> JSONValue {
    .object(["attempted": .count(role.attempted), "completed": .count(role.completed), "failed": .count(role.failed)])
  }

  private func outcomes(_ role: RoleTally) -> JSONValue { named(Outcome.allCases) { .count(role[$0]) } }

  private func counters(_ value: (SegmentCounter) -> UInt64) -> JSONValue { named(SegmentCounter.allCases) { .count(value($0)) } }

  private func named<Name: CounterName>(_ names: [Name], _ value: (Name) -> JSONValue) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: names.map { ($0.key, value($0)) }))
  }

  private func http(_ tally: Tally) -> JSONValue {
    guard summary.basis.settings.engine.workload == .http else { return .null }
    let statuses = tally.statuses.indices.filter { tally.statuses[$0] > 0 }.map { ("\($0)", JSONValue.count(tally.statuses[$0])) }
    let counters = HTTPCounter.allCases.map { ($0.key, JSONValue.count(tally[$0])) }
    return .object(Dictionary(uniqueKeysWithValues: counters + [("statuses", .object(Dictionary(uniqueKeysWithValues: statuses)))]))
  }

  private func latency(_ histogram: Histogram<UInt64>) -> JSONValue {
    var members = Dictionary(uniqueKeysWithValues: LatencyPoint.all.map { ($0.key, $0.value(histogram).map(JSONValue.count) ?? .null) })
    members["count"] = .count(histogram.totalCount)
    return .object(members)
  }

  // MARK: The run

  private var run: [String: JSONValue] {
    let settings = summary.basis.settings
    return [
      "version": .text(programVersion),
      "dpdk": .text(DPDK.version),
      "seed": .count(summary.basis.seed),
      "ticks_per_second": .number(summary.basis.ticksPerSecond),
      "start_to_first_syn_seconds": JSONValue(summary.startToFirstSYN),
      "simulated_time": .bool(summary.isSimulated),
      "huge_pages": summary.hugePages.map(JSONValue.bool) ?? .null,
      "configuration": .text(Configuration.effective(settings)),
      "port": port,
      "balanced": .bool(verdict.balanced),
      "imbalances": .array(verdict.imbalances.map(JSONValue.text)),
      "reason": JSONValue(verdict.reason),
      "exit_code": .count(UInt64(verdict.status.rawValue)),
      "interrupted": .bool(summary.end.wasInterrupted),
      "warnings": .array(summary.warnings.map(JSONValue.text)),
    ]
  }

  private var process: [String: JSONValue] {
    let settings = summary.basis.settings
    var members = summary.written.json(
      settings.output, recordsFile: settings.engine.detailedRecords ? settings.output.recordsFile : nil, lost: summary.total[.recordsLost])
    members["cpu_seconds"] = .object([
      "workers": .number(summary.end.workers.reduce(0) { $0 + $1.cpuSeconds }), "reporter": .number(summary.reporterCPUSeconds),
      "record_writer": .number(summary.written.recordCPUSeconds),
    ])
    return members
  }

  private var port: JSONValue {
    var members: [String: JSONValue] = [
      "kind": .text(kind), "interface": JSONValue(summary.basis.settings.port.interface),
      "device": JSONValue(summary.basis.settings.port.device), "driver": JSONValue(summary.end.ports.first?.driver),
      "driver_choice": JSONValue(summary.end.ports.first?.choice), "checksums": checksums,
      "steering": steering,
      "lost_buffers": summary.end.lostBuffers.map { JSONValue($0) } ?? .null,
    ]
    let counts = summary.end.ports.first?.counts
    // The ring device counts no octets; the workers do.
    members["received_bytes"] = counts.map { _ in .count(summary.total[.bytesReceived]) } ?? .null
    members["sent_bytes"] = counts.map { _ in .count(summary.total[.bytesSent]) } ?? .null
    members.merge(PortCounts.json(counts)) { first, _ in first }
    if let faults = summary.end.faults {
      members["faults"] = .object([
        "lost": JSONValue(faults.lost), "duplicated": JSONValue(faults.duplicated), "reordered": JSONValue(faults.reordered),
        "delayed": JSONValue(faults.delayed), "corrupted": JSONValue(faults.corrupted),
      ])
    }
    return .object(members)
  }

  private var checksums: JSONValue {
    func who(_ offload: ChecksumOffloads) -> JSONValue { .text(summary.end.checksums.contains(offload) ? "port" : "software") }
    return .object([
      "received_ipv4": who(.receivedIPv4), "received_tcp": who(.receivedTCP), "sent_ipv4": who(.sentIPv4), "sent_tcp": who(.sentTCP),
    ])
  }

  private var kind: String {
    let port = summary.basis.settings.port
    return port.interface != nil ? "interface" : port.vdev != nil ? "vdev" : port.pci != nil ? "pci" : port.kind.rawValue
  }

  private var steering: JSONValue { summary.steering?.json ?? .null }

  private var workers: JSONValue {
    .array(
      summary.workers.indices.map { index in
        var members = tally(summary.workers[index])
        members["worker"] = JSONValue(index)
        members["core"] = JSONValue(summary.basis.cores[index])
        members["cpu_seconds"] = .number(summary.end.workers[index].cpuSeconds)
        return .object(members)
      })
  }
}

extension PortCounts {
  /// Members of a port's object; all null where the port does not count.
  static func json(_ counts: PortCounts?) -> [String: JSONValue] {
    let values = [
      "received": counts?.received, "sent": counts?.sent, "missed": counts?.missed, "receive_errors": counts?.receiveErrors,
      "transmit_errors": counts?.transmitErrors, "no_buffer": counts?.noBuffer,
    ]
    return values.mapValues { $0.map(JSONValue.count) ?? .null }
  }
}

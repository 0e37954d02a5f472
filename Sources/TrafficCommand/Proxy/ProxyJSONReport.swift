import Configuration
import TCPEngine

/// The report for scripts. Its keys are documented and stay.
struct ProxyJSONReport {
  private let summary: ProxySummary

  init(_ summary: ProxySummary) { self.summary = summary }

  var document: String {
    let members: [String: JSONValue] = [
      "version": .text(programVersion),
      "connections": .object([
        "attempted": .count(summary.attempted), "completed": .count(summary[.completed]),
        "failed": .count(summary.attempted - min(summary.attempted, summary[.completed])),
      ]),
      "outcomes": named(ProxyOutcome.allCases) { summary[$0] },
      "counters": named(ProxyCounter.allCases) { summary[$0] },
      "drops": named(DropReason.allCases) { summary[$0] },
      "gauges": named(WorkerGauge.allCases) { summary[$0] },
      "rate": .object([
        "cps": .number(rate(summary.attempted)), "pps": .number(rate(summary[.framesSent])),
      ]),
      "cost": .object([
        "cycles_per_connection": JSONValue(summary.ticksPerConnection), "cycles_per_packet": JSONValue(summary.ticksPerPacket),
      ]),
      "ticks_per_second": .number(summary.basis.ticksPerSecond),
      "duration_seconds": .number(summary.seconds),
      "targets": targets,
      "ports": ports,
      "steering": summary.steering?.json ?? .null,
      "workers": workers,
      "huge_pages": summary.hugePages.map(JSONValue.bool) ?? .null,
      "configuration": .text(ProxyConfiguration.effective(summary.settings)),
      "balanced": .bool(summary.imbalances.isEmpty),
      "imbalances": .array(summary.imbalances.map(JSONValue.text)),
      "reason": JSONValue(summary.reason),
      "exit_code": .count(UInt64(summary.status.rawValue)),
      "interrupted": .bool(summary.end.wasInterrupted),
      "warnings": .array(summary.warnings.map(JSONValue.text)),
    ]
    return JSONValue.object(members.merging(files) { first, _ in first }).document
  }

  private var files: [String: JSONValue] {
    let output = summary.settings.output
    return summary.written.json(
      output, recordsFile: summary.settings.detailedRecords ? output.recordsFile : nil, lost: summary[.recordsLost])
  }

  private func rate(_ count: UInt64) -> Double { summary.seconds > 0 ? Double(count) / summary.seconds : 0 }

  private func named<Name: CounterName>(_ names: [Name], _ value: (Name) -> UInt64) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: names.map { ($0.key, .count(value($0))) }))
  }

  private var targets: JSONValue {
    .array(
      zip(summary.settings.servers.targets, summary.targets).map { target, counts in
        .object([
          "id": .text(target.name), "ip": .text("\(IPv4Address(target.address))"), "port": .count(UInt64(target.port)),
          "chosen": .count(counts.chosen), "failed": .count(counts.failed), "taken_out": .count(counts.takenOut),
        ])
      })
  }

  private var ports: JSONValue {
    .array(
      zip(summary.settings.ports, summary.end.ports).map { settings, port in
        let members: [String: JSONValue] = [
          "device": JSONValue(settings.device), "driver": .text(port.driver), "driver_choice": JSONValue(port.choice),
        ]
        return .object(members.merging(PortCounts.json(port.counts)) { first, _ in first })
      })
  }

  private var workers: JSONValue {
    .array(
      summary.statistics.enumerated().map { index, counts in
        .object([
          "worker": JSONValue(index), "core": JSONValue(summary.basis.cores[index]),
          "attempted": .count(counts.attempts(.client)), "outcomes": named(ProxyOutcome.allCases) { counts[$0] },
          "counters": named(ProxyCounter.allCases) { counts[$0] }, "drops": named(DropReason.allCases) { counts[$0] },
          "busy_ticks": .count(counts[.busyTicks]), "cpu_seconds": .number(summary.end.workers[index].cpuSeconds),
        ])
      })
  }
}

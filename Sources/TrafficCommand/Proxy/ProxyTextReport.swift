import TCPEngine

/// The report for people, 80 columns wide.
struct ProxyTextReport {
  private let summary: ProxySummary

  init(_ summary: ProxySummary) { self.summary = summary }

  var text: String {
    [overview, outcomes, counters, targets, drops, ports, summary.steering?.lines ?? [], workers, [conclusion]].filter { !$0.isEmpty }
      .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private var overview: [String] {
    var lines = [
      "Run",
      "  \("connections".left(24)) taken in \(count(summary.attempted)), completed \(count(summary[.completed]))",
      "  \("frames".left(24)) received \(count(summary[.framesReceived])), sent \(count(summary[.framesSent]))",
      "  \("octets of payload".left(24)) to servers \(count(summary[.toServerBytes])), to clients \(count(summary[.toClientBytes]))",
    ]
    if summary.seconds > 0 {
      lines.append("  \("connections per second".left(24)) \(count(UInt64(Double(summary.attempted) / summary.seconds)))")
    }
    if let connection = summary.ticksPerConnection, let packet = summary.ticksPerPacket {
      let clock = NumberText.fixed(summary.basis.ticksPerSecond / 1e9, 3)
      lines.append(
        "  \("ticks at \(clock) GHz".left(24)) a connection \(NumberText.fixed(connection, 0)), a frame \(NumberText.fixed(packet, 1))")
    }
    return lines
  }

  private var outcomes: [String] {
    guard summary.attempted > 0 else { return [] }
    let rows = ProxyOutcome.allCases.filter { summary[$0] > 0 }.map { ReportLine.named($0.key, summary[$0], $0.text) }
    let sum = summary.ended == summary.attempted ? "as many as were taken in" : "but \(count(summary.attempted)) were taken in"
    return ["Connections"] + rows + [ReportLine.named("sum", summary.ended, sum)]
  }

  private var counters: [String] {
    let rows = ProxyCounter.allCases.filter { summary[$0] > 0 }.map { ReportLine.named($0.key, summary[$0], $0.text) }
    return rows.isEmpty ? [] : ["What the proxy did"] + rows
  }

  private var targets: [String] {
    let rows = zip(summary.settings.servers.targets, summary.targets).map { target, counts in
      "  \(target.name.left(20)) \("\(IPv4Address(target.address)):\(target.port)".left(21))"
        + [counts.chosen, counts.failed, counts.takenOut].map { count($0).right(12) }.joined()
    }
    return ["Targets".left(44) + ["chosen", "failed", "taken out"].map { $0.right(12) }.joined()] + rows
  }

  private var drops: [String] {
    let reasons = DropReason.allCases.filter { summary[$0] > 0 }
    return reasons.isEmpty ? ["Drops: none"] : ["Drops"] + reasons.map { ReportLine.named($0.key, summary[$0], $0.text) }
  }

  private var ports: [String] {
    zip(summary.settings.ports, summary.end.ports).flatMap { settings, port in
      let frames = port.counts.map { ": received \(count($0.received)) frames, sent \(count($0.sent))" } ?? ""
      return ["Port \(settings.device ?? "") (\(port.driverName))" + frames] + port.lines
    }
  }

  private var workers: [String] {
    let seconds = summary.end.workers.reduce(0) { $0 + $1.cpuSeconds }
    var lines = [
      "CPU seconds: workers \(NumberText.fixed(seconds, 2)), reporter \(NumberText.fixed(summary.reporterCPUSeconds, 2))"
    ]
    if let pcap = summary.settings.output.pcap {
      lines.append(summary.written.captureLine(pcap))
    }
    if summary.settings.detailedRecords {
      lines.append(summary.written.recordsLine(summary.settings.output.recordsFile, lost: summary[.recordsLost]))
    }
    return lines + summary.imbalances.map { "Imbalance: \($0)" }
  }

  private var conclusion: String {
    ReportLine.wrapped(summary.reason.map { "Not a success: \($0)." } ?? "Success: all sums balance.")
  }

  private func count(_ value: UInt64) -> String { NumberText.grouped(value) }
}

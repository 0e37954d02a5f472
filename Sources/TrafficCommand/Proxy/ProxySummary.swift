import TCPEngine

/// All that a report tells of a proxy's run.
struct ProxySummary {
  let settings: ProxySettings
  let basis: RunBasis
  let hugePages: Bool?
  let warnings: [String]
  let statistics: [WorkerStatistics]
  let targets: [TargetCounters]
  let end: RunEnd
  let written: WrittenOutputs
  let reporterCPUSeconds: Double
  /// Why the report for scripts could not be written.
  var reportProblem: String?

  func sum(_ value: (WorkerStatistics) -> UInt64) -> UInt64 { statistics.reduce(0) { $0 + value($1) } }
  subscript(outcome: ProxyOutcome) -> UInt64 { sum { $0[outcome] } }
  subscript(counter: ProxyCounter) -> UInt64 { sum { $0[counter] } }
  subscript(reason: DropReason) -> UInt64 { sum { $0[reason] } }
  subscript(gauge: WorkerGauge) -> UInt64 { sum { $0[gauge] } }

  var attempted: UInt64 { sum { $0.attempts(.client) } }
  var ended: UInt64 { ProxyOutcome.allCases.reduce(0) { $0 + self[$1] } }

  /// From the first SYN that was taken in to the last end of a connection, in seconds.
  var seconds: Double {
    let accepts = statistics.map { $0[WorkerGauge.firstAccept] }
    let first = accepts.filter { $0 > 0 }.min() ?? 0
    let last = statistics.map { $0[WorkerGauge.lastClose] }.max() ?? 0
    return last > first && first > 0 ? Double(last - first) / basis.ticksPerSecond : 0
  }

  /// Busy ticks of the workers for each connection, and for each frame received; nil: there was none.
  var ticksPerConnection: Double? { attempted > 0 ? Double(self[.busyTicks]) / Double(attempted) : nil }
  var ticksPerPacket: Double? { self[.framesReceived] > 0 ? Double(self[.busyTicks]) / Double(self[.framesReceived]) : nil }

  var steering: SteeringReport? {
    end.steering.map {
      SteeringReport(
        choice: $0, replies: self[.bound] + self[.serversUnfit], astray: self[.repliesAstray], handedOver: self[.steeredElsewhere],
        lost: self[.handOverFull])
    }
  }

  /// What does not balance, a sentence each.
  var imbalances: [String] {
    var list: [String] = []
    for (worker, counts) in statistics.enumerated() {
      let ended = ProxyOutcome.allCases.reduce(0) { $0 + counts[$1] }
      if ended != counts.attempts(.client) {
        list.append("worker \(worker) took \(counts.attempts(.client)) connections in, but \(ended) ended")
      }
      let end = end.workers[worker]
      for (count, name) in [(end.slots, "connections"), (end.flows, "table entries"), (end.timers, "timers")] where count != 0 {
        list.append("worker \(worker) has \(count) \(name) left in use")
      }
    }
    if let problem = HandOverBalance.problem(handed: self[.steeredElsewhere], taken: self[.steeredHere], left: end.betweenWorkers) {
      list.append(problem)
    }
    if let lost = end.lostBuffers, lost != 0 { list.append("\(lost) packet buffers did not come back") }
    return list
  }

  /// Why the run is no success; nil: it is one.
  var reason: String? { end.failure ?? imbalances.first ?? written.problem ?? recordsProblem ?? reportProblem }

  private var recordsProblem: String? {
    RecordBalance.problem(
      lost: self[.recordsLost], made: self[.recordsWritten], written: settings.detailedRecords ? written.records.count : nil)
  }

  var status: ExitStatus { reason == nil ? .success : .failed }
}

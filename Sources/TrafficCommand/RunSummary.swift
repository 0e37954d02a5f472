import TCPEngine

/// All that a report tells of a run.
struct RunSummary {
  let basis: RunBasis
  let hugePages: Bool?
  let warnings: [String]
  let workers: [Tally]
  let total: Tally
  let end: RunEnd
  let written: WrittenOutputs
  let reporterCPUSeconds: Double

  init(
    basis: RunBasis, hugePages: Bool?, warnings: [String], workers: [Tally], end: RunEnd, written: WrittenOutputs,
    reporterCPUSeconds: Double
  ) {
    self.basis = basis
    self.hugePages = hugePages
    self.warnings = warnings
    self.workers = workers
    total = workers.dropFirst().reduce(into: workers[0]) { $0.add($1) }
    self.end = end
    self.written = written
    self.reporterCPUSeconds = reporterCPUSeconds
  }

  /// Simulated time tells nothing of speed.
  var isSimulated: Bool { basis.settings.port.kind == .memory }

  func seconds(_ ticks: Ticks) -> Double { Double(ticks) / basis.ticksPerSecond }
  func nanoseconds(_ ticks: Ticks) -> UInt64 { UInt64(Double(ticks) / basis.ticksPerSecond * 1e9) }

  /// Seconds from the start of the process to the first SYN; nil in simulated time, or when there was none.
  var startToFirstSYN: Double? {
    guard !isSimulated, total[.client].attempted > 0 else { return nil }
    return basis.startedAfter + seconds(total[.firstOpen] &- basis.startTicks)
  }

  var steering: SteeringReport? {
    end.steering.map {
      SteeringReport(
        choice: $0, replies: total[.client][.synAckReceived], astray: total[.repliesAstray], handedOver: total[.steeredElsewhere],
        lost: total[.handOverFull])
    }
  }

  /// Connections completed per second. For workers in sum it is over the time from the first SYN of all to the last close.
  func connectionsPerSecond(_ tally: Tally) -> Double { ratio(tally.judged.completed, seconds(tally.duration)) }

  /// Frames sent per second: on a looped wire each is received once, too.
  func packetsPerSecond(_ tally: Tally) -> Double { ratio(tally[.framesSent], seconds(tally.duration)) }

  /// HTTP responses received per second; nil where there are none.
  func requestsPerSecond(_ tally: Tally) -> Double? {
    guard basis.settings.engine.workload == .http, tally[.client].attempted > 0 else { return nil }
    return ratio(tally[.responsesReceived], seconds(tally.duration))
  }

  /// Bits of payload per second from one role to the other.
  func goodput(_ tally: Tally, from role: Role) -> Double { ratio(tally.carried(from: role) * 8, seconds(tally.duration)) }

  /// Ticks of the workers from the first SYN to the last close, by what they did; nil in simulated time.
  func ticksPerConnection(_ tally: Tally) -> Double? { isSimulated ? nil : ratio(tally.spanTicks, Double(tally.judged.completed)) }
  func ticksPerPacket(_ tally: Tally) -> Double? { isSimulated ? nil : ratio(tally.spanTicks, Double(tally[.framesSent])) }

  func packetsPerConnection(_ tally: Tally) -> Double { ratio(tally[.framesSent], Double(tally.judged.completed)) }

  /// The part of a worker's time in which something happened, from 0 to 1.
  func busy(_ tally: Tally) -> Double { min(1, ratio(tally[.busyTicks], Double(tally.spanTicks))) }

  private func ratio(_ count: UInt64, _ by: Double) -> Double { by > 0 ? Double(count) / by : 0 }
}

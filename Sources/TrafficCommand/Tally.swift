import Histogram
import TCPEngine

/// What was counted of a role.
struct RoleTally {
  var attempted: UInt64 = 0
  /// By the cases' raw values.
  var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
  var counters = [UInt64](repeating: 0, count: SegmentCounter.allCases.count)

  subscript(outcome: Outcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }
  subscript(counter: SegmentCounter) -> UInt64 { counters[Int(counter.rawValue)] }

  var ended: UInt64 { outcomes.reduce(0, +) }
  var completed: UInt64 { self[.completed] }
  var failed: UInt64 { attempted - min(attempted, completed) }
  var balances: Bool { attempted == ended }

  mutating func add(_ other: RoleTally) {
    attempted += other.attempted
    outcomes.add(other.outcomes)
    counters.add(other.counters)
  }
}

/// A worker's statistics at one moment, or several workers' in sum.
struct Tally {
  private var roles = [RoleTally](repeating: RoleTally(), count: Role.allCases.count)
  private var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)
  private var anomalies = [UInt64](repeating: 0, count: Anomaly.allCases.count)
  private var gauges = [UInt64](repeating: 0, count: WorkerGauge.allCases.count)
  private var http = [UInt64](repeating: 0, count: HTTPCounter.allCases.count)
  /// Responses, by status code.
  private(set) var statuses = [UInt64](repeating: 0, count: WorkerStatistics.statusCount)
  /// Nanoseconds, by the cases' raw values.
  private var latencies: [Histogram<UInt64>]
  /// From the first SYN to the last close, each worker's own span, in sum.
  private(set) var spanTicks: Ticks = 0
  /// A connection was opened or accepted: what is said of the first one is true.
  private var hasBegun: Bool

  /// - Parameter runStart: the first moment where nobody has opened or accepted a connection.
  init(_ statistics: WorkerStatistics, ticksPerSecond: Double, runStart: Ticks) {
    for role in Role.allCases {
      roles[Int(role.rawValue)].attempted = statistics.attempts(role)
      roles[Int(role.rawValue)].outcomes = Outcome.allCases.map { statistics[role, $0] }
      roles[Int(role.rawValue)].counters = SegmentCounter.allCases.map { statistics[role, $0] }
    }
    drops = DropReason.allCases.map { statistics[$0] }
    anomalies = Anomaly.allCases.map { statistics[$0] }
    gauges = WorkerGauge.allCases.map { statistics[$0] }
    http = HTTPCounter.allCases.map { statistics[$0] }
    statuses = (0..<WorkerStatistics.statusCount).map { statistics.responses(status: $0) }
    latencies = Latency.allCases.map { Self.nanoseconds(statistics, $0, ticksPerSecond) }
    hasBegun = roles.contains { $0.attempted > 0 }
    if self[.client].attempted == 0 {
      gauges[Int(WorkerGauge.firstOpen.rawValue)] = self[.firstAccept] > 0 ? self[.firstAccept] : runStart
    }
    if self[.lastClose] > self[.firstOpen] { spanTicks = self[.lastClose] - self[.firstOpen] }
  }

  subscript(role: Role) -> RoleTally { roles[Int(role.rawValue)] }
  subscript(reason: DropReason) -> UInt64 { drops[Int(reason.rawValue)] }
  subscript(anomaly: Anomaly) -> UInt64 { anomalies[Int(anomaly.rawValue)] }
  subscript(gauge: WorkerGauge) -> UInt64 { gauges[Int(gauge.rawValue)] }
  subscript(counter: HTTPCounter) -> UInt64 { http[Int(counter.rawValue)] }
  subscript(latency: Latency) -> Histogram<UInt64> { latencies[Int(latency.rawValue)] }

  func hasMeasured(_ latency: Latency) -> Bool { self[latency].totalCount > 0 }

  /// From the first SYN to the last close, whichever workers they are of.
  var duration: Ticks { self[.lastClose] > self[.firstOpen] ? self[.lastClose] - self[.firstOpen] : 0 }

  /// The role that a run is judged by: the client's, where there is one.
  var judged: RoleTally { self[.client].attempted > 0 ? self[.client] : self[.server] }

  /// Responses with a status of 400 or above.
  var refusals: UInt64 { statuses[400...].reduce(0, +) }

  /// Octets that one role sent to the other, as the receiver took them; where it is another program, as they were sent first.
  func carried(from role: Role) -> UInt64 {
    let receiver = self[role == .client ? .server : .client]
    return receiver.attempted > 0 ? receiver[.payloadBytesReceived] : self[role][.payloadBytesSent]
  }

  var dropped: UInt64 { drops.reduce(0, +) }

  mutating func add(_ other: Tally) {
    for index in roles.indices { roles[index].add(other.roles[index]) }
    drops.add(other.drops)
    http.add(other.http)
    statuses.add(other.statuses)
    anomalies.add(other.anomalies)
    for gauge in WorkerGauge.allCases where gauge != .firstOpen {
      let index = Int(gauge.rawValue)
      gauges[index] = gauge.combined(gauges[index], other.gauges[index])
    }
    takeFirstOpen(other)
    for index in latencies.indices { latencies[index].add(other.latencies[index]) }
    spanTicks += other.spanTicks
  }

  /// Of a worker that has had no connection it says nothing.
  private mutating func takeFirstOpen(_ other: Tally) {
    let index = Int(WorkerGauge.firstOpen.rawValue)
    if other.hasBegun { gauges[index] = hasBegun ? min(gauges[index], other.gauges[index]) : other.gauges[index] }
    hasBegun = hasBegun || other.hasBegun
  }

  /// A bucket counts as its highest value, so that no latency looks better than it was.
  private static func nanoseconds(
    _ statistics: WorkerStatistics, _ latency: Latency, _ ticksPerSecond: Double
  ) -> Histogram<UInt64> {
    var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    histogram.autoResize = true
    for bucket in 0..<LogarithmicBuckets.count {
      let count = statistics.histogram(latency, bucket: bucket)
      guard count > 0 else { continue }
      histogram.record(UInt64(Double(LogarithmicBuckets.upperBound(bucket)) / ticksPerSecond * 1e9), count: count)
    }
    return histogram
  }
}

extension WorkerGauge {
  /// Two workers' values taken together.
  fileprivate func combined(_ one: UInt64, _ other: UInt64) -> UInt64 {
    switch self {
    case .pacingLargestBurst, .pacingLargestGap, .lastClose: max(one, other)
    case .firstAccept: one == 0 || other == 0 ? max(one, other) : min(one, other)
    default: one + other
    }
  }
}

extension [UInt64] {
  fileprivate mutating func add(_ other: [UInt64]) {
    for index in indices { self[index] += other[index] }
  }
}

import Testing

@testable import TCPEngine

/// Each count has a place of its own.
@Suite struct WorkerStatisticsTests {
  private struct Count {
    let name: String
    let add: (WorkerStatistics, UInt64) -> Void
    let read: (WorkerStatistics) -> UInt64
  }

  /// A generator's, or a proxy's: their outcomes lie in one place, as no worker has both.
  private static func counts(ofProxy: Bool) -> [Count] {
    func times(_ count: UInt64, _ add: () -> Void) { for _ in 0..<count { add() } }
    var counts: [Count] = []
    for role in Role.allCases {
      for counter in SegmentCounter.allCases where counter != .unexpected {
        counts.append(Count(name: "\(role) \(counter)", add: { $0.count(role, counter, $1) }, read: { $0[role, counter] }))
      }
      counts.append(
        Count(name: "\(role) attempts", add: { all, count in times(count) { all.attempted(role) } }, read: { $0.attempts(role) }))
      for outcome in Outcome.allCases where !ofProxy {
        counts.append(
          Count(
            name: "\(role) \(outcome)", add: { all, count in times(count) { all.ended(role, outcome) } }, read: { $0[role, outcome] }))
      }
    }
    for outcome in ProxyOutcome.allCases where ofProxy {
      counts.append(Count(name: "\(outcome)", add: { all, count in times(count) { all.ended(outcome) } }, read: { $0[outcome] }))
    }
    for reason in DropReason.allCases {
      counts.append(Count(name: "\(reason)", add: { all, count in times(count) { all.dropped(reason) } }, read: { $0[reason] }))
    }
    for anomaly in Anomaly.allCases where anomaly != .none {
      counts.append(
        Count(name: "\(anomaly)", add: { all, count in times(count) { all.unexpected(.client, anomaly) } }, read: { $0[anomaly] }))
    }
    for gauge in WorkerGauge.allCases { counts.append(Count(name: "\(gauge)", add: { $0.add(gauge, $1) }, read: { $0[gauge] })) }
    for counter in HTTPCounter.allCases { counts.append(Count(name: "\(counter)", add: { $0.count(counter, $1) }, read: { $0[counter] })) }
    for counter in ProxyCounter.allCases { counts.append(Count(name: "\(counter)", add: { $0.count(counter, $1) }, read: { $0[counter] })) }
    for code in [0, 100, 999] as [UInt16] {
      counts.append(
        Count(
          name: "status \(code)", add: { all, count in times(count) { all.countStatus(code) } }, read: { $0.responses(status: Int(code)) }))
    }
    return counts
  }

  @Test(arguments: [false, true]) func noneCountsForAnother(ofProxy: Bool) {
    let link = WorkerLink()
    let counts = Self.counts(ofProxy: ofProxy)
    for (index, count) in counts.enumerated() { count.add(link.statistics, UInt64(index + 1)) }
    for (index, count) in counts.enumerated() { #expect(count.read(link.statistics) == index + 1, "\(count.name)") }
  }
}

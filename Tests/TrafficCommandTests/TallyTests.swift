import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct TallyTests {
  private func tally(_ role: Role?, first: Ticks = 0, last: Ticks = 0) -> Tally {
    let link = WorkerLink()
    if let role {
      link.statistics.attempted(role)
      link.statistics.ended(role, .completed)
      link.statistics.set(role == .client ? .firstOpen : .firstAccept, first)
      link.statistics.set(.lastClose, last)
    }
    return Tally(link.statistics, ticksPerSecond: 1e9, runStart: 100)
  }

  /// A worker that nobody came to says nothing of when the first connection began, in whatever order they are added up.
  @Test(arguments: [Role.client, .server]) func anIdleWorkerDoesNotLengthenTheRun(role: Role) {
    let busy = tally(role, first: 5_000, last: 9_000)
    for workers in [[busy, tally(nil)], [tally(nil), busy], [tally(nil), tally(nil), busy, tally(nil)]] {
      let total = workers.dropFirst().reduce(into: workers[0]) { $0.add($1) }
      #expect(total.duration == 4_000 && total.spanTicks == 4_000)
      #expect(total[.firstOpen] == 5_000)
    }
  }

  @Test func theFirstOfSeveralCounts() {
    var total = tally(.client, first: 5_000, last: 9_000)
    total.add(tally(.server, first: 4_000, last: 8_000))
    #expect(total.duration == 5_000)
  }

  @Test func nobodyHasBegun() {
    var total = tally(nil)
    total.add(tally(nil))
    #expect(total.duration == 0 && total[.firstOpen] == 100)
  }
}

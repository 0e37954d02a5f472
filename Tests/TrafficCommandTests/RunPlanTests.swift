import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct RunPlanTests {
  private let times = RunPlan.Times(
    duration: nil, linkWait: 5_000, serverWait: 1_000, closeGrace: 2_000, perConnection: 0, stopGrace: 1_000, resetCrossing: 20,
    resetLimit: 500, rest: 5...50)

  private func plan(total: UInt64?, duration: Ticks? = nil) -> RunPlan {
    var times = times
    times.duration = duration
    return RunPlan(times, total: total, start: 0)
  }

  private func counts(attempted: UInt64, clients: UInt64 = 0, servers: UInt64 = 0, signals: Int = 0) -> RunCounts {
    RunCounts(attempted: attempted, openClients: clients, openServers: servers, firstOpen: nil, stopSignals: signals)
  }

  @Test func leavesWhenAllHaveEnded() {
    var plan = plan(total: 10)
    #expect(plan.next(counts(attempted: 5, clients: 2), now: 1) == .run)
    #expect(plan.next(counts(attempted: 10, clients: 1), now: 2) == .run)
    #expect(plan.next(counts(attempted: 10, servers: 1), now: 3) == .run)
    #expect(plan.next(counts(attempted: 10), now: 4) == .leave)
    #expect(!plan.wasInterrupted && !plan.wasTimed)
  }

  @Test func beginsWhenTheWireHasALink() {
    var plan = RunPlan(times, total: 10, start: 0, waits: true)
    var counts = counts(attempted: 0)
    counts.hasLink = false
    #expect(plan.next(counts, now: 4_999) == .hold)
    counts.hasLink = true
    #expect(plan.next(counts, now: 4_999) == .run)
    #expect(!plan.lackedLink)
  }

  @Test func durationDoesNotCountTheWaitForALink() {
    var times = times
    times.duration = 100
    var plan = RunPlan(times, total: nil, start: 0, waits: true)
    var counts = counts(attempted: 0)
    counts.hasLink = false
    #expect(plan.next(counts, now: 1_000) == .hold)
    counts.hasLink = true
    #expect(plan.next(counts, now: 2_000) == .run)
    #expect(plan.next(counts, now: 2_099) == .run)
    #expect(plan.next(counts, now: 2_100) == .closeAll)
  }

  @Test func doesNotWaitForALinkForever() {
    var plan = RunPlan(times, total: 10, start: 0, waits: true)
    var counts = counts(attempted: 0)
    counts.hasLink = false
    #expect(plan.next(counts, now: 5_000) == .leave)
    #expect(plan.lackedLink && !plan.wasInterrupted)
  }

  @Test func aSignalEndsTheWaitForALink() {
    var plan = RunPlan(times, total: 10, start: 0, waits: true)
    var counts = counts(attempted: 0, signals: 1)
    counts.hasLink = false
    #expect(plan.next(counts, now: 1) == .leave)
    #expect(plan.wasInterrupted)
  }

  @Test func doesNotWaitForServersForever() {
    var plan = plan(total: 10)
    #expect(plan.next(counts(attempted: 10, servers: 1), now: 3) == .run)
    #expect(plan.next(counts(attempted: 10, servers: 1), now: 1_002) == .run)
    #expect(plan.next(counts(attempted: 10, servers: 1), now: 1_003) == .leave)
  }

  @Test func durationBeginsWithTheFirstConnection() {
    var plan = plan(total: nil, duration: 100)
    var counts = counts(attempted: 1, clients: 1)
    counts.firstOpen = 50
    #expect(plan.next(counts, now: 149) == .run)
    #expect(plan.next(counts, now: 150) == .closeAll)
    #expect(plan.wasTimed)
  }

  @Test func aLongRunIsLeftAloneAndAShortOneEndsAtOnce() {
    var plan = plan(total: nil, duration: 2_000)
    _ = plan.next(counts(attempted: 1, clients: 1), now: 1)
    #expect(plan.rest(at: 1) == 5)
    #expect(plan.rest(at: 400) == 20)
    #expect(plan.rest(at: 1_900) == 50)
    #expect(plan.rest(at: 1_970) == 30, "the end of the duration is not slept over")
    #expect(plan.rest(at: 1_999) == 5)
    #expect(plan.next(counts(attempted: 1, clients: 1), now: 2_000) == .closeAll)
    #expect(plan.rest(at: 2_500) == 5, "nobody sleeps while connections close")
  }

  @Test func whatDoesNotCloseInTimeIsReset() {
    var plan = plan(total: nil, duration: 100)
    #expect(plan.next(counts(attempted: 1, clients: 1), now: 100) == .closeAll)
    #expect(plan.next(counts(attempted: 1, clients: 1), now: 2_099) == .closeAll)
    #expect(plan.next(counts(attempted: 1, clients: 1), now: 2_100) == .resetAll)
    #expect(plan.next(counts(attempted: 1), now: 2_110) == .resetAll)
    #expect(plan.next(counts(attempted: 1), now: 2_120) == .leave)
  }

  @Test func closingManyMayTakeLonger() {
    var times = times
    times.duration = 100
    times.perConnection = 3
    var plan = RunPlan(times, total: nil, start: 0)
    #expect(plan.next(counts(attempted: 500, clients: 500, servers: 500), now: 100) == .closeAll)
    #expect(plan.next(counts(attempted: 500, clients: 1, servers: 500), now: 5_099) == .closeAll)
    // The servers' time begins when the last client has closed.
    #expect(plan.next(counts(attempted: 500, servers: 100), now: 5_099) == .closeAll)
    #expect(plan.next(counts(attempted: 500, servers: 1), now: 6_398) == .closeAll)
    // What a server end's peer has not closed by then is reset.
    #expect(plan.next(counts(attempted: 500, servers: 1), now: 6_399) == .resetAll)
    #expect(plan.next(counts(attempted: 500), now: 6_419) == .leave)
  }

  @Test func whatOfManyDoesNotCloseInTimeIsReset() {
    var times = times
    times.duration = 100
    times.perConnection = 3
    var plan = RunPlan(times, total: nil, start: 0)
    #expect(plan.next(counts(attempted: 500, clients: 500, servers: 500), now: 100) == .closeAll)
    #expect(plan.next(counts(attempted: 500, clients: 1, servers: 500), now: 5_100) == .resetAll)
  }

  @Test func aSignalStopsThenResetsThenLeaves() {
    var plan = plan(total: nil)
    #expect(plan.next(counts(attempted: 9, clients: 3, signals: 1), now: 10) == .stopOpening)
    #expect(plan.next(counts(attempted: 9, clients: 1, signals: 1), now: 1_009) == .stopOpening)
    #expect(plan.next(counts(attempted: 9, clients: 1, signals: 1), now: 1_010) == .resetAll)
    #expect(plan.next(counts(attempted: 9, clients: 1, signals: 1), now: 1_510) == .leave)
    #expect(plan.wasInterrupted)
  }

  @Test func aSignalLeavesAsSoonAsNothingIsOpen() {
    var plan = plan(total: nil)
    #expect(plan.next(counts(attempted: 9, clients: 3, servers: 3, signals: 1), now: 10) == .stopOpening)
    #expect(plan.next(counts(attempted: 9, servers: 1, signals: 1), now: 11) == .stopOpening)
    #expect(plan.next(counts(attempted: 9, signals: 1), now: 12) == .leave)
  }

  @Test func aSecondSignalLeavesAtOnce() {
    var plan = plan(total: nil)
    #expect(plan.next(counts(attempted: 9, clients: 3, signals: 2), now: 10) == .leave)
    #expect(plan.wasInterrupted)
  }

  @Test func commandsOnlyGoForward() {
    var plan = plan(total: nil, duration: 100)
    var last = WorkerCommand.run
    for (now, signals) in [(0, 0), (100, 0), (150, 1), (1_150, 1), (1_151, 1), (1_700, 1)] as [(Ticks, Int)] {
      let next = plan.next(counts(attempted: 1, clients: 1, signals: signals), now: now)
      #expect(next.rawValue >= last.rawValue)
      last = next
    }
    #expect(last == .leave)
  }
}

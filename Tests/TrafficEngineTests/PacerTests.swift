import Testing

@testable import TCPEngine

/// When connections are opened; ticks are microseconds here.
@Suite struct PacerTests {
  /// Moments at which one is opened, asked every `step` microseconds until the end.
  private func openings(_ pacer: Pacer, until end: Double, step: UInt64 = 100, start: UInt64 = 77) -> [Double] {
    var pacer = pacer
    var moments: [Double] = []
    for time in stride(from: 0, to: UInt64(end * 1e6), by: Int(step)) {
      for _ in 0..<pacer.due(now: start + time) {
        moments.append(Double(time) / 1e6)
        pacer.opened()
      }
    }
    return moments
  }

  @Test(arguments: [(1, 3), (3, 1), (7, 2), (333, 2), (9_999, 2)]) func oneEachInterval(_ rate: Int, _ seconds: Int) {
    let moments = openings(Pacer(rate: Double(rate), ticksPerSecond: 1e6, ramp: 0), until: Double(seconds))
    #expect(moments.count == rate * seconds)
    for (index, moment) in moments.enumerated() { #expect(abs(moment - Double(index) / Double(rate)) <= 1.01e-4) }
  }

  /// What opens in the ramp is half of what opens in as long a time after it, be it much or little.
  @Test(arguments: [(10, 10), (12, 10), (20, 1), (7, 3), (50, 1), (1_000, 2)]) func aRampBeginsAtOnceAndGrows(_ rate: Int, _ ramp: Int) {
    let pacer = Pacer(rate: Double(rate), ticksPerSecond: 1e6, ramp: Double(ramp))
    let moments = openings(pacer, until: Double(ramp + 2))
    let expected = Double(rate * ramp) / 2 + Double(2 * rate)
    #expect(abs(Double(moments.count) - expected) <= 1)
    let gaps = zip(moments.dropFirst(), moments).map { $0 - $1 }
    #expect(zip(gaps.dropFirst(), gaps).allSatisfy { $0 <= $1 + 2.01e-4 }, "it grows")
    #expect(gaps[0] <= (2 * Double(ramp) / Double(rate)).squareRoot() + 2e-4)
  }

  /// However late the run is told to stop: as many as the rate and the time come to.
  @Test(arguments: [(2_000, 3, 0, 1), (2_001, 3, 0, 2), (2_000, 4, 2, 1), (7, 2, 0, 3), (1, 1, 0, 1)])
  func nothingIsOpenedAfterTheDuration(_ rate: Int, _ seconds: Int, _ ramp: Int, _ workers: Int) {
    let moments = (0..<workers).flatMap { worker in
      openings(
        Pacer(
          rate: Double(rate), ticksPerSecond: 1e6, ramp: Double(ramp), duration: Double(seconds), worker: worker, workers: workers),
        until: Double(seconds) + 0.5)
    }
    let expected = rate * seconds - rate * ramp / 2
    #expect(ramp == 0 ? moments.count == expected : abs(moments.count - expected) <= 1, "\(moments.count)")
    #expect(moments.allSatisfy { $0 < Double(seconds) + 1e-3 })
  }

  /// Together as one alone, and no two at once.
  @Test(arguments: [0, 2]) func workersOpenInTurn(_ ramp: Int) {
    let alone = openings(Pacer(rate: 30, ticksPerSecond: 1e6, ramp: Double(ramp)), until: 4)
    let both = (0..<3).map { openings(Pacer(rate: 30, ticksPerSecond: 1e6, ramp: Double(ramp), worker: $0, workers: 3), until: 4) }
    #expect(both.joined().sorted() == alone)
    #expect(both.map(\.count).max()! - both.map(\.count).min()! <= 1)
  }

  /// Of a delay a second is made up for; the rest is counted, at the rate that there was.
  @Test(arguments: [0, 10]) func whatIsOldIsMissed(_ ramp: Int) {
    var pacer = Pacer(rate: 1_000, ticksPerSecond: 1e6, ramp: Double(ramp))
    let first = pacer.due(now: 0)
    #expect(first == 1)
    pacer.opened()
    let late = pacer.due(now: 14_000_000)
    #expect(late == Pacer.maximumBurst)
    let planned = ramp == 0 ? 13_001 : 5_000 + 3_001
    #expect(abs(Int(pacer.missed) - (planned - 1)) <= 1)
  }

  /// A worker that is put aside over the end of the duration: what came due in it is missed, though nobody asked any more.
  @Test func whatTheEndOvertakesIsMissed() {
    for workers in [1, 2] {
      var pacer = Pacer(rate: 100, ticksPerSecond: 1e6, ramp: 0, duration: 3, worker: workers - 1, workers: workers)
      _ = openings(pacer, until: 0.5)
      let due = pacer.due(now: 0) + pacer.due(now: 500_000)
      for _ in 0..<due { pacer.opened() }
      pacer.finish()
      #expect(Int(pacer.missed) == 300 / workers - due)
      pacer.finish()
      #expect(Int(pacer.missed) == 300 / workers - due, "once")
    }
    var endless = Pacer(rate: 100, ticksPerSecond: 1e6, ramp: 0)
    endless.finish()
    #expect(endless.missed == 0)
  }

  @Test func withoutARateThereIsNoWaiting() {
    var pacer = Pacer(rate: 0, ticksPerSecond: 1e6, ramp: 0)
    let due = pacer.due(now: 5)
    #expect(due == Pacer.maximumBurst && pacer.missed == 0)
  }
}

import Testing

@testable import TCPEngine

/// Delayed acknowledgments and keep-alive.
@Suite struct LivenessTests {
  /// What a server that only receives acknowledges, of 1,000,000 octets in 685 segments.
  private func acknowledgments(delay: UInt32, loss: Double = 0) -> (segments: Int, acknowledgments: Int) {
    let run = BulkTests.run(1, seed: 3, apart: true, captures: true) {
      $0.bulk.size = 1_000_000
      $0.faults.loss = loss
      $0.engine.tcp.acknowledgmentDelay = delay
    }.complete()
    run.expectAllCompleted()
    let sent = run.client.captured.compactMap { Frame($0)?.segment }.filter { $0.payloadLength > 0 }
    let answered = run.server.captured.compactMap { Frame($0)?.segment }.filter { $0.payloadLength == 0 && $0.flags.rawValue == 0x10 }
    return (sent.count, answered.count)
  }

  @Test func everySecondSegmentIsAcknowledged() {
    let (segments, atOnce) = acknowledgments(delay: 0)
    let (same, delayed) = acknowledgments(delay: 40)
    #expect(segments == same && atOnce >= segments - 1)
    #expect(delayed >= segments / 2 - 1 && delayed <= segments / 2 + 20, "\(delayed) for \(segments)")
  }

  @Test func nothingWaitsWhileSomethingIsMissing() {
    let (segments, delayed) = acknowledgments(delay: 40, loss: 0.02)
    #expect(delayed > segments / 2 + 20, "\(delayed) for \(segments)")
  }

  /// A response that nothing follows for half a second.
  @Test func aLoneSegmentIsAcknowledgedInTime() throws {
    let run = Simulation(
      settings(1) {
        $0.engine.finByClient = 2
        $0.engine.finByServer = 0
        $0.engine.thinkTime = 500
        $0.engine.tcp.acknowledgmentDelay = 100
      }, apart: true, captures: true)
    run.run { run.clientStatistics[.client, .payloadBytesReceived] == 16 }
    let (count, then) = (run.client.captured.count, run.now / 1_000_000)
    run.run(until: then + 98)
    #expect(run.client.captured.count == count)
    run.run(until: then + 103)
    try #require(run.client.captured.count == count + 1)
    let last = try #require(Frame(run.client.captured[count])?.segment)
    #expect(last.flags.rawValue == 0x10 && last.payloadLength == 0)
    run.complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.client, .retransmitted] == 0 && run.serverStatistics[.server, .retransmitted] == 0)
  }

  /// The answer carries the acknowledgment.
  @Test func anAnswerTakesTheAcknowledgmentAlong() {
    let run = Simulation(settings(100) { $0.engine.tcp.acknowledgmentDelay = 40 }).complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.framesSent] == 700)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func everyOctetUnderFaults(seed: UInt64) {
    let run = BulkTests.run(8, seed: seed) {
      $0.faults = Faults(loss: 0.03, duplicate: 0.03, reorder: 0.03, delay: 0.01, corrupt: 0.03)
      $0.bulk.size = 200_003
      $0.bulk.direction = .both
      $0.engine.tcp.acknowledgmentDelay = 40
      $0.engine.tcp.timestamps = seed % 2 == 0
    }.complete()
    #expect(run.clientStatistics[.client, .completed] == 8, "\(run.outcomes)")
    run.expectStreamsWhole()
  }

  private func idle(keepAlive: UInt32) -> Simulation {
    let run = Simulation(
      settings(50) {
        $0.engine.payloadSize = 0
        $0.engine.finByServer = 0
        $0.engine.tcp.keepAlive = keepAlive
        $0.engine.tcp.establishedTimeout = 5_000
      }, apart: true)
    run.run { run.server.open(.server) == 50 && run.client.open(.client) == 50 }
    return run
  }

  @Test func whoAnswersIsKept() {
    let run = idle(keepAlive: 1_000)
    run.run(until: 20_000)
    #expect(run.client.open(.client) == 50 && run.server.open(.server) == 50, "\(run.outcomes)")
    let asked = run.clientStatistics[.keepAlivesSent] + run.serverStatistics[.keepAlivesSent]
    #expect(asked >= 50 * 18 && asked <= 50 * 40, "\(asked)")
    run.leave()
  }

  @Test func withoutItSilenceEndsThem() {
    let run = idle(keepAlive: 0)
    run.run(until: 20_000)
    // Who gives up first tells the other.
    #expect(run.client.open(.client) == 0 && run.server.open(.server) == 0 && run.clientStatistics[.keepAlivesSent] == 0, "\(run.outcomes)")
    run.leave()
  }

  @Test func whoDoesNotAnswerIsGivenUp() {
    let run = idle(keepAlive: 1_000)
    // The other end hears nothing any more, and says nothing.
    while run.now < 20_000_000_000, run.client.open(.client) > 0 { _ = run.client.turn() }
    #expect(run.clientStatistics[.client, .idleTimeout] == 50, "\(run.outcomes)")
    #expect(run.clientStatistics[.keepAlivesSent] >= 50 * 3 && run.clientStatistics[.keepAlivesSent] <= 50 * 5)
    run.leave()
  }
}

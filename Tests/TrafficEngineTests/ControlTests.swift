import Testing

@testable import TCPEngine

/// Pace, bounds, commands, timeouts.
@Suite struct ControlTests {
  static let idle: @Sendable (inout TrafficSettings) -> Void = {
    $0.engine.payloadSize = 0
    $0.engine.finByServer = 0
    $0.engine.maxOpen = 1000
  }

  @Test(arguments: [100, 5_000, 50_000]) func pace(_ rate: Int) {
    let run = Simulation(
      settings(rate / 10 + 1) {
        $0.engine.cpsLimit = rate
        $0.engine.maxOpen = 5000
      })
    run.run { run.clientStatistics.attempts(.client) == UInt64(run.total) }
    #expect(abs(Double(run.now) / 1e6 - 100) < 3, "\(run.now) ns for a tenth of a second's connections")
    run.complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.pacingLargestBurst] <= 32 && run.clientStatistics[.pacingMissed] == 0)
    #expect(run.clientStatistics[.pacingLargestGap] <= UInt64(1_500_000 + 1_000_000_000 / rate))
  }

  @Test func ramp() {
    let run = Simulation(
      settings(100_000) {
        $0.engine.cpsLimit = 10_000
        $0.engine.ramp = 1_000_000_000
        $0.engine.maxOpen = 5000
      })
    var reached: [Double] = []
    for tenth in 1...12 as ClosedRange<UInt64> {
      run.run(until: tenth * 100)
      reached.append(Double(run.clientStatistics.attempts(.client)))
    }
    // rate t^2 / 2 while it grows, then rate t.
    for (index, count) in reached.enumerated() {
      let time = Double(index + 1) / 10
      let expected = time <= 1 ? 5_000 * time * time : 5_000 + 10_000 * (time - 1)
      #expect(abs(count - expected) < 60 + expected / 50, "\(count) for \(expected) at \(time) s")
    }
    #expect(run.clientStatistics[.pacingLargestBurst] <= 32)
    run.leave()
  }

  @Test(arguments: [1, 7, 64]) func maxOpenIsRespected(_ most: Int) {
    let run = Simulation(settings(300) { $0.engine.maxOpen = most })
    run.run {
      #expect(run.client.worker.engine.openClients <= most)
      return run.isDone
    }
    run.leave()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.peakOpenClients] <= UInt64(most))
  }

  @Test func stopOpening() {
    let run = Simulation(settings(1_000_000))
    run.turns(100)
    run.client.link.send(.stopOpening)
    run.turn()
    let attempted = run.clientStatistics.attempts(.client)
    run.run { run.client.open(.client) == 0 && run.server.open(.server) == 0 }
    run.leave()
    #expect(attempted > 0 && run.clientStatistics.attempts(.client) == attempted && run.clientStatistics[.client, .completed] == attempted)
  }

  static func established(_ connections: Int, apart: Bool = false, _ change: (inout TrafficSettings) -> Void = { _ in }) -> Simulation {
    let run = Simulation(
      settings(connections) {
        Self.idle(&$0)
        change(&$0)
      }, apart: apart)
    run.run { run.serverStatistics[.server, .ackOfSynAckReceived] == UInt64(connections) }
    return run
  }

  @Test(arguments: [false, true]) func closeAll(apart: Bool) {
    let run = Self.established(300, apart: apart)
    run.turns(100)
    #expect(run.client.open(.client) == 300)
    run.client.link.send(.closeAll)
    run.complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.client, .rstSent] == 0 && run.serverStatistics[.server, .rstSent] == 0)
  }

  @Test func closeAllByBoth() {
    let run = Self.established(200, apart: true)
    for station in run.stations { station.link.send(.closeAll) }
    run.complete()
    run.expectAllCompleted()
  }

  @Test func closeAllInTheMiddleOfTheLoad() {
    let run = Simulation(
      settings(1_000_000) {
        $0.faults = FaultTests.faults[4]
        $0.engine.payloadSize = 5000
        $0.engine.finByServer = 100
      })
    run.turns(300)
    run.client.link.send(.closeAll)
    run.run { run.client.open(.client) == 0 && run.server.open(.server) == 0 }
    run.leave()
    #expect(run.clientStatistics[.client, .completed] > 0, "\(run.outcomes)")
  }

  @Test func resetAll() {
    let run = Self.established(300, apart: true)
    run.client.link.send(.resetAll)
    run.complete()
    #expect(run.clientStatistics[.client, .abortedByUs] == 300, "\(run.outcomes)")
    #expect(run.serverStatistics[.server, .resetInEstablished] == 300)
    #expect(run.clientStatistics[.client, .rstSent] == 300 && run.serverStatistics[.server, .rstReceived] == 300)
  }

  @Test func resetAllOfBothRolesAtOnce() {
    let run = Self.established(100)
    run.client.link.send(.resetAll)
    run.complete()
    for role in Role.allCases {
      // Some are told by the peer's RST before the sweep comes to them.
      #expect(run.clientStatistics[role, .abortedByUs] + run.clientStatistics[role, .resetInEstablished] == 100, "\(run.outcomes)")
    }
  }

  @Test func leaveWithOpenConnections() {
    let run = Self.established(50)
    run.leave()
    #expect(run.clientStatistics[.client, .openAtStop] == 50 && run.serverStatistics[.server, .openAtStop] == 50)
  }

  /// However the wire is filled when the command comes: what still arrives begins nothing.
  @Test func leaveInTheMiddleOfTheLoad() {
    for turns in 1...40 {
      let run = Simulation(settings(1_000_000), seed: UInt64(turns))
      run.turns(turns)
      run.leave()
      #expect(run.clientStatistics[.client, .openAtStop] > 0)
    }
  }

  @Test(arguments: [(5_000, 60_000), (90_000, 20_000), (200_000, 60_000)] as [(UInt32, UInt32)])
  func silenceOfTheEstablished(established: UInt32, closing: UInt32) {
    let run = Self.established(20, apart: true) {
      $0.engine.tcp.establishedTimeout = established
      $0.engine.tcp.closingTimeout = closing
    }
    run.complete()
    #expect(run.clientStatistics[.client, .idleTimeout] + run.clientStatistics[.client, .resetInEstablished] == 20, "\(run.outcomes)")
    #expect(run.serverStatistics[.server, .idleTimeout] + run.serverStatistics[.server, .resetInEstablished] == 20, "\(run.outcomes)")
    #expect(abs(Double(run.now) / 1e6 - Double(established)) < 500)
  }

  @Test func nobodyAnswers() {
    let run = Simulation(
      settings(20) {
        $0.faults.loss = 1
        $0.engine.tcp.synSentTimeout = 1_000_000
      }
    ).complete()
    #expect(run.clientStatistics[.client, .synTimeout] == 20, "\(run.outcomes)")
    #expect(run.clientStatistics[.client, .synSent] == 20 && run.clientStatistics[.client, .retransmitted] == 120)
    #expect(run.clientStatistics[.client, .rstSent] == 0 && run.serverStatistics.attempts(.server) == 0)
    #expect(abs(Double(run.now) / 1e9 - 123) < 1, "1 + 2 + 4 ... + 32 + 60 s")
  }

  @Test func nobodyAnswersInTime() {
    let run = Simulation(
      settings(20) {
        $0.faults.loss = 1
        $0.engine.tcp.synSentTimeout = 5_000
      }
    ).complete()
    #expect(run.clientStatistics[.client, .synTimeout] == 20 && run.clientStatistics[.client, .retransmitted] == 40, "\(run.outcomes)")
  }

  @Test(arguments: [false, true]) func closedPort(apart: Bool) {
    let run = Simulation(settings(50) { $0.targets[0].port = 81 }, apart: apart).complete()
    #expect(run.clientStatistics[.client, .refused] == 50 && run.clientStatistics[.client, .rstReceived] == 50, "\(run.outcomes)")
    #expect(run.serverStatistics[.portClosed] == 50 && run.serverStatistics.attempts(.server) == 0)
  }

  @Test func fullTimeWaitPoolForgetsTheOldest() {
    let run = Simulation(settings(200) { $0.engine.timeWaitPool = 16 }).complete()
    run.expectAllCompleted()
    #expect(run.serverStatistics[.timeWaitEntered] == 200 && run.serverStatistics[.timeWaitRecycled] == 184)
  }

  @Test func timeWaitEnds() {
    let run = Simulation(settings(10) { $0.engine.tcp.timeWaitTimeout = 1_000 })
    run.run { run.isDone }
    #expect(run.client.worker.engine.inUse.flows == 10)
    run.run(until: 900)
    #expect(run.client.worker.engine.inUse.flows == 10)
    run.run(until: 1_100)
    #expect(run.client.worker.engine.inUse.flows == 0)
    run.leave()
  }
}

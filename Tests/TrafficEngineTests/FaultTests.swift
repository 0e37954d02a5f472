import Testing

@testable import TCPEngine

/// A wire that loses, repeats, reorders and spoils frames: every connection ends in a named outcome, and every octet counts.
@Suite struct FaultTests {
  static let faults: [Faults] = [
    Faults(loss: 0.05), Faults(duplicate: 0.05), Faults(reorder: 0.05), Faults(corrupt: 0.05),
    Faults(loss: 0.05, duplicate: 0.05, reorder: 0.05, corrupt: 0.05),
  ]

  static func run(
    _ faults: Faults, seed: UInt64, connections: Int = 200, _ change: (inout TrafficSettings) -> Void = { _ in }
  ) -> Simulation {
    Simulation(
      settings(connections) {
        $0.faults = faults
        $0.engine.timeWaitPool = 4096
        change(&$0)
      }, seed: seed
    ).complete()
  }

  @Test(arguments: faults, 1...10 as ClosedRange<UInt64>) func everyConnectionEnds(_ faults: Faults, seed: UInt64) {
    let run = Self.run(faults, seed: seed)
    #expect(run.clientStatistics[.client, .completed] > 190, "\(run.outcomes)")
    #expect(run.clientStatistics[.client, .payloadMismatch] == 0 && run.serverStatistics[.server, .payloadMismatch] == 0)
    if run.clientStatistics[.client, .completed] == 200, run.serverStatistics.attempts(.server) == 200 { run.expectStreamsWhole() }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>) func bulk(seed: UInt64) {
    let run = Self.run(Self.faults[4], seed: seed, connections: 20) {
      $0.engine.payloadSize = 7001
      $0.engine.responseSize = 9003
      $0.engine.finByServer = seed % 2 == 0 ? 2 : 0
      $0.engine.finByClient = seed % 2 == 0 ? 0 : 2
      $0.engine.tcp.timestamps = seed % 3 == 0
      $0.engine.tcp.receiveWindow = 8000
    }
    #expect(run.clientStatistics[.client, .completed] == 20, "\(run.outcomes)")
    #expect(run.clientStatistics[.client, .payloadBytesSent] == 20 * 2 * 7001)
    #expect(run.clientStatistics[.client, .payloadBytesReceived] == 20 * 2 * 9003)
  }

  @Test func everyClosingUnderFaults() {
    for (byClient, byServer, size) in [(1, 0, 16), (1, 1, 16), (1, 0, 0), (2, 3, 1)] {
      let run = Self.run(Self.faults[4], seed: 5) {
        $0.engine.finByClient = byClient
        $0.engine.finByServer = byServer
        $0.engine.payloadSize = size
      }
      #expect(run.clientStatistics[.client, .completed] > 190, "\(run.outcomes)")
    }
  }

  @Test func theSameSeedIsTheSameRun() {
    func run(_ seed: UInt64) -> Simulation {
      Simulation(
        settings(200) {
          $0.faults = Self.faults[4]
          $0.engine.tcp.timestamps = true
        }, seed: seed, captures: true
      ).complete()
    }
    let (first, second, other) = (run(7), run(7), run(8))
    #expect(first.client.captured == second.client.captured)
    #expect(first.client.captured.count > 1400)
    #expect(first.counters == second.counters)
    #expect(first.client.captured != other.client.captured)
  }
}

import Foundation
import Testing

@testable import TCPEngine

/// What is too long for `make test`: `make soak` says how many connections (SOAK_CONNECTIONS) and from which seed on (SOAK_SEED).
@Suite struct SoakTests {
  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
  /// Connections under one seed.
  private static let portion = 20_000

  /// A run with faults on both legs, to its end, its books checked; what was counted of it.
  private static func run(_ connections: Int, seed: UInt64) -> String {
    let corrupts = seed % 2 == 1
    let faults = Faults(loss: 0.02, duplicate: 0.02, reorder: 0.02, delay: 0.01, corrupt: corrupts ? 0.02 : 0)
    let simulation = ProxySimulation(connections, servers: 3, seed: seed, faults: faults) {
      $0.parameters.isImmediate = seed % 8 >= 6
      $0.parameters.connectTimeout = 30_000
      $0.parameters.requestTimeout = 60_000
      $0.parameters.timestamps = seed % 8 < 2 ? .always : .never
      $0.lingerPool = 65_536
      $0.parameters.lingerTimeout = 60_000
    } traffic: {
      $0.engine.tcp.timestamps = seed % 8 < 2
      $0.engine.timeWaitPool = 65_536
      if seed % 8 == 2 || seed % 8 == 3 {
        $0.engine.payloadSize = 3_001
        $0.engine.responseSize = 5_003
      }
    }
    simulation.complete(.max)
    // Now and then a handshake is lost as often as it is tried, or a client's clock, which is its own, is far ahead of the proxy's and it gives up
    // first: that has an outcome of its own, and is no more than one in ten thousand. A bit of
    // a SYN's MAC address is covered by no sum here: what answers it goes to another station. Nor is one of an ARP reply's: all that is open is led
    // astray until it is asked for again, some fifty each time. That one in fifty may meet.
    let unlucky = UInt64(corrupts ? max(2, connections / 50) : max(2, connections / 10_000))
    #expect(simulation.statistics[ProxyOutcome.completed] + unlucky >= UInt64(connections), "\(simulation.report)")
    #expect(simulation.clients.statistics[.client, .payloadMismatch] + simulation.servers.statistics[.server, .payloadMismatch] == 0)
    return simulation.report
  }

  @Test(.enabled(if: number("SOAK_CONNECTIONS") != nil)) func faultsOnBothLegs() {
    let total = Self.number("SOAK_CONNECTIONS") ?? 0
    let first = UInt64(Self.number("SOAK_SEED") ?? 1)
    var done = 0
    var seed = first
    while done < total {
      let portion = min(Self.portion, total - done)
      let report = Self.run(portion, seed: seed)
      if seed - first < 1 { #expect(Self.run(portion, seed: seed) == report, "seed \(seed): two runs of it differ") }
      done += portion
      seed += 1
      print("soak: the proxy, \(done) of \(total) connections, seed \(seed - 1): \(report)")
    }
  }
}

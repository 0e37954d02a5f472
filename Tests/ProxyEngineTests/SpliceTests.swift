import Testing

@testable import TCPEngine

@Suite struct SpliceTests {
  @Test func aConnectionIsBoundSplicedAndClosed() {
    let simulation = ProxySimulation(1)
    simulation.complete()
    simulation.expectAllCompleted()
    let statistics = simulation.statistics
    #expect(statistics[ProxyCounter.established] == 1 && statistics[ProxyCounter.bound] == 1)
  }

  @Test func manyConnections() {
    let simulation = ProxySimulation(5_000)
    simulation.complete()
    simulation.expectAllCompleted()
  }

  @Test func immediateMode() {
    let simulation = ProxySimulation(2_000) { $0.parameters.isImmediate = true }
    simulation.complete()
    simulation.expectAllCompleted()
  }

  @Test(arguments: [1, 4, 3] as [UInt64])
  func faultsOnBothLegs(_ seed: UInt64) {
    let faults = Faults(loss: 0.02, duplicate: 0.02, reorder: 0.02, corrupt: 0.02)
    let simulation = ProxySimulation(2_000, seed: seed, faults: faults) {
      $0.parameters.connectTimeout = 30_000
      $0.parameters.requestTimeout = 60_000
      $0.lingerPool = 4_096
      $0.parameters.lingerTimeout = 60_000
    }
    simulation.complete()
    simulation.expectAllCompleted()
  }

  /// Requests that are taken before they are whole, to servers of every kind of option.
  @Test(arguments: 0..<6) func faultsWhereTheProxyAnswersForTheRequest(_ seed: UInt64) {
    // No corruption: where it meets a SYN's MAC address, which no sum covers, the server would answer another station.
    let faults = Faults(loss: 0.02, duplicate: 0.02, reorder: 0.02)
    let simulation = ProxySimulation(300, rule: AtLeast(count: 4_000), inspector: Looker(), seed: seed, faults: faults) {
      $0.parameters.connectTimeout = 30_000
      $0.parameters.requestTimeout = 60_000
      $0.parameters.timestamps = seed % 2 == 0 ? .always : .never
      $0.lingerPool = 4_096
      $0.parameters.lingerTimeout = 60_000
    } traffic: {
      $0.engine.payloadSize = 9_003
      $0.engine.responseSize = 15_011
      $0.engine.tcp.timestamps = seed % 2 == 0
    } serverTraffic: {
      if seed % 3 == 1 { $0.engine.tcp.maximumSegmentSize = 536 }
      if seed % 3 == 2 { $0.engine.tcp.receiveWindow = 1_000_000 }
    }
    simulation.complete()
    simulation.expectAllCompleted()
    #expect(simulation.statistics[ProxyCounter.requestsTaken] == 300)
  }
}

/// Asks for more until there is so much.
private struct AtLeast: BindingRule {
  let count: Int

  func decide(_ request: FirstRequest) -> BindingDecision {
    request.count >= count || request.isWhole ? .group(0, key: 0, rule: 0) : .needMore
  }
}

/// Says of everything that it has changed it, and has not: sums must come out as they were.
private struct Looker: PayloadInspector {
  func begin(target: UInt16) {}
  func fromClient(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { .changed }
  func fromServer(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { .changed }
}

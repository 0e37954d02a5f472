import Testing

@testable import TCPEngine

/// What is written of each proxied connection.
@Suite struct ProxyRecordTests {
  private static func simulation(
    _ connections: Int, servers: Int = 1, faults: Faults = Faults(), _ change: (inout ProxySettings) -> Void = { _ in }
  ) -> ProxySimulation<FirstGroup, NoInspector> {
    ProxySimulation(
      connections, servers: servers, faults: faults,
      proxy: {
        $0.detailedRecords = true
        change(&$0)
      })
  }

  @Test func aRecordIs120Octets() { #expect(MemoryLayout<ProxyRecord>.stride == 120 && MemoryLayout<ProxyRecord>.size == 120) }

  @Test func bothLegsOfEachConnection() throws {
    let run = Self.simulation(300, servers: 3)
    run.complete()
    run.expectAllCompleted()
    let records = run.records.all
    #expect(records.count == 300 && run.statistics[.recordsWritten] == 300 && run.statistics[.recordsLost] == 0)
    for record in records {
      #expect(record.outcome == .completed && record.tries == 1 && record.rule == 0 && record.group == 0)
      #expect(record.listenPort == 80 && record.serverPort == 4000 && record.sourcePort >= 1_024)
      #expect(record.serverAddress.rawValue == ProxySimulation<FirstGroup, NoInspector>.serverAddress.rawValue + UInt32(record.target))
      #expect(record.repeatedByClient == 0 && record.repeatedByServer == 0)
      let steps = (0..<Int(record.stepCount)).map { ProxyStep(rawValue: UInt8(record.steps >> UInt32($0 * 4) & 15)) }
      #expect(steps == [.request, .connecting, .delivering, .spliced, .closing, .over])
      let times = (0..<Int(record.stepCount)).map { record.times[$0].ticks }
      #expect(times == times.sorted() && times[0] > 0)
    }
    #expect(Set(records.map(\.target)) == [0, 1, 2])
    expectSums(run, records)
  }

  @Test func sumsAreTheReports() {
    let run = Self.simulation(300, faults: Faults(loss: 0.03, duplicate: 0.02, reorder: 0.02))
    run.complete()
    let records = run.records.all
    #expect(records.count == Int(run.proxied))
    expectSums(run, records)
    for outcome in ProxyOutcome.allCases {
      #expect(UInt64(records.count { $0.outcome == outcome }) == run.statistics[outcome], "\(outcome)")
    }
  }

  /// Whatever passes while the connection is open; what is repeated afterwards comes behind its record.
  private func expectSums(
    _ run: ProxySimulation<FirstGroup, NoInspector>, _ records: [ProxyRecord], _ location: SourceLocation = #_sourceLocation
  ) {
    let toServer = records.reduce(0) { $0 + $1.bytesToServer }
    let toClient = records.reduce(0) { $0 + $1.bytesToClient }
    let late = run.statistics[ProxyCounter.repeatedByClient] + run.statistics[ProxyCounter.repeatedByServer]
    #expect(toServer <= run.statistics[.toServerBytes] && run.statistics[.toServerBytes] - toServer <= late * 16, sourceLocation: location)
    #expect(toClient <= run.statistics[.toClientBytes] && run.statistics[.toClientBytes] - toClient <= late * 16, sourceLocation: location)
    #expect(toServer > 0 && toClient > 0, sourceLocation: location)
  }

  @Test func oneInSoManyAndAllThatFailed() {
    let run = Self.simulation(400) { $0.output.recordsSample = 8 }
    run.complete()
    let records = run.records.all
    #expect(records.count > 20 && records.count < 100)
    #expect(records.allSatisfy { $0.clientInitial.rawValue % 8 == 0 })
  }
}

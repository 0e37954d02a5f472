import Testing

@testable import TCPEngine

/// The server role on several addresses and ports.
@Suite struct ListenerTests {
  private static func answers(_ bench: Bench, _ address: UInt32, _ port: UInt16) -> UInt8? {
    var segment = Bench.segment(.syn, 100)
    segment.destination = IPv4Address(address)
    segment.destinationPort = port
    return bench.send(segment).first?.segment.flags.rawValue
  }

  @Test func listensOnAllOfThemAndOnNoOther() {
    let bench = Bench {
      $0.engine.ports = [80...80, 8_000...8_063, 65_535...65_535]
      $0.port.servers = [
        AddressRange(first: IPv4Address(0x0a00_8000), last: IPv4Address(0x0a00_8003)),
        AddressRange(first: IPv4Address(0x0a00_9000), last: IPv4Address(0x0a00_9000)),
      ]
    }
    for address in [0x0a00_0001, 0x0a00_8000, 0x0a00_8003, 0x0a00_9000] as [UInt32] {
      for port in [80, 8_000, 8_063, 65_535] as [UInt16] { #expect(Self.answers(bench, address, port) == TCPFlags.synAck.rawValue) }
      for port in [79, 81, 7_999, 8_064, 65_534, 0] as [UInt16] { #expect(Self.answers(bench, address, port) == TCPFlags.rstAck.rawValue) }
    }
    for address in [0x0a00_7fff, 0x0a00_8004, 0x0a00_9001] as [UInt32] { #expect(Self.answers(bench, address, 80) == nil) }
    #expect(bench.statistics[.notOurAddress] == 3 && bench.statistics[.portClosed] == 24)
    // A client address is ours, but nobody listens there.
    #expect(Self.answers(bench, 0x0a00_0002, 80) == TCPFlags.rstAck.rawValue)
    #expect(bench.statistics[.client, .rstSent] == 1 && bench.statistics[.server, .rstSent] == 24)
    bench.finish()
  }

  @Test func withoutAPortThereIsNoServer() {
    let bench = Bench { $0.engine.port = 0 }
    #expect(Self.answers(bench, 0x0a00_0001, 80) == TCPFlags.rstAck.rawValue)
    #expect(Self.answers(bench, 0x0a00_0001, 0) == TCPFlags.rstAck.rawValue)
    #expect(bench.statistics.attempts(.server) == 0)
    bench.finish()
  }

  @Test func targetsOnSeveralPortsOfSeveralAddresses() {
    let addresses = [0x0a00_0001, 0x0a00_8000, 0x0a00_8001].map { IPv4Address($0) }
    let simulation = Simulation(
      settings(300) {
        $0.engine.ports = [4_000...4_002]
        $0.port.servers = [AddressRange(first: addresses[1], last: addresses[2])]
        $0.targets = addresses.flatMap { address in (4_000...4_002).map { Target(id: "\(address):\($0)", address: address, port: $0) } }
      })
    simulation.complete()
    simulation.expectAllCompleted()
  }

  @Test func aPairInTimeWaitIsOpenedAgainThere() throws {
    let bench = Bench { $0.engine.ports = [79...81] }
    _ = try bench.exchange()
    #expect(try #require(bench.send(Bench.segment(.syn, 200)).first).segment.flags == .synAck)
    #expect(bench.statistics[.timeWaitReopened] == 1)
    bench.finish()
  }
}

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

  @Test func allOfThemAnswerARPAndEcho() {
    let bench = Bench {
      $0.port.interface = "wire"
      $0.port.servers = [AddressRange(first: IPv4Address(0x0a00_8000), last: IPv4Address(0x0a00_8003))]
    }
    _ = bench.receivedOctets()
    for (address, isOurs) in [(0x0a00_0001, true), (0x0a00_8000, true), (0x0a00_8003, true), (0x0a00_8004, false)] as [(UInt32, Bool)] {
      var request = [UInt8](repeating: 0, count: ARPPacket.frameLength)
      request.withUnsafeMutableBytes {
        ARPPacket(.request, from: MACAddress(0x02_00_00_00_00_42), Bench.peer, to: MACAddress(0), IPv4Address(address)).write(
          to: $0.baseAddress!)
      }
      bench.put(request)
      bench.put(Self.echo(address))
      let answers = bench.receivedOctets().filter { $0[0..<6] != [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] }
      #expect(answers.count == (isOurs ? 2 : 0))
    }
    #expect(bench.statistics[.arpAnswered] == 3 && bench.statistics[.echoAnswered] == 3)
    bench.finish()
  }

  /// An ICMP echo request of 8 octets.
  private static func echo(_ address: UInt32) -> [UInt8] {
    var octets = Frame(Bench.segment(.syn, 1), to: Bench.mac).octets[..<14] + [0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0x42, 0x42]
    octets += (0..<4).map { UInt8(truncatingIfNeeded: address >> UInt32(24 - 8 * $0)) } + [8, 0, 0, 0, 0, 1, 0, 1]
    octets.withUnsafeMutableBytes { bytes in
      for (start, count, field) in [(14, 20, 24), (34, 8, 36)] {
        var sum = ChecksumSum()
        sum.add(UnsafeRawPointer(bytes.baseAddress! + start), count: count)
        bytes.baseAddress!.store(sum.field, at: field)
      }
    }
    return Array(octets)
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

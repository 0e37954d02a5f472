import CPacket
import Testing

@testable import TCPEngine

/// Stations that are not alone on the wire: ARP, echo, and where answers go.
@Suite struct NeighbourTests {
  private static func onInterface(_ connections: Int, _ change: (inout TrafficSettings) -> Void = { _ in }) -> TrafficSettings {
    settings(connections) {
      $0.port.interface = "wire"
      change(&$0)
    }
  }

  @Test(arguments: [0, 0.2])
  func twoStationsFindEachOther(loss: Double) {
    let simulation = Simulation(Self.onInterface(200) { $0.faults.loss = loss }, seed: 5, apart: true)
    simulation.complete()
    if loss == 0 {
      simulation.expectAllCompleted()
      #expect(simulation.clientStatistics[.arpRequestsSent] == 1 && simulation.serverStatistics[.arpAnswered] == 1)
      #expect(simulation.clientStatistics[.arpRepliesReceived] == 1)
    }
  }

  @Test func throughTheGateway() {
    let gateway = IPv4Address(0x0a00_0063)
    let settings = Self.onInterface(10) {
      $0.targets = [Target(id: "far", address: IPv4Address(0xc0a8_0101), port: 80)]
      $0.port.gateway = gateway
    }
    let wire = MemoryLink()
    let station = Station(settings, on: wire, end: .a, seed: 1, captures: true) { _ in }
    _ = station.turn()
    let request = station.captured.first.flatMap { $0.withUnsafeBytes { ARPPacket($0.baseAddress!, count: $0.count) } }
    #expect(request?.targetAddress == gateway && request?.senderAddress == settings.port.address)
    station.link.send(.leave)
    _ = station.turn()
    station.worker.io.discard()
    #expect(wire.outstanding == 0)
  }

  @Test func whoDoesNotAnswerIsGivenUpAfterThreeSeconds() {
    let settings = Self.onInterface(10) {
      $0.targets = [Target(id: "none", address: IPv4Address(0x0a00_0009), port: 80)]
      // Nobody takes the frames off the wire: no more are announced than it holds.
      $0.port.clients = [AddressRange(first: $0.port.address, last: $0.port.address)]
    }
    let wire = MemoryLink()
    let station = Station(settings, on: wire, end: .a, seed: 1, captures: false) { _ in }
    while station.statistics[.silentNeighbour] == 0, station.worker.clock.time < 10_000_000_000 { _ = station.turn() }
    #expect(station.statistics[.silentNeighbour] == 0x0a00_0009 && station.statistics[.arpRequestsSent] == 3)
    #expect((3_000...3_100).contains(station.worker.clock.time / 1_000_000))
    #expect(station.statistics.attempts(.client) == 0)
    station.link.send(.leave)
    _ = station.turn()
    station.worker.io.discard()
    #expect(wire.outstanding == 0)
  }

  @Test func onlyOurAddressesAreAnsweredFor() {
    let bench = Bench { $0.port.interface = "wire" }
    for (address, answered) in [(Bench.server, true), (IPv4Address(0x0a00_0002), true), (IPv4Address(0x0a00_ff01), false)] {
      let before = bench.statistics[.arpAnswered]
      var octets = [UInt8](repeating: 0, count: ARPPacket.frameLength)
      octets.withUnsafeMutableBytes {
        ARPPacket(.request, from: MACAddress(0x02_00_00_00_00_42), Bench.peer, to: MACAddress(0), address).write(to: $0.baseAddress!)
      }
      bench.send(octets)
      #expect((bench.statistics[.arpAnswered] == before + 1) == answered)
    }
    #expect(bench.statistics[.arpUnanswered] == 1)
    bench.finish()
  }

  /// A SYN-ACK that is sent again answers no frame; it goes to whose SYN it was.
  @Test func whatIsSentAgainGoesToWhomItBelongs() {
    let bench = Bench { $0.port.interface = "wire" }
    let peers = (1...40).map { MACAddress(0x02_00_00_01_00_00 | UInt64($0)) }
    for (index, peer) in peers.enumerated() {
      let syn = Bench.segment(.syn, 100, port: UInt16(6_000 + index))
      #expect(bench.send(Frame(syn, to: Bench.mac, from: peer).octets).count == 1)
    }
    var again: [Frame] = []
    for _ in 0..<20_000 where again.count < peers.count {
      _ = bench.station.turn()
      again += bench.received()
    }
    #expect(again.count == peers.count)
    for frame in again {
      let destination = frame.octets.withUnsafeBytes { MACAddress($0.baseAddress!.bigEndian64(0) >> 16) }
      #expect(destination == peers[Int(frame.segment.destinationPort) - 6_000])
    }
    bench.finish()
  }

  @Test func linksAreKeptOnceEach() {
    var links = PeerLinks(source: MACAddress(0x02_00_00_00_00_01))
    let addresses = (0..<3_000 as Range<UInt64>).map { MACAddress(0x02_00_00_00_00_00 | $0 &* 0x1_0001) }
    let first = addresses.map { links.index(of: $0) }
    let second = addresses.map { links.index(of: $0) }
    let distinct = Set(first.compactMap { $0 })
    #expect(first == second && distinct.count == addresses.count && !distinct.contains(0))
  }

  @Test func noMoreThanFitAConnection() {
    var links = PeerLinks(source: MACAddress(0x02_00_00_00_00_01))
    let taken = (1...40_000 as ClosedRange<UInt64>).compactMap { links.index(of: MACAddress($0 << 8)) }
    #expect(taken.count == 32_766 && taken.max() == 32_766)
  }
}

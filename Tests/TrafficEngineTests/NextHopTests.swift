import CPacket
import Testing

@testable import TCPEngine

/// A client's worker, and the other end of its wire by hand.
private final class Street {
  let wire = MemoryLink()
  let station: Station
  private let far: MemoryPort
  static let mac = PortSettings.loopedMAC
  static let hop = IPv4Address(0x0a00_0009)
  static let hopMAC = MACAddress(0x02_00_00_00_00_09)

  init(worker: Int = 0, board: NeighbourBoard? = nil, _ change: (inout TrafficSettings) -> Void = { _ in }) {
    let settings = settings(1) {
      $0.port.interface = "wire"
      $0.port.clients = [AddressRange(first: $0.port.address, last: $0.port.address)]
      $0.targets = [Target(id: "hop", address: Self.hop, port: 80)]
      $0.engine.tcp.synSentTimeout = 3_600_000
      $0.engine.tcp.synRetries = 60
      change(&$0)
    }
    station = Station(settings, on: wire, end: .a, seed: 3, captures: false, board: board) {
      $0.worker = worker
      $0.workers = worker + 1
    }
    far = MemoryPort(wire, end: .b)
  }

  var statistics: WorkerStatistics { station.statistics }
  var milliseconds: UInt64 { station.worker.clock.time / 1_000_000 }

  func arp(_ operation: ARPPacket.Operation, from mac: MACAddress, _ sender: IPv4Address, asking target: IPv4Address) {
    guard let packet = far.allocate() else { return }
    ARPPacket(operation, from: mac, sender, to: Self.mac, target).write(to: packet.bytes)
    packet.length = ARPPacket.frameLength
    var pointer = packet.release()
    _ = far.transmit(&pointer, count: 1)
    _ = station.turn()
  }

  /// What comes out until a moment.
  func run(until end: UInt64) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while milliseconds < end {
      _ = station.turn()
      while far.receive(place, count: 1) == 1 {
        let packet = Packet(owning: place[0])
        frames.append(Array(UnsafeRawBufferPointer(start: packet.bytes, count: packet.length)))
        far.free(packet)
      }
    }
    return frames
  }

  func finish() {
    station.link.send(.leave)
    _ = station.turn()
    station.worker.io.discard()
    #expect(station.worker.engine.inUse == (0, 0, 0) && wire.outstanding == 0)
  }
}

extension [UInt8] {
  fileprivate var destination: MACAddress { withUnsafeBytes { MACAddress($0.baseAddress!.bigEndian64(0) >> 16) } }
  fileprivate var arp: ARPPacket? { withUnsafeBytes { $0[12] == 8 && $0[13] == 6 ? ARPPacket($0.baseAddress!, count: $0.count) : nil } }
}

extension [[UInt8]] {
  /// Where requests for the next hop went.
  fileprivate var requests: [MACAddress] {
    filter { $0.arp?.operation == .request && $0.arp?.targetAddress == Street.hop }.map(\.destination)
  }
  fileprivate var announced: [IPv4Address] { compactMap { $0.arp }.filter { $0.senderAddress == $0.targetAddress }.map(\.senderAddress) }
  fileprivate var segments: [MACAddress] { filter { $0[12] == 8 && $0[13] == 0 }.map(\.destination) }
}

/// Next hops while a run goes on.
@Suite struct NextHopTests {
  @Test func isAskedAgainAfterHalfAMinute() {
    let street = Street()
    #expect(street.run(until: 10).requests == [.broadcast])
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    let known = street.milliseconds
    #expect(street.run(until: known + 29_900).requests.isEmpty)
    #expect(street.run(until: known + 30_100).requests == [Street.hopMAC], "by itself (RFC 1122 2.3.2.1)")
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(street.run(until: known + 59_900).requests.isEmpty)
    #expect(street.statistics[.neighboursLost] == 0 && street.statistics[.neighboursMoved] == 0)
    street.finish()
  }

  /// Whatever it says counts as an answer.
  @Test func isNotAskedWhileItIsHeardOf() {
    let street = Street()
    _ = street.run(until: 10)
    for _ in 0..<5 {
      street.arp(.request, from: Street.hopMAC, Street.hop, asking: Bench.server)
      #expect(street.run(until: street.milliseconds + 20_000).requests.isEmpty)
    }
    street.finish()
  }

  @Test func whoFallsSilentIsCountedAndKept() {
    let street = Street()
    _ = street.run(until: 10)
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    let known = street.milliseconds
    let requests = street.run(until: known + 35_500).requests
    #expect(requests == [Street.hopMAC, Street.hopMAC, Street.hopMAC, .broadcast, .broadcast, .broadcast])
    #expect(street.statistics[.neighboursLost] == 0)
    let later = street.run(until: known + 45_500)
    #expect(later.requests.count == 10 && later.requests.allSatisfy { $0 == .broadcast })
    #expect(street.statistics[.neighboursLost] == 1 && street.statistics[.neighboursSilent] == 1)
    #expect(street.statistics[.silentNeighbour] == 0, "that is for those that never answered")
    #expect(street.station.open(.client) == 1, "its connection lives by its own timers")
    #expect(later.segments.allSatisfy { $0 == Street.hopMAC })
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(street.statistics[.neighboursLost] == 1 && street.statistics[.neighboursSilent] == 0)
    #expect(street.run(until: street.milliseconds + 29_900).requests.isEmpty)
    street.finish()
  }

  @Test func connectionsFollowANewMACAddress() {
    let street = Street()
    _ = street.run(until: 10)
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(street.run(until: street.milliseconds + 100).segments == [Street.hopMAC])
    let other = MACAddress(0x02_00_00_00_00_0a)
    street.arp(.request, from: other, Street.hop, asking: Street.hop)
    let segments = street.run(until: street.milliseconds + 2_000).segments
    #expect(!segments.isEmpty && segments.allSatisfy { $0 == other }, "the SYN that is sent again")
    #expect(street.statistics[.neighboursMoved] == 1 && street.statistics[.arpAnnouncementsReceived] == 1)
    street.finish()
  }

  @Test func aGivenMACAddressStays() {
    let street = Street { $0.targets[0].mac = Street.hopMAC }
    street.arp(.request, from: MACAddress(0x02_00_00_00_00_0a), Street.hop, asking: Street.hop)
    let frames = street.run(until: 40_000)
    #expect(frames.requests.isEmpty && frames.segments.allSatisfy { $0 == Street.hopMAC })
    street.finish()
  }

  @Test func oneRequestForAllBehindAGateway() {
    let street = Street {
      $0.targets = (1...50).map { Target(id: "\($0)", address: IPv4Address(0xc0a8_0100 + $0), port: 80) }
      $0.port.gateway = Street.hop
    }
    #expect(street.run(until: 10).requests == [.broadcast])
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(street.station.worker.engine.unresolvedTargets == 0)
    street.finish()
  }

  @Test func ourAddressesAreAnnouncedTwice() {
    let street = Street {
      $0.port.servers = [AddressRange(first: IPv4Address(0x0a00_0020), last: IPv4Address(0x0a00_0022))]
      $0.port.clients = [AddressRange(first: IPv4Address(0x0a00_0100), last: IPv4Address(0x0a00_0163))]
    }
    let own =
      [0x0a00_0001, 0x0a00_0020, 0x0a00_0021, 0x0a00_0022].map { IPv4Address($0) } + (0x0a00_0100...0x0a00_0163).map { IPv4Address($0) }
    let first = street.run(until: 1_500)
    #expect(first.announced == own)
    #expect(first.filter { $0.arp?.senderAddress == $0.arp?.targetAddress }.allSatisfy { $0.destination == .broadcast })
    #expect(street.run(until: 10_000).announced == own)
    #expect(street.statistics[.arpAnnouncementsSent] == 208)
    street.finish()
  }

  @Test func whoClaimsOurAddressIsCounted() {
    let street = Street()
    street.arp(.request, from: Street.hopMAC, Bench.server, asking: Bench.server)
    street.arp(.reply, from: Street.hopMAC, Bench.server, asking: Street.hop)
    #expect(street.statistics[.addressConflicts] == 2)
    street.finish()
  }

  /// Nobody else has our MAC address, whatever a proxy of ARP says: what is sent there comes back, or never leaves.
  @Test func noNeighbourHasOurMACAddress() {
    let street = Street()
    #expect(street.run(until: 10).requests.count == 1)
    street.arp(.reply, from: Bench.mac, Street.hop, asking: Bench.server)
    #expect(street.run(until: 100).segments.isEmpty)
    street.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(street.run(until: 200).segments == [Street.hopMAC])
    street.arp(.reply, from: Bench.mac, Street.hop, asking: Bench.server)
    _ = street.run(until: 300)
    #expect(street.statistics[.neighboursMoved] == 0)
    street.finish()
  }

  /// The answer arrives on one worker's queue, and not on that of the one who asks.
  @Test func workersTellEachOther() {
    var shared = TrafficSettings()
    shared.port.interface = "wire"
    shared.targets = [Target(id: "hop", address: Street.hop, port: 80)]
    let board = TrafficEngine<ExchangeWorkload>.neighbourBoard(shared)
    let (asking, hearing) = (Street(worker: 0, board: board), Street(worker: 1, board: board))
    #expect(asking.run(until: 10).requests.count == 1 && hearing.run(until: 10).requests.isEmpty)
    hearing.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(asking.run(until: 100).segments == [Street.hopMAC])
    #expect(hearing.run(until: 100).segments == [Street.hopMAC])
    // The same again is news too: it is there.
    let known = asking.milliseconds
    _ = asking.run(until: known + 25_000)
    hearing.arp(.reply, from: Street.hopMAC, Street.hop, asking: Bench.server)
    #expect(asking.run(until: known + 50_000).requests.isEmpty)
    asking.finish()
    hearing.finish()
  }

  private static func announcement(_ mac: MACAddress, _ address: IPv4Address) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: ARPPacket.frameLength)
    octets.withUnsafeMutableBytes { ARPPacket(.request, from: mac, address, to: MACAddress(0), address).write(to: $0.baseAddress!) }
    return octets
  }

  @Test func theServersClientsAreFollowed() {
    let bench = Bench { $0.port.interface = "wire" }
    let (first, second, third) = (MACAddress(0x02_00_00_00_00_51), MACAddress(0x02_00_00_00_00_52), MACAddress(0x02_00_00_00_00_53))
    #expect(bench.send(Frame(Bench.segment(.syn, 100), to: Bench.mac, from: first).octets).count == 1)
    bench.put(Self.announcement(second, Bench.peer))
    bench.put(Self.announcement(second, Bench.peer))
    #expect(bench.statistics[.peersMoved] == 1)
    var again: [[UInt8]] = []
    for _ in 0..<20_000 where again.isEmpty {
      _ = bench.station.turn()
      again = bench.receivedOctets().filter { Frame($0) != nil }
    }
    #expect(again.map(\.destination) == [second])
    // Behind a MAC address with two addresses there may be two stations, or one that has moved only one of them.
    var other = Bench.segment(.syn, 100, port: 6000)
    other.source = IPv4Address(0x0a00_4243)
    #expect(bench.send(Frame(other, to: Bench.mac, from: second).octets).count == 1)
    bench.put(Self.announcement(third, Bench.peer))
    #expect(bench.statistics[.peersMoved] == 1)
    _ = bench.receivedOctets()
    bench.finish()
  }

  @Test func aStationThatMovesWithoutEndDoesNotFillTheTable() {
    var links = PeerLinks(source: Street.mac)
    #expect(links.index(of: MACAddress(1 << 8), address: Bench.peer) == 1)
    var moves = 0
    for number in 2...100_000 as ClosedRange<UInt64> where links.follow(Bench.peer, to: MACAddress(number << 8)) { moves += 1 }
    #expect(moves > 30_000)
    #expect(links.index(of: MACAddress(3 << 40), address: IPv4Address(0)) == 2)
  }

  /// Stations that are announced at ever other places, and then strangers: who asks for one that is not known must be answered all the same.
  @Test func aTableThatIsFullEndsItsSearches() {
    var links = PeerLinks(source: Street.mac)
    _ = links.index(of: MACAddress(1 << 8), address: Bench.peer)
    for number in 2...70_000 as ClosedRange<UInt64> { _ = links.follow(Bench.peer, to: MACAddress(number << 8)) }
    var strangers = 0
    for number in 1...70_000 as ClosedRange<UInt64> where links.index(of: MACAddress(number << 8 | 1)) != nil { strangers += 1 }
    #expect(strangers > 20_000 && strangers < 32_767)
  }

  /// Back and forth between two places takes two entries.
  @Test func aStationThatGoesBackAndForthDoesNotFillTheTable() {
    var links = PeerLinks(source: Street.mac)
    let places = [MACAddress(1 << 8), MACAddress(2 << 8)]
    let index = links.index(of: places[0], address: Bench.peer)
    for number in 1...200_001 where !links.follow(Bench.peer, to: places[number % 2]) { Issue.record("not followed any more") }
    #expect(links.index(of: places[1]) == index)
  }
}

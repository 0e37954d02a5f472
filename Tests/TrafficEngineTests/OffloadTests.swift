import CPacket
import Testing

@testable import TCPEngine

/// A server's worker whose port sees to checksums: the test is that port.
private final class OffloadBench {
  let wire = MemoryLink()
  let station: Station
  private let far: MemoryPort

  struct Sent {
    var octets: [UInt8]
    var flags: UInt64
    var lengths: UInt64
  }

  init(_ checksums: ChecksumOffloads, vlan: UInt16 = 0) {
    let settings = settings(0) {
      $0.targets = []
      $0.engine.port = 80
      $0.port.vlan = vlan
    }
    station = Station(settings, on: wire, end: .a, seed: 3, captures: false) {
      $0.connections = 0
      $0.checksums = checksums
    }
    far = MemoryPort(wire, end: .b)
  }

  /// A frame goes in as the port hands it on; what comes out as it is handed to the port.
  func send(_ octets: [UInt8], flags: UInt64) -> [Sent] {
    guard let packet = far.allocate() else { return [] }
    packet.bytes.copyMemory(from: octets, byteCount: octets.count)
    packet.length = octets.count
    var pointer = packet.release()
    pointer.pointee.ol_flags = flags
    _ = far.transmit(&pointer, count: 1)
    _ = station.turn()
    var sent: [Sent] = []
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while far.receive(place, count: 1) == 1 {
      let buffer = place[0]
      let octets = Array(UnsafeRawBufferPointer(start: packet_data(buffer), count: Int(buffer.pointee.pkt_len)))
      sent.append(Sent(octets: octets, flags: buffer.pointee.ol_flags, lengths: buffer.pointee.tx_offload))
      far.free(Packet(owning: buffer))
    }
    return sent
  }
}

@Suite struct OffloadTests {
  private static let verified = UInt64(PACKET_IPV4_VERIFIED) | UInt64(PACKET_TCP_VERIFIED)
  private static let syn = Frame(Bench.segment(.syn, 100), to: Bench.mac).octets

  /// The frame with a wrong sum of the IPv4 header, of TCP, or both.
  private static func spoilt(ip: Bool, tcp: Bool) -> [UInt8] {
    var octets = syn
    if ip { octets[24] ^= 0x40 }
    if tcp { octets[50] ^= 0x40 }
    return octets
  }

  /// What the port has verified is believed; whatever else it says, it is looked at here, and what is wrong is dropped by its usual name.
  @Test func whatIsVerifiedIsBelieved() {
    let bench = OffloadBench([.receivedIPv4, .receivedTCP])
    #expect(bench.send(Self.spoilt(ip: false, tcp: true), flags: Self.verified).count == 1)
    #expect(bench.send(Self.spoilt(ip: true, tcp: true), flags: Self.verified).count == 1)
    #expect(bench.station.statistics.attempts(.server) == 1)
    let bad = UInt64(1 << 3)
    for flags in [0, bad, UInt64(PACKET_IPV4_VERIFIED), UInt64(PACKET_IPV4_VERIFIED) | bad] {
      #expect(bench.send(Self.spoilt(ip: false, tcp: true), flags: flags).isEmpty)
    }
    #expect(bench.station.statistics[.tcpChecksum] == 4)
    #expect(bench.send(Self.spoilt(ip: true, tcp: false), flags: UInt64(PACKET_TCP_VERIFIED)).isEmpty)
    #expect(bench.station.statistics[.ipChecksum] == 1)
  }

  /// Flags are rubbish where nothing was asked of the port: a ring hands on what the sender left there.
  @Test func withoutOffloadFlagsMeanNothing() {
    let bench = OffloadBench([])
    #expect(bench.send(Self.spoilt(ip: false, tcp: true), flags: Self.verified).isEmpty)
    #expect(bench.station.statistics[.tcpChecksum] == 1)
    let sent = bench.send(Self.syn, flags: 0)
    #expect(sent.count == 1 && sent[0].flags & UInt64(PACKET_SUM_TCP) == 0 && Frame(sent[0].octets) != nil)
  }

  @Test(arguments: [0, 5] as [UInt16]) func sumsAreLeftToThePort(vlan: UInt16) throws {
    let bench = OffloadBench([.sentIPv4, .sentTCP], vlan: vlan)
    let syn = vlan == 0 ? Self.syn : Self.syn[..<12] + [0x81, 0, 0, 5] + Self.syn[12...]
    let sent = try #require(bench.send(syn, flags: 0).first)
    #expect(sent.flags == UInt64(PACKET_IS_IPV4) | UInt64(PACKET_SUM_TCP) | UInt64(PACKET_SUM_IPV4))
    #expect(sent.lengths == (vlan == 0 ? 14 : 18) | 20 << 7)
    var octets = vlan == 0 ? sent.octets : Array(sent.octets[..<12] + sent.octets[16...])
    #expect(octets[24] == 0 && octets[25] == 0)
    // The port's part.
    let completed = octets.withUnsafeMutableBytes { bytes in
      let place = bytes.baseAddress!
      var header = ChecksumSum()
      header.add(place + 14, count: 20)
      place.store(header.field, at: 24)
      return PartialChecksum.complete(place, count: bytes.count)
    }
    #expect(completed)
    #expect(Frame(octets)?.segment.flags == .synAck)
  }

  /// A port that has only TCP's: IPv4's is there.
  @Test func theOthersAreComputedHere() throws {
    let bench = OffloadBench(.sentTCP)
    var octets = try #require(bench.send(Self.syn, flags: 0).first).octets
    let completed = octets.withUnsafeMutableBytes { PartialChecksum.complete($0.baseAddress!, count: $0.count) }
    #expect(completed && Frame(octets) != nil)
  }

  /// Only segments are left to the port: what else goes out is whole.
  @Test func echoIsWhole() throws {
    let bench = OffloadBench(.all)
    let sent = try #require(bench.send(ICMPMessage.echo(from: Bench.peer, to: Bench.server), flags: Self.verified).first)
    #expect(sent.flags & (UInt64(PACKET_SUM_TCP) | UInt64(PACKET_SUM_IPV4)) == 0)
    var sum = ChecksumSum()
    sent.octets.withUnsafeBytes { sum.add($0.baseAddress! + 34, count: 11) }
    #expect(sum.folded == 0xffff)
  }
}

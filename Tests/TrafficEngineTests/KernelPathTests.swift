import CPacket
import Testing

@testable import TCPEngine

/// The engine's side of the kernel path; the test is the thread that carries.
@Suite struct KernelPathTests {
  private final class Channel {
    let place = UnsafeMutablePointer<KernelChannel>.allocate(capacity: 1)
    /// Buffers to be filled.
    private(set) var empties: [PacketPointer] = []

    init() { place.initialize(to: KernelChannel(sends: true)) }

    deinit {
      place.deinitialize(count: 1)
      place.deallocate()
    }

    /// What was handed over; each buffer goes back as `kind`.
    func handed(backAs kind: KernelParcel.Kind = .done) -> [[UInt8]] {
      var frames: [[UInt8]] = []
      while let parcel = place.pointee.toKernel.peek() {
        let packet = parcel.pointee.packet
        if parcel.pointee.kind == .empty {
          empties.append(packet)
        } else {
          frames.append(Array(UnsafeRawBufferPointer(start: packet_data(packet), count: Int(packet.pointee.pkt_len))))
          give(packet, kind)
        }
        place.pointee.toKernel.consume(1)
      }
      return frames
    }

    private func give(_ packet: PacketPointer, _ kind: KernelParcel.Kind) {
      let isGiven = place.pointee.fromKernel.push(KernelParcel(packet, kind))
      #expect(isGiven)
    }

    func send(_ octets: [UInt8]) {
      let packet = empties.removeLast()
      packet_data(packet).update(from: octets, count: octets.count)
      packet_set_length(packet, UInt32(octets.count))
      give(packet, .frame)
    }

    func giveBack() {
      _ = handed()
      for packet in empties { give(packet, .done) }
      empties = []
    }
  }

  private static func bench(_ channel: Channel) -> Bench {
    let bench = Bench(kernel: UnsafePointer(channel.place)) {
      $0.port.interface = "wire"
      $0.port.clients = [AddressRange(first: IPv4Address(0x0a00_0002), last: IPv4Address(0x0a00_0003))]
    }
    _ = bench.station.turn()
    return bench
  }

  private static func finish(_ bench: Bench, _ channel: Channel) {
    channel.giveBack()
    bench.station.worker.closeKernelPath()
    bench.finish()
  }

  /// UDP in IPv4 from the peer to the server's address, its sums right.
  private static func datagram(_ payload: [UInt8] = Array("what is the time".utf8), to mac: MACAddress = Bench.mac, flags: UInt16 = 0)
    -> [UInt8]
  {
    var octets = Frame(Bench.segment(.syn, 1), to: mac).octets[..<14] + [0x45, 0]
    let length = 20 + 8 + payload.count
    func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
    octets += word(length) + [0, 1] + word(Int(flags)) + [64, 17, 0, 0] + [10, 0, 0x42, 0x42, 10, 0, 0, 1]
    octets += word(7_000) + word(53) + word(8 + payload.count) + [0, 0] + payload
    var header = ChecksumSum()
    octets.withUnsafeBytes { header.add($0.baseAddress! + 14, count: 20) }
    octets.withUnsafeMutableBytes { $0.baseAddress!.store(header.field, at: 24) }
    return Array(octets)
  }

  private static func segment(to port: UInt16, _ flags: TCPFlags = .syn) -> TCPSegment {
    var segment = Bench.segment(flags, 100, 7)
    segment.destinationPort = port
    return segment
  }

  @Test func whatIsNotOursGoesToTheKernel() {
    let channel = Channel()
    let bench = Self.bench(channel)
    _ = bench.receivedOctets()
    var version6 = Self.datagram()
    version6[12] = 0x86
    version6[13] = 0xdd
    var multicast = Self.datagram()
    multicast[0] = 0x01
    let other = Frame(Self.segment(to: 5_000), to: Bench.mac).octets
    let frames =
      [Self.datagram(), other, Frame(Self.segment(to: 5_000, .ack), to: Bench.mac).octets, version6, multicast]
      + [Self.datagram(flags: 0x2000), Self.datagram(flags: 0x0005)]
    for frame in frames {
      bench.put(frame)
      #expect(channel.handed() == [frame])
    }
    #expect(bench.receivedOctets().isEmpty)
    #expect(bench.statistics[.framesToKernel] == UInt64(frames.count))
    #expect(DropReason.allCases.allSatisfy { bench.statistics[$0] == 0 })
    Self.finish(bench, channel)
  }

  @Test func whatIsOursDoesNot() {
    let channel = Channel()
    let bench = Self.bench(channel)
    _ = channel.handed()
    #expect(bench.send(Self.segment(to: 80)).first?.segment.flags == .synAck)
    var late = Self.segment(to: 80, .ack)
    late.sourcePort = 77
    #expect(bench.send(late).first?.segment.flags == .rst, "a segment without a connection, to a port where we listen")
    var client = Self.segment(to: 5_000)
    client.destination = IPv4Address(0x0a00_0002)
    #expect(bench.send(client).first?.segment.flags == .rstAck, "an address that is ours alone")
    // Not to this station, a fragment of TCP, a sum that is wrong.
    bench.put(Self.datagram(to: MACAddress(0x02_00_00_00_00_77)))
    var fragment = Self.datagram(flags: 0x2000)
    fragment[23] = 6
    fragment[24...25] = [0, 0]
    var header = ChecksumSum()
    fragment.withUnsafeBytes { header.add($0.baseAddress! + 14, count: 20) }
    fragment.withUnsafeMutableBytes { $0.baseAddress!.store(header.field, at: 24) }
    bench.put(fragment)
    var spoilt = Frame(Self.segment(to: 5_000), to: Bench.mac).octets
    spoilt[40] ^= 1
    bench.put(spoilt)
    #expect(channel.handed().isEmpty && bench.statistics[.framesToKernel] == 0)
    #expect(bench.statistics[.unknownProtocol] == 1 && bench.statistics[.ipFragment] == 1 && bench.statistics[.tcpChecksum] == 1)
    Self.finish(bench, channel)
  }

  @Test func neighboursAreSharedWithTheKernel() {
    let channel = Channel()
    let bench = Self.bench(channel)
    _ = channel.handed()
    _ = bench.receivedOctets()
    func arp(_ operation: ARPPacket.Operation, _ target: IPv4Address) -> [UInt8] {
      var octets = [UInt8](repeating: 0, count: ARPPacket.frameLength)
      octets.withUnsafeMutableBytes {
        ARPPacket(operation, from: MACAddress(0x02_00_00_00_00_42), Bench.peer, to: Bench.mac, target).write(to: $0.baseAddress!)
      }
      return octets
    }
    bench.put(arp(.request, Bench.server))
    #expect(channel.handed().isEmpty && bench.receivedOctets().count == 1, "for our address we answer")
    for frame in [arp(.reply, Bench.server), arp(.request, Bench.peer), arp(.request, IPv4Address(0x0a00_0077))] {
      bench.put(frame)
      #expect(channel.handed() == [frame])
    }
    #expect(bench.statistics[.arpUnanswered] == 0 && bench.statistics[.arpRepliesReceived] == 1)
    Self.finish(bench, channel)
  }

  @Test func aSumLeftToADeviceIsCompleted() {
    let channel = Channel()
    let bench = Self.bench(channel)
    for count in [1, 2, 17, 1_000] {
      var octets = Self.datagram(Array(repeating: 0xa5, count: count))
      var pseudo = ChecksumSum()
      octets.withUnsafeBytes { pseudo.add($0.baseAddress! + 26, count: 8) }
      pseudo.add(field: 17)
      pseudo.add(field: UInt16(8 + count))
      let folded = pseudo.folded
      octets.withUnsafeMutableBytes { $0.baseAddress!.store(folded, at: 40) }
      bench.put(octets)
      let handed = channel.handed()
      #expect(handed.count == 1)
      var sum = ChecksumSum()
      handed[0].withUnsafeBytes { sum.add($0.baseAddress! + 34, count: 8 + count) }
      sum.add(UInt64(pseudo.folded))
      #expect(sum.folded == 0xffff)
    }
    Self.finish(bench, channel)
  }

  @Test func whatTheKernelSendsGoesOut() {
    let channel = Channel()
    let bench = Self.bench(channel)
    _ = bench.receivedOctets()
    _ = channel.handed()
    #expect(channel.empties.count == KernelChannel.empties)
    let frames = (1...150).map { Self.datagram(Array(repeating: UInt8($0), count: $0)) }
    var out: [[UInt8]] = []
    for frame in frames {
      channel.send(frame)
      _ = bench.station.turn()
      _ = channel.handed()
      out += bench.receivedOctets()
    }
    #expect(out == frames && bench.statistics[.framesFromKernel] == 150)
    #expect(channel.empties.count == KernelChannel.empties)
    Self.finish(bench, channel)
  }

  @Test func aFullRingAndARefusalAreDropsByName() {
    let channel = Channel()
    let bench = Self.bench(channel)
    _ = channel.handed()
    for _ in 0..<KernelChannel.capacity + 10 { bench.put(Self.datagram()) }
    #expect(bench.statistics[.framesToKernel] == UInt64(KernelChannel.capacity) && bench.statistics[.kernelRingFull] == 10)
    #expect(channel.handed(backAs: .refused).count == KernelChannel.capacity)
    for _ in 0..<20 { _ = bench.station.turn() }
    #expect(bench.statistics[.kernelRefused] == UInt64(KernelChannel.capacity))
    Self.finish(bench, channel)
  }
}

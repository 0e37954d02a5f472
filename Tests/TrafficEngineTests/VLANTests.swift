import CPacket
import Testing

@testable import TCPEngine

@Suite struct VLANTests {
  private static let tag: [UInt8] = [0x81, 0x00, 0x00, 0x05]

  private static func tagged(_ frame: [UInt8], _ tag: [UInt8] = Self.tag) -> [UInt8] { frame[..<12] + tag + frame[12...] }

  private static func untagged(_ frame: [UInt8]) throws -> [UInt8] {
    try #require(Array(frame[12..<16]) == tag, "a frame without our tag went out")
    return Array(frame[..<12] + frame[16...])
  }

  private static func bench(kernel: UnsafePointer<KernelChannel>? = nil) -> Bench {
    let bench = Bench(kernel: kernel) {
      $0.port.vlan = 5
      if kernel != nil { $0.port.interface = "wire" }
    }
    _ = bench.station.turn()
    _ = bench.receivedOctets()
    return bench
  }

  @Test func segmentsHaveTheTagBothWays() throws {
    let bench = Self.bench()
    bench.put(Self.tagged(Frame(Bench.segment(.syn, 100), to: Bench.mac).octets))
    let out = try #require(bench.receivedOctets().first)
    let answer = try #require(Frame(try Self.untagged(out)))
    #expect(answer.segment.flags == .synAck && answer.segment.acknowledgment.rawValue == 101)
    bench.finish()
  }

  @Test func withoutItTheyAreNotOurs() {
    let bench = Self.bench()
    let syn = Frame(Bench.segment(.syn, 100), to: Bench.mac).octets
    for octets in [
      syn, Self.tagged(syn, [0x81, 0, 0, 6]), Self.tagged(syn, [0x88, 0xa8, 0, 5]), Self.tagged(Self.tagged(syn), [0x81, 0, 0, 4]),
    ] {
      bench.put(octets)
    }
    #expect(bench.receivedOctets().isEmpty)
    #expect(bench.statistics[.otherVlan] == 4 && bench.statistics.attempts(.server) == 0)
    bench.finish()
  }

  /// What refuses a tag is of no VLAN: then a tag is an EtherType that we do not know.
  @Test func whereThereIsNoneATagIsUnknown() {
    let bench = Bench()
    #expect(bench.send(Self.tagged(Frame(Bench.segment(.syn, 100), to: Bench.mac).octets)).isEmpty)
    #expect(bench.statistics[.unknownEtherType] == 1)
    bench.finish()
  }

  @Test func arpAndEchoHaveIt() throws {
    let bench = Self.bench()
    let sender = MACAddress(0x02_00_00_00_00_99)
    var request = [UInt8](repeating: 0, count: ARPPacket.frameLength)
    request.withUnsafeMutableBytes {
      ARPPacket(.request, from: sender, Bench.peer, to: MACAddress(0), Bench.server).write(to: $0.baseAddress!)
    }
    bench.put(Self.tagged(request))
    let reply = try Self.untagged(try #require(bench.receivedOctets().first))
    let arp = try #require(reply.withUnsafeBytes { ARPPacket($0.baseAddress!, count: $0.count) })
    #expect(arp.operation == .reply && arp.senderAddress == Bench.server && arp.targetMAC == sender)

    bench.put(Self.tagged(ICMPMessage.echo(from: Bench.peer, to: Bench.server)))
    let answer = try Self.untagged(try #require(bench.receivedOctets().first))
    #expect(answer[34] == 0 && Array(answer[26..<30]) == [10, 0, 0, 1])
    #expect(bench.statistics[.arpAnswered] == 1 && bench.statistics[.echoAnswered] == 1)
    bench.finish()
  }

  /// What the kernel is given has no tag, and what it sends gets it.
  @Test func theKernelSeesNoTag() throws {
    let channel = UnsafeMutablePointer<KernelChannel>.allocate(capacity: 1)
    channel.initialize(to: KernelChannel(sends: true))
    defer {
      channel.deinitialize(count: 1)
      channel.deallocate()
    }
    let bench = Self.bench(kernel: UnsafePointer(channel))
    var udp = Frame(Bench.segment(.syn, 1), to: Bench.mac).octets
    udp[23] = 17
    let sum = (UInt16(udp[24]) << 8 | UInt16(udp[25])) &- 11
    (udp[24], udp[25]) = (UInt8(sum >> 8), UInt8(sum & 255))
    bench.put(Self.tagged(udp))
    var handed: [[UInt8]] = []
    var sends = true
    while let parcel = channel.pointee.toKernel.peek() {
      let packet = parcel.pointee.packet
      var kind = KernelParcel.Kind.done
      if parcel.pointee.kind == .frame {
        handed.append(Array(UnsafeRawBufferPointer(start: packet_data(packet), count: Int(packet.pointee.pkt_len))))
      } else if sends {
        sends = false
        packet_data(packet).update(from: udp, count: udp.count)
        packet_set_length(packet, UInt32(udp.count))
        kind = .frame
      }
      channel.pointee.toKernel.consume(1)
      let given = channel.pointee.fromKernel.push(KernelParcel(packet, kind))
      #expect(given)
    }
    #expect(handed == [udp])
    for _ in 0..<20 { _ = bench.station.turn() }
    #expect(try bench.receivedOctets().map(Self.untagged).contains(udp))
    bench.station.worker.closeKernelPath()
    bench.finish()
  }

  @Test func aWholeRunWithFaults() {
    let run = Simulation(
      settings(300) {
        $0.port.vlan = 4_094
        $0.faults = Faults(loss: 0.02, duplicate: 0.02, reorder: 0.02)
      }, apart: true, captures: true
    ).complete()
    run.expectAllCompleted()
    #expect(run.client.captured.allSatisfy { $0[12..<16].elementsEqual([0x81, 0x00, 0x0f, 0xfe]) })
  }

  /// Octets on the wire count the tags, also of what a full wire has refused.
  @Test func theTagIsPutOnOnce() {
    let run = Simulation(
      settings(400) {
        $0.port.vlan = 9
        $0.engine.maxOpen = 400
      }, captures: true, depth: 64
    ).complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.transmitRefused] > 0)
    #expect(run.client.captured.allSatisfy { $0[12..<18].elementsEqual([0x81, 0x00, 0, 9, 8, 0]) })
    #expect(run.clientStatistics[.bytesSent] == UInt64(run.client.captured.reduce(0) { $0 + $1.count }))
  }
}

import CPacket
import Testing

@testable import TCPEngine

@Suite struct JumboTests {
  private static func jumbo(_ settings: inout TrafficSettings) {
    settings.port.mtu = 9_000
    settings.engine.tcp.maximumSegmentSize = 8_960
  }

  @Test(arguments: [Faults(), Faults(loss: 0.02, duplicate: 0.01, reorder: 0.03)]) func bulk(_ faults: Faults) {
    let run = BulkTests.run(3, captures: true) {
      Self.jumbo(&$0)
      $0.faults = faults
      $0.bulk.size = 1_000_003
      $0.bulk.direction = .both
    }.complete()
    run.expectAllCompleted()
    #expect(run.client.captured.map(\.count).max() == 9_014)
  }

  @Test func withTimestampsAndATagAFrameStillFits() {
    let run = BulkTests.run(2, captures: true) {
      Self.jumbo(&$0)
      $0.port.vlan = 100
      $0.engine.tcp.timestamps = true
      $0.bulk.size = 300_000
    }.complete()
    run.expectAllCompleted()
    #expect(run.client.captured.map(\.count).max() == 9_018)
  }

  /// RFC 6928 2: before the first acknowledgment, ten segments, 14,600 octets, or two segments if these are longer.
  @Test(arguments: [(536, 5_360), (1_460, 14_600), (4_000, 12_000), (8_960, 17_920)] as [(UInt16, UInt64)])
  func theInitialWindow(mss: UInt16, octets: UInt64) {
    let run = Simulation(
      settings(1) {
        Self.jumbo(&$0)
        $0.engine.tcp.maximumSegmentSize = mss
        $0.engine.payloadSize = 100_000
      }, apart: true)
    run.run { run.clientStatistics[.client, .payloadBytesSent] > 0 }
    #expect(run.clientStatistics[.client, .payloadBytesSent] == octets)
    run.complete().expectAllCompleted()
  }

  /// A driver hands on in several buffers what does not fit one.
  @Test func whatIsLongerThanABufferIsDropped() {
    let wire = MemoryLink()
    let station = Station(settings(0) { $0.targets = [] }, on: wire, end: .a, seed: 1, captures: false) { $0.connections = 0 }
    let far = MemoryPort(wire, end: .b)
    guard let packet = far.allocate() else { return }
    let octets = Frame(Bench.segment(.syn, 100), to: Bench.mac).octets
    packet.bytes.copyMemory(from: octets, byteCount: octets.count)
    packet.length = octets.count
    var pointer = packet.release()
    pointer.pointee.nb_segs = 2
    pointer.pointee.pkt_len += 2_000
    let taken = far.transmit(&pointer, count: 1)
    #expect(taken == 1)
    _ = station.turn()
    #expect(station.statistics[.frameTooLong] == 1 && station.statistics.attempts(.server) == 0)
    #expect(wire.outstanding == 0 && wire.inFlight == 0)
  }

  @Test func buffersFollowTheMTU() {
    var port = PortSettings()
    #expect(port.bufferRoom == 2_176)
    port.mtu = 9_000
    #expect(port.bufferRoom >= 128 + 9_022 && port.bufferRoom < 10_000)
    port.pci = "0000:01:00.0"
    #expect(port.bufferRoom == 128 + 16_384, "NICs divide memory in powers of two")
    port.mtu = 4_000
    #expect(port.bufferRoom == 128 + 4_096)
  }
}

import Testing

@testable import TCPEngine

/// What has only the sum of its pseudo-header: from a local Linux stack it is whole, from anybody else it is damaged.
@Suite struct SumlessTests {
  /// As a stack leaves it to a device.
  private static func sumless(_ segment: TCPSegment, _ payload: [UInt8] = [], from source: UInt64) -> [UInt8] {
    var octets = Frame(segment, payload: payload, to: Bench.mac, from: MACAddress(source)).octets
    octets.withUnsafeMutableBytes { PartialChecksum.leave($0.baseAddress!, withHeader: false) }
    return octets
  }

  @Test func aStationIsBelievedFromItsSYNOn() throws {
    let bench = Bench { $0.port.interface = "wire" }
    let (local, other) = (0x02_00_00_00_00_07, 0x02_00_00_00_00_08) as (UInt64, UInt64)
    let synAck = try #require(bench.send(Self.sumless(Bench.segment(.syn, 100), from: local)).first)
    let ack = synAck.segment.sequence.rawValue &+ 1
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack), from: local))
    #expect(bench.statistics[.unsummedAccepted] == 2 && bench.statistics[.server, .ackOfSynAckReceived] == 1)
    // The same segment from a station that has sent no SYN, and a SYN whose sum is whole proves nothing.
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack), [1, 2], from: other))
    bench.send(Frame(Bench.segment(.syn, 900, port: 5001), to: Bench.mac, from: MACAddress(other)).octets)
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack), [1, 2], from: other))
    #expect(bench.statistics[.unsummedAccepted] == 2 && bench.statistics[.tcpChecksum] == 2)
  }

  /// Nobody leaves sums out on a wire that only we are on.
  @Test func notOnALoopedWire() {
    let bench = Bench()
    #expect(bench.send(Self.sumless(Bench.segment(.syn, 100), from: 7)).isEmpty)
    #expect(bench.statistics[.unsummedAccepted] == 0 && bench.statistics[.tcpChecksum] == 1)
  }
}

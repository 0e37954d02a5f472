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

  private static let (local, other) = (0x02_00_00_00_00_07, 0x02_00_00_00_00_08) as (UInt64, UInt64)

  /// A connection of a station's, with a SYN that has a sum or not; the number that acknowledges our SYN-ACK, or nil when the SYN was not taken.
  private static func open(_ bench: Bench, _ port: UInt16, from source: UInt64, hasSum: Bool) -> UInt32? {
    let syn = Bench.segment(.syn, 100, port: port)
    let answer = bench.send(hasSum ? Frame(syn, to: Bench.mac, from: MACAddress(source)).octets : sumless(syn, from: source)).first
    return answer.map { $0.segment.sequence.rawValue &+ 1 }
  }

  @Test func aStationWhoseSYNHasNoSumIsBelieved() throws {
    let bench = Bench { $0.port.interface = "wire" }
    let ack = try #require(Self.open(bench, 5000, from: Self.local, hasSum: false))
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack, port: 5000), from: Self.local))
    #expect(bench.statistics[.unsummedAccepted] == 2 && bench.statistics[.server, .ackOfSynAckReceived] == 1)
    // A router's own stack: what it passes on has sums.
    _ = try #require(Self.open(bench, 5001, from: Self.local, hasSum: true))
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack, port: 5000), [1, 2], from: Self.local))
    #expect(bench.statistics[.unsummedAccepted] == 3 && bench.statistics[.tcpChecksum] == 0)
  }

  @Test func aStationThatSumsIsBelievedAfterTwoSYNs() throws {
    let bench = Bench { $0.port.interface = "wire" }
    let ack = try #require(Self.open(bench, 5000, from: Self.other, hasSum: true))
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack, port: 5000), [1, 2], from: Self.other))
    #expect(bench.statistics[.unsummedAccepted] == 0 && bench.statistics[.tcpChecksum] == 1)
    #expect(Self.open(bench, 5001, from: Self.other, hasSum: false) == nil, "it may be damaged")
    _ = try #require(Self.open(bench, 5002, from: Self.other, hasSum: true))
    _ = try #require(Self.open(bench, 5001, from: Self.other, hasSum: false))
    bench.send(Self.sumless(Bench.segment(.ack, 101, ack, port: 5000), [1, 2], from: Self.other))
    #expect(bench.statistics[.unsummedAccepted] == 2 && bench.statistics[.tcpChecksum] == 2)
  }

  /// Its connection is older than we are, or another station has its place in the table.
  @Test func aStationThatHasNotBeenHeardIsBelieved() {
    let bench = Bench { $0.port.interface = "wire" }
    let answers = bench.send(Self.sumless(Bench.segment(.ack, 101, 7), [1, 2], from: Self.local))
    #expect(answers.first?.segment.flags == .rst)
    #expect(bench.statistics[.unsummedAccepted] == 1 && bench.statistics[.tcpChecksum] == 0)
  }

  /// Nobody leaves sums out on a wire that only we are on.
  @Test func notOnALoopedWire() {
    let bench = Bench()
    #expect(bench.send(Self.sumless(Bench.segment(.syn, 100), from: 7)).isEmpty)
    #expect(bench.statistics[.unsummedAccepted] == 0 && bench.statistics[.tcpChecksum] == 1)
  }
}

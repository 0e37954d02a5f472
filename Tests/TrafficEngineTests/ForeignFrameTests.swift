import CPacket
import Testing

@testable import TCPEngine

/// A server's worker whose peer is a script: frames written by hand on the other end of the wire.
final class Bench {
  let wire = MemoryLink()
  let station: Station
  private let far: MemoryPort
  static let mac = PortSettings.loopedMAC
  static let server = PortSettings().address
  static let peer = IPv4Address(0x0a00_4242)

  init(kernel: UnsafePointer<KernelChannel>? = nil, _ change: (inout TrafficSettings) -> Void = { _ in }) {
    let settings = settings(0) {
      $0.targets = []
      $0.engine.port = 80
      change(&$0)
    }
    station = Station(settings, on: wire, end: .a, seed: 3, captures: false, kernel: kernel) { $0.connections = 0 }
    far = MemoryPort(wire, end: .b)
  }

  var statistics: WorkerStatistics { station.statistics }

  /// A frame goes in; what comes out.
  @discardableResult
  func send(_ octets: [UInt8]) -> [Frame] {
    put(octets)
    return received()
  }

  /// A frame goes in, and a turn is done.
  func put(_ octets: [UInt8]) {
    far.put(octets)
    _ = station.turn()
  }

  @discardableResult
  func send(_ segment: TCPSegment, payload: [UInt8] = []) -> [Frame] { send(Frame(segment, payload: payload, to: Self.mac).octets) }

  func received() -> [Frame] { receivedOctets().compactMap { Frame($0) } }

  /// The frames that came out, TCP or not.
  func receivedOctets() -> [[UInt8]] { far.takeAll() }

  /// The template segment: from the peer's port 5000 to the server's.
  static func segment(_ flags: TCPFlags, _ sequence: UInt32, _ acknowledgment: UInt32 = 0, port: UInt16 = 5000) -> TCPSegment {
    var segment = TCPSegment()
    segment.source = peer
    segment.destination = server
    segment.sourcePort = port
    segment.destinationPort = 80
    segment.sequence = SequenceNumber(sequence)
    segment.acknowledgment = SequenceNumber(acknowledgment)
    segment.flags = flags
    segment.window = 65_535
    return segment
  }

  /// Opens a connection, and closes it after one payload, the server first; our number behind its FIN. The peer's ISS is 100.
  func exchange(port: UInt16 = 5000) throws -> UInt32 {
    let synAck = try #require(send(Self.segment(.syn, 100, port: port)).first)
    let ours = synAck.segment.sequence.rawValue
    #expect(send(Self.segment(.ack, 101, ours &+ 1, port: port)).isEmpty)
    var id: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    id += Self.pattern(id)
    let answer = try #require(send(Self.segment(.ack, 101, ours &+ 1, port: port), payload: id).first)
    #expect(answer.segment.flags.has(.fin) && answer.segment.payloadLength == 16)
    let last = send(Self.segment(.finAck, 117, ours &+ 18, port: port))
    #expect(last.count == 1 && last[0].segment.flags == .ack && last[0].segment.acknowledgment.rawValue == 118)
    return ours &+ 18
  }

  /// The second eight octets of a client's stream, as the workload would write them.
  private static func pattern(_ id: [UInt8]) -> [UInt8] {
    let word = id.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    let key = UInt32(truncatingIfNeeded: word ^ word >> 32)
    let pattern = (UInt64(key) << 1) &* 0xbf58_476d_1ce4_e5b9 &+ 0x9e37_79b9_7f4a_7c15
    return (0..<8).map { UInt8(truncatingIfNeeded: pattern >> UInt64($0 * 8)) }
  }

  /// Ends the run; the books must balance.
  func finish() {
    station.link.send(.leave)
    _ = station.turn()
    station.worker.io.discard()
    _ = received()
    #expect(station.open(.server) == 0 && station.worker.engine.inUse == (0, 0, 0) && wire.outstanding == 0 && wire.inFlight == 0)
  }
}

@Suite struct ForeignFrameTests {
  @Test func framesThatAreNotTCP() {
    let bench = Bench()
    var octets = Frame(Bench.segment(.syn, 1), to: Bench.mac).octets
    octets[13] = 0x06
    #expect(bench.send(octets).isEmpty)
    #expect(bench.statistics[.arpUnanswered] == 1)
    octets = Frame(Bench.segment(.syn, 1), to: Bench.mac).octets
    octets[12] = 0x86
    octets[13] = 0xdd
    #expect(bench.send(octets).isEmpty)
    #expect(bench.statistics[.unknownEtherType] == 1)
    #expect(bench.send(Array(octets[0..<13])).isEmpty)
    #expect(bench.statistics[.frameTooShort] == 1)
    bench.finish()
  }

  @Test func icmp() {
    let bench = Bench()
    var octets = Frame(Bench.segment(.syn, 1), to: Bench.mac).octets
    // Protocol 1 instead of 6: the header's sum grows by 5.
    octets[23] = 1
    let sum = (UInt16(octets[24]) << 8 | UInt16(octets[25])) &+ 5
    octets[24] = UInt8(sum >> 8)
    octets[25] = UInt8(sum & 255)
    #expect(bench.send(octets).isEmpty)
    #expect(bench.statistics[.icmpUnanswered] == 1)
    bench.finish()
  }

  @Test func toSomebodyElse() {
    let bench = Bench()
    #expect(bench.send(Frame(Bench.segment(.syn, 1), to: MACAddress(0x02_00_00_00_00_77)).octets).isEmpty)
    #expect(bench.statistics[.notOurMac] == 1)
    var segment = Bench.segment(.syn, 1)
    segment.destination = IPv4Address(0x0a00_ff00)
    #expect(bench.send(segment).isEmpty)
    #expect(bench.statistics[.notOurAddress] == 1)
    bench.finish()
  }

  @Test func everyFlippedBitIsNoticed() {
    let bench = Bench()
    let octets = Frame(Bench.segment(.syn, 1), payload: [1, 2, 3], to: Bench.mac).octets
    for bit in 14 * 8..<octets.count * 8 {
      var spoilt = octets
      spoilt[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(bench.send(spoilt).isEmpty)
    }
    #expect(bench.statistics.attempts(.server) == 0)
    #expect(bench.statistics[.tcpChecksum] > 150 && bench.statistics[.ipChecksum] > 100)
    bench.finish()
  }

  @Test func withoutConnection() {
    let bench = Bench()
    #expect(bench.send(Bench.segment(.rst, 1)).isEmpty)
    #expect(bench.send(Bench.segment(.rstAck, 1, 2)).isEmpty)
    #expect(bench.statistics[.resetWithoutConnection] == 2)
    for flags in [TCPFlags.ack, .finAck, .synAck] {
      let answer = bench.send(Bench.segment(flags, 1000, 77))
      #expect(answer.count == 1 && answer[0].segment.flags == .rst && answer[0].segment.sequence.rawValue == 77)
    }
    #expect(bench.statistics[.noConnection] == 3 && bench.statistics[.server, .rstSent] == 3)
    bench.finish()
  }

  @Test func synToAClosedPort() throws {
    let bench = Bench()
    var segment = Bench.segment(.syn, .max)
    segment.destinationPort = 81
    let answer = try #require(bench.send(segment, payload: [1, 2, 3]).first).segment
    #expect(answer.flags == .rstAck && answer.sequence.rawValue == 0 && answer.acknowledgment.rawValue == 3)
    #expect(answer.sourcePort == 81 && answer.destinationPort == 5000 && answer.destination == Bench.peer)
    #expect(bench.statistics[.portClosed] == 1)
    bench.finish()
  }

  /// RFC 9293 3.10.7.2, fourth.
  @Test func neitherSynNorAckToAListener() {
    let bench = Bench()
    for flags in [0, 1, 8, 9, 0x28] as [UInt8] { #expect(bench.send(Bench.segment(TCPFlags(rawValue: flags), 1000)).isEmpty) }
    #expect(bench.statistics[.controlMissing] == 5)
    bench.finish()
  }

  @Test func synWithECNBitsIsAccepted() throws {
    let bench = Bench()
    let answer = try #require(bench.send(Bench.segment(TCPFlags(rawValue: 0xc2), 100)).first).segment
    #expect(answer.flags == .synAck && answer.acknowledgment.rawValue == 101, "no ECE: ECN is refused (RFC 3168 6.1.1)")
    #expect(bench.send(Bench.segment(.ack, 101, answer.sequence.rawValue &+ 1)).isEmpty)
    #expect(bench.statistics[.server, .ackOfSynAckReceived] == 1)
    bench.finish()
  }

  @Test func aConnectionByHand() throws {
    let bench = Bench()
    _ = try bench.exchange()
    #expect(bench.statistics[.server, .completed] == 1 && bench.statistics[.timeWaitEntered] == 1)
    bench.finish()
  }

  @Test func aFINInTheHandshakesLastSegmentIsActive() throws {
    let bench = Bench()
    let ours = try #require(bench.send(Bench.segment(.syn, 100)).first).segment.sequence.rawValue
    #expect(bench.send(Bench.segment(.finAck, 101, ours &+ 1)).first?.segment.flags == .finAck)
    #expect(bench.statistics[.server, .finActiveReceived] == 1 && bench.statistics[.server, .finPassiveReceived] == 0)
    #expect(bench.send(Bench.segment(.ack, 102, ours &+ 2)).isEmpty)
    #expect(bench.statistics[.server, .completed] == 1)
    bench.finish()
  }

  @Test func wrongPayloadResets() throws {
    let bench = Bench()
    let ours = try #require(bench.send(Bench.segment(.syn, 100)).first).segment.sequence.rawValue
    _ = bench.send(Bench.segment(.ack, 101, ours &+ 1))
    let answer = try #require(bench.send(Bench.segment(.ack, 101, ours &+ 1), payload: Array(repeating: 9, count: 16)).first).segment
    #expect(answer.flags == .rstAck && answer.sequence.rawValue == ours &+ 1 && answer.acknowledgment.rawValue == 117)
    #expect(bench.statistics[.server, .payloadMismatch] == 1)
    bench.finish()
  }

  @Test func thePairInTimeWait() throws {
    let bench = Bench()
    let ours = try bench.exchange()
    // A RST with any number but the next is ignored; the repeated FIN, and an old SYN, are acknowledged.
    #expect(bench.send(Bench.segment(.rst, 119)).isEmpty)
    for segment in [Bench.segment(.finAck, 117, ours), Bench.segment(.syn, 100)] {
      let answer = try #require(bench.send(segment).first).segment
      #expect(answer.flags == .ack && answer.sequence.rawValue == ours && answer.acknowledgment.rawValue == 118)
    }
    #expect(bench.statistics.attempts(.server) == 1)
    // A new one begins beyond the old.
    let synAck = try #require(bench.send(Bench.segment(.syn, 200)).first).segment
    #expect(synAck.flags == .synAck && synAck.acknowledgment.rawValue == 201 && synAck.sequence > SequenceNumber(ours))
    #expect(bench.statistics[.timeWaitReopened] == 1 && bench.statistics.attempts(.server) == 2)
    #expect(bench.send(Bench.segment(.ack, 201, synAck.sequence.rawValue &+ 1)).isEmpty)
    #expect(bench.statistics[.server, .ackOfSynAckReceived] == 2)
    bench.finish()
  }

  @Test func whoBeganAnewEndsTimeWaitByItsReset() throws {
    let bench = Bench()
    let ours = try bench.exchange()
    // Its number lies before the old ones: it is told of them, has forgotten them and resets; then its SYN is a new one.
    let challenge = try #require(bench.send(Bench.segment(.syn, 50)).first).segment
    #expect(challenge.flags == .ack && challenge.sequence.rawValue == ours && challenge.acknowledgment.rawValue == 118)
    #expect(bench.send(Bench.segment(.rst, 118)).isEmpty)
    #expect(bench.station.worker.engine.inUse.flows == 0)
    let synAck = try #require(bench.send(Bench.segment(.syn, 50)).first).segment
    #expect(synAck.flags == .synAck && synAck.acknowledgment.rawValue == 51)
    _ = bench.send(Bench.segment(.rst, 51))
    #expect(bench.statistics.attempts(.server) == 2 && bench.statistics[.timeWaitReopened] == 0)
    bench.finish()
  }

  @Test func aRepeatedFINBeginsTimeWaitAnew() throws {
    let bench = Bench { $0.engine.tcp.timeWaitTimeout = 1_000 }
    let ours = try bench.exchange()
    func run(until milliseconds: UInt64) { while bench.station.worker.clock.time < milliseconds * 1_000_000 { _ = bench.station.turn() } }
    run(until: 800)
    #expect(bench.send(Bench.segment(.finAck, 117, ours)).count == 1)
    run(until: 1_500)
    #expect(bench.station.worker.engine.inUse.flows == 1)
    run(until: 1_900)
    #expect(bench.station.worker.engine.inUse.flows == 0)
    bench.finish()
  }

  @Test func theHalfOpenIsGivenUp() throws {
    let bench = Bench { $0.engine.tcp.synReceivedTimeout = 10_000 }
    #expect(bench.send(Bench.segment(.syn, 100)).count == 1)
    var frames: [Frame] = []
    while bench.station.open(.server) > 0, bench.station.worker.clock.time < 60_000_000_000 {
      _ = bench.station.turn()
      frames += bench.received()
    }
    #expect(frames.map(\.segment.flags.rawValue) == [0x12, 0x12, 0x12, 0x14])
    #expect(bench.statistics[.server, .synTimeout] == 1)
    bench.finish()
  }

  @Test func silenceInClosing() throws {
    let bench = Bench {
      $0.engine.tcp.closingTimeout = 5_000
      $0.engine.tcp.maximumRTO = 1_000
    }
    let ours = try #require(bench.send(Bench.segment(.syn, 100)).first).segment.sequence.rawValue
    _ = bench.send(Bench.segment(.finAck, 101, ours &+ 1))
    while bench.station.open(.server) > 0, bench.station.worker.clock.time < 60_000_000_000 { _ = bench.station.turn() }
    #expect(bench.statistics[.server, .closingTimeout] == 1)
    _ = bench.received()
    bench.finish()
  }

  @Test func tableFull() throws {
    let bench = Bench { $0.engine.maxOpen = 1 }
    for port in 5000..<5258 as Range<UInt16> { #expect(bench.send(Bench.segment(.syn, 100, port: port)).count == 1) }
    #expect(bench.send(Bench.segment(.syn, 100, port: 6000)).isEmpty)
    #expect(bench.statistics[.tableFull] == 1)
    bench.finish()
  }
}

import CPacket
import Testing

@testable import TCPEngine

/// A client's and a server's worker with a router between them whose links carry less than theirs.
private final class NarrowPath {
  let client: WorkloadStation<BulkWorkload>
  let server: WorkloadStation<BulkWorkload>
  private let clientsWire: MemoryLink
  private let serversWire: MemoryLink
  private let clientsPort: MemoryPort
  private let serversPort: MemoryPort
  /// Octets of an IP packet that the router passes on, and whether it says so when it does not.
  private let mtu: Int
  private let saysMTU: Bool
  private(set) var refused = 0
  private(set) var longest = 0

  init(mtu: Int, saysMTU: Bool = true, _ change: (inout TrafficSettings) -> Void) {
    self.mtu = mtu
    self.saysMTU = saysMTU
    let common = settings(4) {
      $0.engine.workload = .bulk
      change(&$0)
    }
    var client = common
    client.engine.port = 0
    client.port.address = IPv4Address(0x0a00_f001)
    var server = common
    server.targets = []
    let room = common.port.bufferRoom
    clientsWire = MemoryLink(room: room)
    serversWire = MemoryLink(room: room)
    clientsPort = MemoryPort(clientsWire, end: .b)
    serversPort = MemoryPort(serversWire, end: .b)
    self.client = WorkloadStation(client, on: clientsWire, end: .a, seed: 1, captures: false, workload: BulkWorkload(client)) { _ in }
    self.server = WorkloadStation(server, on: serversWire, end: .a, seed: 2, captures: false, workload: BulkWorkload(server)) {
      $0.connections = 0
    }
  }

  func complete() {
    var turns = 0
    while !isDone, turns < 2_000_000 {
      _ = client.turn()
      pass(from: clientsPort, to: serversPort)
      _ = server.turn()
      pass(from: serversPort, to: clientsPort)
      turns += 1
    }
    #expect(isDone, "never came about")
    for station in [client, server] {
      station.link.send(.leave)
      _ = station.turn()
      station.worker.freeDiscarded()
      station.worker.io.discard()
      #expect(station.worker.engine.inUse == (0, 0, 0))
    }
    pass(from: clientsPort, to: serversPort)
    #expect(clientsWire.outstanding == 0 && serversWire.outstanding == 0, "a frame leaked")
  }

  private var isDone: Bool { client.statistics.attempts(.client) == 4 && client.open(.client) == 0 && server.open(.server) == 0 }

  private func pass(from: borrowing MemoryPort, to: borrowing MemoryPort) {
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while from.receive(place, count: 1) == 1 {
      let packet = Packet(owning: place[0])
      let frame = Array(UnsafeRawBufferPointer(start: packet.bytes, count: packet.length))
      from.free(packet)
      if frame.count > mtu + 14 {
        refused += 1
        Self.put(ICMPMessage.error(3, 4, mtu: saysMTU ? UInt16(mtu) : 0, about: frame), on: from)
      } else {
        longest = max(longest, frame.count - 14)
        Self.put(frame, on: to)
      }
    }
  }

  private static func put(_ frame: [UInt8], on port: borrowing MemoryPort) {
    guard let packet = port.allocate() else { return }
    packet.bytes.copyMemory(from: frame, byteCount: frame.count)
    packet.length = frame.count
    var pointer = packet.release()
    if port.transmit(&pointer, count: 1) == 0 { port.free(Packet(owning: pointer)) }
  }
}

@Suite struct PathMTUTests {
  @Test(arguments: BulkSettings.Direction.allCases, [576, 1_000, 1_499]) func bothWays(_ direction: BulkSettings.Direction, mtu: Int) {
    let path = NarrowPath(mtu: mtu) {
      $0.bulk.size = 400_003
      $0.bulk.direction = direction
    }
    path.complete()
    #expect(path.client.statistics[.client, .completed] == 4 && path.server.statistics[.server, .completed] == 4)
    let lowered = path.client.statistics[.pathMtuLowered] + path.server.statistics[.pathMtuLowered]
    #expect(lowered == (direction == .both ? 8 : 4), "once for each sender")
    #expect(path.longest == mtu)
    // The first window of each was too long, and no more than that.
    #expect(path.refused <= 10 * Int(lowered))
  }

  /// RFC 1191 5: a router that does not say how much it carries; and a long way down, with timestamps and without SACK.
  @Test(arguments: [true, false]) func fromJumboFrames(saysMTU: Bool) {
    let path = NarrowPath(mtu: 1_400, saysMTU: saysMTU) {
      $0.port.mtu = 9_000
      $0.engine.tcp.maximumSegmentSize = 8_960
      $0.engine.tcp.timestamps = saysMTU
      $0.engine.tcp.sackPermitted = saysMTU
      $0.bulk.size = 1_000_000
    }
    path.complete()
    #expect(path.client.statistics[.client, .completed] == 4)
    #expect(path.client.statistics[.pathMtuLowered] == (saysMTU ? 4 : 20), "8166, 4352, 2002, 1492, 1006: RFC 1191 7.1")
    #expect(path.longest == (saysMTU ? 1_400 : 1_006))
  }

  /// With no structure to recover with, the timer does it.
  @Test func withoutRecovery() {
    let path = NarrowPath(mtu: 600) {
      $0.bulk.size = 8_000
      $0.engine.recoveryPool = 1
    }
    path.complete()
    #expect(path.client.statistics[.client, .completed] == 4)
    #expect(path.client.statistics[.recoveriesRefused] > 0)
  }

  // MARK: What is not believed

  /// A server that has answered by 5,000 octets, of which the first window is out. The frames.
  private static func answered(_ bench: Bench) throws -> [[UInt8]] {
    var syn = Bench.segment(.syn, 100)
    syn.options.present = .maximumSegmentSize
    syn.options.maximumSegmentSize = 1_460
    let ours = try #require(bench.send(syn).first).segment.sequence.rawValue
    bench.put(Frame(Bench.segment(.ack, 101, ours &+ 1), payload: Array(repeating: 1, count: 16), to: Bench.mac).octets)
    let frames = bench.receivedOctets()
    #expect(frames.map { Frame($0)?.segment.payloadLength } == [1_460, 1_460, 1_460, 620])
    return frames
  }

  private static func bench() -> Bench {
    Bench {
      $0.engine.responseSize = 5_000
      $0.engine.finByServer = 0
      $0.engine.verifyPayload = false
    }
  }

  @Test func theSegmentsAreSentAgainShorter() throws {
    let bench = Self.bench()
    let frames = try Self.answered(bench)
    bench.put(ICMPMessage.error(3, 4, mtu: 700, about: frames[0]))
    let again = bench.received()
    let first = try #require(Frame(frames[0])).segment.sequence
    var next = first
    for frame in again {
      #expect(frame.segment.sequence == next && frame.octets.count <= 714)
      next = next + UInt32(frame.segment.payloadLength)
    }
    #expect(next == first + 4_380, "all that was too long, and nothing else")
    #expect(bench.statistics[.pathMtuLowered] == 1 && bench.statistics[.icmpFragmentationNeeded] == 1)
    // The others of that window tell the same: nothing more is done.
    bench.put(ICMPMessage.error(3, 4, mtu: 700, about: frames[1]))
    #expect(bench.received().isEmpty && bench.statistics[.pathMtuLowered] == 1 && bench.statistics[.icmpFragmentationNeeded] == 2)
    bench.station.link.send(.resetAll)
    _ = bench.station.turn()
    bench.finish()
  }

  @Test func guessesAreNotBelieved() throws {
    let bench = Self.bench()
    let frames = try Self.answered(bench)
    // Beyond what was sent, and before what is acknowledged.
    for distance in [5_000, -1] as [Int32] {
      var frame = frames[0]
      let sequence = try #require(Frame(frames[0])).segment.sequence.rawValue &+ UInt32(bitPattern: distance)
      frame.withUnsafeMutableBytes { $0.baseAddress!.store(networkOrder(sequence), at: 38) }
      bench.put(ICMPMessage.error(3, 4, mtu: 600, about: frame))
    }
    #expect(bench.statistics[.icmpUnproven] == 2)
    // Carries more than the packet had; is another connection's; no MTU can be that small.
    bench.put(ICMPMessage.error(3, 4, mtu: 1_500, about: frames[0]))
    var other = frames[0]
    other[37] ^= 1
    bench.put(ICMPMessage.error(3, 4, mtu: 600, about: other))
    #expect(bench.statistics[.icmpUnanswered] == 1)
    #expect(bench.received().isEmpty && bench.statistics[.pathMtuLowered] == 0)
    bench.put(ICMPMessage.error(3, 4, mtu: 1, about: frames[0]))
    #expect(bench.received().first?.octets.count == 14 + 68, "RFC 1191 3")
    bench.station.link.send(.resetAll)
    _ = bench.station.turn()
    bench.finish()
  }

  // MARK: Other errors

  @Test func errorsAreCountedAndEndNothing() throws {
    let bench = Self.bench()
    let frames = try Self.answered(bench)
    let errors: [(UInt8, UInt8, WorkerGauge)] = [
      (3, 0, .icmpNetworkUnreachable), (3, 1, .icmpHostUnreachable), (3, 2, .icmpProtocolUnreachable), (3, 3, .icmpPortUnreachable),
      (3, 5, .icmpOtherwiseUnreachable), (3, 13, .icmpProhibited), (11, 0, .icmpTimeExceeded), (12, 0, .icmpParameterProblem),
    ]
    for (type, code, counter) in errors {
      bench.put(ICMPMessage.error(type, code, about: frames[0]))
      #expect(bench.statistics[counter] == 1)
    }
    #expect(bench.station.open(.server) == 1 && bench.received().isEmpty)
    bench.station.link.send(.resetAll)
    _ = bench.station.turn()
    bench.finish()
  }

  /// Hard errors refuse a connection that is not yet one (RFC 5927 5.2); soft ones do not (RFC 5461 2).
  @Test(arguments: [(2, true), (3, true), (0, false), (1, false), (13, false)] as [(UInt8, Bool)])
  func inAnswerToTheSYN(code: UInt8, refuses: Bool) throws {
    let wire = MemoryLink()
    let settings = settings(1) { $0.targets[0].address = Bench.peer }
    let station = Station(settings, on: wire, end: .a, seed: 3, captures: true) { _ in }
    let far = MemoryPort(wire, end: .b)
    for _ in 0..<10 where station.captured.isEmpty { _ = station.turn() }
    let octets = ICMPMessage.error(3, code, about: try #require(station.captured.first))
    guard let packet = far.allocate() else { return }
    packet.bytes.copyMemory(from: octets, byteCount: octets.count)
    packet.length = octets.count
    var pointer = packet.release()
    let taken = far.transmit(&pointer, count: 1)
    #expect(taken == 1)
    _ = station.turn()
    #expect(station.statistics[.client, .refused] == (refuses ? 1 : 0) && station.open(.client) == (refuses ? 0 : 1))
    station.link.send(.leave)
    _ = station.turn()
    #expect(station.worker.engine.inUse == (0, 0, 0))
  }

  // MARK: The ring of segments in flight

  @Test func aFullRingSendsInPart() {
    let ring = UnsafeMutablePointer<SentSegment>.allocate(capacity: 4)
    let ranges = UnsafeMutablePointer<SequenceRange>.allocate(capacity: ReceivedRanges.capacity)
    let recovery = UnsafeMutablePointer<Recovery>.allocate(capacity: 1)
    defer {
      ring.deallocate()
      ranges.deallocate()
      recovery.deallocate()
    }
    let start = SequenceNumber(.max - 100)
    recovery.pointee.begin(
      ring: ring, capacity: 4, ranges: ranges, next: start, window: 10_000, algorithm: .cubic, receiveNext: SequenceNumber(0),
      receiveWindow: 0)
    for index in 1...3 as ClosedRange<UInt32> { recovery.pointee.append(end: start + index * 1_000, now: index) }
    #expect(recovery.pointee.split(1, from: start + 1_000, 400) == 400)
    #expect((0..<4).map { recovery.pointee.segment($0).pointee.end } == [1_000, 1_400, 2_000, 3_000].map { start + $0 })
    #expect((0..<4).map { recovery.pointee.segment($0).pointee.sentAt } == [1, 2, 2, 3])
    #expect(recovery.pointee.split(2, from: start + 1_400, 400) == 600 && recovery.pointee.count == 4)
  }
}

import CPacket
import Testing

@testable import TCPEngine

/// A peer that says what no stack of ours would say.
@Suite struct ScriptedPeerTests {
  private static let synOptions: [UInt8] = [2, 4, 5, 180, 1, 1, 4, 2]

  private func bench(_ answer: Int, _ change: (inout TrafficSettings) -> Void = { _ in }) -> Bench {
    Bench {
      $0.engine.responseSize = answer
      $0.engine.payloadSize = 16
      $0.engine.finByServer = 0
      $0.engine.verifyPayload = false
      change(&$0)
    }
  }

  /// A connection whose server has been asked, and has sent what it may of its answer; the server's first number.
  private func asked(_ bench: Bench) throws -> UInt32 {
    let synAck = try #require(bench.send(Self.frame(Bench.segment(.syn, 100), Self.synOptions)).first)
    let first = synAck.segment.sequence.rawValue &+ 1
    bench.send(Bench.segment(.ack, 101, first))
    bench.send(Bench.segment(.ack, 101, first), payload: Array(repeating: 7, count: 16))
    return first
  }

  /// A segment without payload, with these octets as its options.
  private static func frame(_ segment: TCPSegment, _ options: [UInt8]) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: FrameWriter.plainPayloadOffset) + options
    octets.withUnsafeMutableBytes { bytes in
      LinkHeader(destination: Bench.mac, source: MACAddress(0x02_00_00_00_00_99)).store(to: bytes.baseAddress!)
      var sum = ChecksumSum()
      sum.add(UnsafeRawPointer(bytes.baseAddress! + FrameWriter.plainPayloadOffset), count: options.count)
      _ = FrameWriter.writeHeaders(
        segment.key, sequence: segment.sequence, acknowledgment: segment.acknowledgment, segment.flags, window: segment.window,
        optionsLength: options.count, payloadLength: 0, sum: sum, to: bytes.baseAddress!)
    }
    return octets
  }

  private static func octets(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) } }
  private static func block(_ left: UInt32, _ right: UInt32) -> [UInt8] { [1, 1, 5, 10] + octets(left) + octets(right) }
  private static func timestamps(_ value: UInt32, _ echo: UInt32) -> [UInt8] { [1, 1, 8, 10] + octets(value) + octets(echo) }

  private func pass(_ milliseconds: UInt64, _ bench: Bench) -> [Frame] {
    var frames: [Frame] = []
    let end = bench.station.worker.clock.time + milliseconds * 1_000_000
    while bench.station.worker.clock.time < end {
      _ = bench.station.turn()
      frames += bench.received()
    }
    return frames
  }

  private func recovery(_ bench: Bench) -> Recovery { bench.station.worker.engine.recovery(0).pointee }

  /// RFC 2018 8: what is at SND.UNA and said to have arrived was thrown away again.
  @Test func aWindowOpensOverWhatWasReneged() throws {
    let bench = bench(20_000)
    let first = try asked(bench)
    var acknowledgment = Bench.segment(.ack, 117, first)
    acknowledgment.window = 0
    bench.send(Self.frame(acknowledgment, Self.block(first, first &+ 1_460)))
    #expect(pass(3_000, bench).count > 1)
    acknowledgment.window = 65_535
    let again = bench.send(Self.frame(acknowledgment, []))
    #expect(again.filter { $0.segment.sequence.rawValue == first }.count == 1)
    acknowledgment.acknowledgment = SequenceNumber(first &+ 14_600)
    bench.send(Self.frame(acknowledgment, []))
    #expect(recovery(bench).lost == 0 && recovery(bench).pending == 0 && recovery(bench).sacked == 0)
  }

  /// And so was what has become the oldest since.
  @Test func aWindowOpensOverWhatWasRenegedLater() throws {
    let bench = bench(20_000)
    let first = try asked(bench)
    var acknowledgment = Bench.segment(.ack, 117, first)
    acknowledgment.window = 0
    bench.send(Self.frame(acknowledgment, Self.block(first &+ 1_460, first &+ 2_920)))
    acknowledgment.acknowledgment = SequenceNumber(first &+ 1_460)
    bench.send(Self.frame(acknowledgment, []))
    #expect(pass(3_000, bench).count > 1)
    acknowledgment.window = 65_535
    let again = bench.send(Self.frame(acknowledgment, []))
    #expect(again.filter { $0.segment.sequence.rawValue == first &+ 1_460 }.count == 1)
    acknowledgment.acknowledgment = SequenceNumber(first &+ 14_600)
    bench.send(Self.frame(acknowledgment, []))
    #expect(recovery(bench).lost == 0 && recovery(bench).pending == 0 && recovery(bench).sacked == 0)
  }

  /// RFC 6298 3: a probe that is taken at last tells no round trip.
  @Test func probesTellNoRoundTrip() throws {
    let bench = bench(20_000)
    let first = try asked(bench)
    _ = pass(10, bench)
    var acknowledgment = Bench.segment(.ack, 117, first &+ 14_600)
    acknowledgment.window = 0
    bench.send(Self.frame(acknowledgment, []))
    let before = recovery(bench).smoothedRTT
    #expect(before > 0)
    var probe: Frame?
    while bench.station.worker.clock.time < 50_000_000_000 {
      for frame in pass(500, bench) {
        probe = frame
        bench.send(Self.frame(acknowledgment, []))
      }
    }
    let taken = try #require(probe).segment
    acknowledgment.acknowledgment = taken.sequence + UInt32(taken.payloadLength)
    acknowledgment.window = 65_535
    bench.send(Self.frame(acknowledgment, []))
    #expect(recovery(bench).smoothedRTT == before)
  }

  /// What came early comes again, with what precedes it.
  @Test func whatIsKeptAndComesAgainIsLetGo() throws {
    let bench = bench(0)
    let synAck = try #require(bench.send(Self.frame(Bench.segment(.syn, 100), Self.synOptions)).first)
    let first = synAck.segment.sequence.rawValue &+ 1
    bench.send(Bench.segment(.ack, 101, first))
    for round in 0..<20 as Range<UInt32> {
      let sequence = 101 + round * 16
      bench.send(Bench.segment(.ack, sequence + 8, first), payload: Array(repeating: 7, count: 8))
      let last = bench.send(Bench.segment(.ack, sequence, first), payload: Array(repeating: 7, count: 16)).last
      #expect(last?.segment.acknowledgment.rawValue == sequence + 16)
    }
    #expect(bench.station.worker.engine.heldCount == 0)
  }

  /// And so is what comes again with a FIN.
  @Test func whatIsKeptAndComesAgainWithAFinIsLetGo() throws {
    let bench = bench(0)
    let synAck = try #require(bench.send(Self.frame(Bench.segment(.syn, 100), Self.synOptions)).first)
    let first = synAck.segment.sequence.rawValue &+ 1
    bench.send(Bench.segment(.ack, 101, first))
    bench.send(Bench.segment(.finAck, 109, first), payload: Array(repeating: 7, count: 8))
    let last = bench.send(Bench.segment(.finAck, 101, first), payload: Array(repeating: 7, count: 16)).first
    #expect(last?.segment.acknowledgment.rawValue == 118)
    #expect(bench.station.worker.engine.heldCount == 0)
  }

  /// A loss shows when a round trip has passed, without a timeout, though nobody knows when what overtook it was sent.
  @Test func aLossIsFoundWhenAConnectionBecomesCold() throws {
    let bench = bench(8_000)
    let first = try asked(bench)
    _ = pass(20, bench)
    bench.send(Self.frame(Bench.segment(.ack, 117, first &+ 1_460), []))
    for end in [4_380, 5_840, 7_300, 8_000] as [UInt32] {
      bench.send(Self.frame(Bench.segment(.ack, 117, first &+ 1_460), Self.block(first &+ 2_920, first &+ end)))
    }
    let again = pass(60, bench)
    #expect(again.contains { $0.segment.sequence.rawValue == first &+ 1_460 })
  }

  /// What was in flight when the first loss, or what looks like one, came: nobody knows when it was sent.
  @Test func reorderingIsNoLossWhenAConnectionBecomesCold() throws {
    let bench = bench(8_000)
    let first = try asked(bench)
    _ = pass(100, bench)
    bench.send(Self.frame(Bench.segment(.ack, 117, first &+ 1_460), []))
    let again = bench.send(Self.frame(Bench.segment(.ack, 117, first &+ 1_460), Self.block(first &+ 2_920, first &+ 4_380)))
    #expect(bench.station.worker.engine.connections[0].flags.has(.cold))
    #expect(recovery(bench).minimumRTT > 1_000)
    #expect(again.isEmpty)
  }

  /// RFC 7323 4.3: an acknowledgment of two segments echoes the first one's timestamp.
  @Test func aDelayedAcknowledgmentEchoesTheFirst() throws {
    let bench = bench(0) {
      $0.engine.tcp.timestamps = true
      $0.engine.tcp.acknowledgmentDelay = 200
    }
    let syn = Self.frame(Bench.segment(.syn, 100), Self.synOptions + Self.timestamps(1_000, 0))
    let synAck = try #require(bench.send(syn).first)
    let first = synAck.segment.sequence.rawValue &+ 1
    let echo = synAck.segment.options.timestampValue
    bench.send(Self.frame(Bench.segment(.ack, 101, first), Self.timestamps(1_001, echo)))
    func text(_ sequence: UInt32, _ value: UInt32) -> [Frame] {
      var segment = Bench.segment(.ack, sequence, first)
      segment.options.present = .timestamps
      segment.options.timestampValue = value
      segment.options.timestampEcho = echo
      return bench.send(segment, payload: Array(repeating: 7, count: 16))
    }
    #expect(text(101, 2_000).isEmpty)
    let acknowledgment = try #require(text(117, 2_150).first).segment
    #expect(acknowledgment.acknowledgment.rawValue == 133 && acknowledgment.options.timestampEcho == 2_000)
    #expect(text(133, 2_300).isEmpty)
    #expect(try #require(text(149, 2_310).first).segment.options.timestampEcho == 2_300)
  }

  /// 2^48 ticks: a day and a half.
  @Test func timeGoesOnAfterDays() throws {
    let bench = bench(16)
    bench.station.worker.clock.time = (1 << 48) - 1_000_000_000
    _ = bench.station.turn()
    bench.send(Self.frame(Bench.segment(.syn, 100), Self.synOptions))
    let before = bench.station.worker.engine.moment.milliseconds
    #expect(pass(120_000, bench).count == 5)
    let passed = bench.station.worker.engine.moment.milliseconds - before
    #expect((119_999...120_001).contains(passed))
    #expect(bench.statistics[.server, .synTimeout] == 1)
  }

  /// A server whose run ends opens nothing more; what is open is closed.
  @Test(arguments: [WorkerCommand.stopOpening, .closeAll, .resetAll])
  func aRunThatEndsAcceptsNoMore(command: WorkerCommand) throws {
    let bench = bench(16)
    _ = try asked(bench)
    bench.station.link.send(command)
    let answers = bench.send(Bench.segment(.syn, 100, port: 5_001)) + bench.send(Bench.segment(.syn, 100, port: 5_002))
    #expect(answers.contains { $0.segment.destinationPort == 5_002 && $0.segment.flags.rawValue == TCPFlags.rstAck.rawValue })
    #expect(bench.statistics.attempts(.server) == 1 && bench.statistics[DropReason.portClosed] == 2)
  }
}

import Testing

@testable import TCPEngine

@Suite struct ThinkingClientTests {
  private static let server = PortSettings().address

  /// What answers a client's segment.
  private static func answer(_ frame: Frame, _ flags: TCPFlags, at sequence: UInt32, window: UInt16 = 65_535) -> TCPSegment {
    var segment = TCPSegment(frame.segment.key.reversed)
    segment.sequence = SequenceNumber(sequence)
    segment.acknowledgment = frame.segment.sequence + frame.segment.length
    segment.flags = flags
    segment.window = window
    return segment
  }

  /// The next payload is due, and the server's window is shut: that holds up no other connection's timers.
  @Test func aClosedWindowHoldsUpNobodyElse() throws {
    let wire = MemoryLink(buffers: 512)
    let settings = settings(2) {
      $0.port.address = IPv4Address(0x0a00_f001)
      $0.targets = [Target(id: "far", address: Self.server, port: 80)]
      $0.engine.port = 0
      $0.engine.responseSize = 16
      $0.engine.verifyPayload = false
      $0.engine.finByServer = 0
      $0.engine.finByClient = 5
      $0.engine.thinkTime = 50
    }
    let station = Station(settings, on: wire, end: .a, seed: 3, captures: false) { _ in }
    let far = MemoryPort(wire, end: .b)
    func send(_ segment: TCPSegment, payload: [UInt8] = []) {
      far.put(Frame(segment, payload: payload, to: PortSettings.loopedMAC).octets)
      _ = station.turn()
    }
    func turns(_ count: Int) -> [Frame] {
      var frames: [Frame] = []
      for _ in 0..<count {
        _ = station.turn()
        frames += far.takeAll().compactMap { Frame($0) }
      }
      return frames
    }

    let syns = turns(50)
    try #require(syns.count == 2)
    send(Self.answer(syns[0], .synAck, at: 500))
    let payload = try #require(turns(5).last { $0.segment.payloadLength == 16 })
    // In two parts, the second one first: a gap makes the connection cold.
    let half = [UInt8](repeating: 7, count: 8)
    send(Self.answer(payload, .ack, at: 509, window: 0), payload: half)
    send(Self.answer(payload, .ack, at: 501, window: 0), payload: half)
    let later = turns(20_000)
    let again = later.filter { $0.segment.flags.has(.syn) }
    #expect(!again.isEmpty && again.allSatisfy { $0.segment.sourcePort == syns[1].segment.sourcePort })
    #expect(later.contains { $0.segment.payloadLength == 1 }, "the window is probed")
  }
}

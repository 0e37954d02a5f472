import Testing

@testable import TCPEngine

/// Whole connections over a wire without faults.
@Suite struct ExchangeTests {
  @Test func stateLiesBesideTheCompanion() {
    #expect(MemoryLayout<Companions<ExchangeWorkload.State>>.size == 24 && MemoryLayout<Companions<ExchangeWorkload.State>>.stride == 24)
  }

  @Test(arguments: [false, true]) func theReferenceConnectionIsSevenFrames(apart: Bool) {
    let run = Simulation(settings(500), apart: apart).complete()
    run.expectAllCompleted()
    let (client, server) = (run.clientStatistics, run.serverStatistics)
    let sent = apart ? client[.framesSent] + server[.framesSent] : client[.framesSent]
    #expect(sent == 500 * 7)
    for counter in [
      SegmentCounter.synSent, .synAckReceived, .ackOfSynAckSent, .payloadSent, .payloadReceived, .finActiveReceived, .finPassiveSent,
      .ackOfFinReceived, .ackOfFinSent,
    ] { #expect(client[.client, counter] == 500, "\(counter)") }
    for counter in [
      SegmentCounter.synReceived, .synAckSent, .ackOfSynAckReceived, .payloadSent, .payloadReceived, .finActiveSent, .finPassiveReceived,
      .ackOfFinReceived, .ackOfFinSent,
    ] { #expect(server[.server, counter] == 500, "\(counter)") }
    for counter in [SegmentCounter.rstSent, .rstReceived, .challengeAckSent, .retransmitted, .unexpected] {
      #expect(client[.client, counter] == 0 && server[.server, counter] == 0, "\(counter)")
    }
    #expect(client[.client, .payloadBytesSent] == 8000 && server[.server, .payloadBytesSent] == 8000)
    #expect(client[.peakOpenClients] <= 64)
  }

  @Test func theSequenceOfTheReferenceConnection() throws {
    let run = Simulation(settings(1), captures: true).complete()
    let frames = try run.client.captured.map { try #require(Frame($0)) }
    #expect(frames.map(\.segment.flags.rawValue) == [0x02, 0x12, 0x10, 0x18, 0x19, 0x11, 0x10])
    #expect(frames.map(\.segment.payloadLength) == [0, 0, 0, 16, 16, 0, 0])
    #expect(frames[0].segment.options.present.rawValue == 7 && frames[1].segment.options.present.rawValue == 7)
  }

  @Test(arguments: [1, 3], [0, 1, 3]) func closing(byClient: Int, byServer: Int) {
    let run = Simulation(
      settings(100) {
        $0.engine.finByClient = byClient
        $0.engine.finByServer = byServer
      }
    ).complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.timeWaitEntered] >= 100)
  }

  @Test func payloadsByTheClientsCount() {
    let run = Simulation(
      settings(100) {
        $0.engine.finByClient = 3
        $0.engine.finByServer = 0
      }
    ).complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.client, .payloadBytesSent] == 4800 && run.serverStatistics[.server, .payloadBytesSent] == 4800)
    #expect(run.clientStatistics[.client, .finActiveSent] == 100 && run.serverStatistics[.server, .finPassiveSent] == 100)
  }

  @Test func handshakeOnlyClosedByTheClient() {
    let run = Simulation(
      settings(100) {
        $0.engine.payloadSize = 0
        $0.engine.finByClient = 1
      }
    ).complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.client, .payloadSent] == 0 && run.clientStatistics[.client, .finActiveSent] == 100)
    #expect(run.serverStatistics[.server, .finActiveReceived] == 100)
  }

  static let sizes: [(Int, Int)] = [
    (1, 1), (7, 16), (15, 0), (16, 7), (17, 17), (1000, 1), (1460, 1460), (1461, 16), (16, 1461), (5000, 5000), (100_000, 16),
    (16, 100_000), (1, 5000), (8, 8), (15, 1460),
  ]

  @Test(arguments: sizes, [1, 4]) func everySize(_ size: (Int, Int), payloads: Int) {
    for byClient in [false, true] {
      // A client that waits for no answer and is given no count sends until the server closes: one such connection.
      let connections = size.1 == 0 && !byClient ? 1 : 10
      let run = Simulation(
        settings(connections) {
          $0.engine.payloadSize = size.0
          $0.engine.responseSize = size.1
          $0.engine.finByClient = byClient ? payloads : 0
          $0.engine.finByServer = byClient ? 0 : payloads
        }
      ).complete()
      run.expectAllCompleted()
      if size.1 > 0 || byClient {
        #expect(run.clientStatistics[.client, .payloadBytesSent] == UInt64(10 * payloads * size.0))
        #expect(run.serverStatistics[.server, .payloadBytesSent] == UInt64(10 * payloads * size.1))
      }
    }
  }

  @Test(arguments: ["timestamps", "no scale", "tiny window", "mss 64", "mss 100", "large window", "nothing"])
  func options(_ name: String) {
    let run = Simulation(
      settings(20) {
        $0.engine.payloadSize = 5000
        $0.engine.responseSize = 3001
        switch name {
        case "timestamps": $0.engine.tcp.timestamps = true
        case "no scale": $0.engine.tcp.windowScaling = false
        case "tiny window": $0.engine.tcp.receiveWindow = 1024
        case "mss 64": $0.engine.tcp.maximumSegmentSize = 64
        case "mss 100": $0.engine.tcp.maximumSegmentSize = 100
        case "large window": $0.engine.tcp.receiveWindow = 1 << 20
        default:
          $0.engine.tcp.windowScaling = false
          $0.engine.tcp.sackPermitted = false
        }
      }
    ).complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics[.client, .retransmitted] == 0 && run.serverStatistics[.server, .retransmitted] == 0)
  }

  /// A wire and buffers that are far too small: all that is slow, nothing hangs.
  @Test(arguments: [(4096, 16), (96, 1024), (40, 16)]) func scarceRoom(buffers: Int, depth: Int) {
    let run = Simulation(
      settings(100) {
        $0.engine.payloadSize = 5000
        $0.engine.responseSize = 20_000
        $0.engine.tcp.establishedTimeout = 1_000_000
      }, buffers: buffers, depth: depth
    ).complete()
    run.expectAllCompleted()
  }

  /// A server that says more than it was asked for, or says it too early: whether or not the octets are looked at.
  @Test(arguments: [(16, 16, 17), (16, 16, 32), (16, 0, 16), (16, 0, 1), (1, 1, 2), (1460, 1, 2), (3000, 16, 24)], [1, 2])
  func octetsThatNobodyAskedFor(_ sizes: (payload: Int, expected: Int, sent: Int), payloads: Int) {
    let run = answered(sizes, payloads)
    #expect(run.clientStatistics[.client, .payloadMismatch] == 5 && run.clientStatistics[.client, .completed] == 0)
  }

  @Test(arguments: [(16, 16, 16), (16, 0, 0), (3000, 16, 16)], [1, 2])
  func octetsThatWereAskedFor(_ sizes: (payload: Int, expected: Int, sent: Int), payloads: Int) {
    answered(sizes, payloads).expectAllCompleted()
  }

  private func answered(_ sizes: (payload: Int, expected: Int, sent: Int), _ payloads: Int) -> Simulation {
    let settings = settings(5) {
      $0.engine.payloadSize = sizes.payload
      $0.engine.responseSize = sizes.expected
      $0.engine.finByClient = payloads
      $0.engine.finByServer = 0
      $0.engine.verifyPayload = false
    }
    return Simulation(
      settings, apart: true,
      makeWorkload: {
        var engine = $0.engine
        if $0.targets.isEmpty { engine.responseSize = sizes.sent }
        return ExchangeWorkload(engine)
      }
    ).complete()
  }

  /// A server's FIN may come after its last answer: until it does, nothing more is sent than what the server takes.
  @Test(arguments: [(0, 1), (0, 3), (5, 2), (2, 2)], [0, 16])
  func noPayloadBeyondTheServersLast(_ fins: (client: Int, server: Int), response: Int) {
    let settings = settings(5) {
      $0.engine.finByClient = fins.client
      $0.engine.finByServer = fins.server
      $0.engine.responseSize = response
      $0.engine.tcp.establishedTimeout = 300
    }
    let run = Simulation(
      settings, apart: true,
      makeWorkload: {
        var engine = $0.engine
        if $0.targets.isEmpty { engine.finByServer = 0 }
        return ExchangeWorkload(engine)
      }
    ).complete()
    let closes = fins.client == fins.server
    #expect(run.clientStatistics[.client, .payloadBytesSent] == 5 * 16 * UInt64(fins.server))
    #expect(run.clientStatistics[.client, .completed] == (closes ? 5 : 0))
    #expect(run.clientStatistics[.client, .retransmitted] == 0)
  }

  @Test func thinkTimePassesBetweenPayloads() {
    let run = Simulation(
      settings(8) {
        $0.engine.finByServer = 5
        $0.engine.thinkTime = 50
      }
    ).complete()
    run.expectAllCompleted()
    #expect((200...230).contains(run.now / 1_000_000), "four pauses of 50 ms: \(run.now) ns")
    #expect(run.clientStatistics[.client, .retransmitted] == 0)
  }

  /// Keep-alives and their answers are no answers to a payload; and octets are checked as without a pause.
  @Test(arguments: [16, 8, 3]) func thinkTimePassesBesideKeepAlives(size: Int) {
    let run = Simulation(
      settings(4) {
        $0.engine.payloadSize = size
        $0.engine.responseSize = 21
        $0.engine.finByServer = 0
        $0.engine.finByClient = 3
        $0.engine.thinkTime = 500
        $0.engine.tcp.keepAlive = 200
      }
    ).complete()
    run.expectAllCompleted()
    #expect((1_000...1_200).contains(run.now / 1_000_000), "two pauses of 500 ms: \(run.now) ns")
    #expect(run.clientStatistics[.keepAlivesSent] > 0)
  }
}

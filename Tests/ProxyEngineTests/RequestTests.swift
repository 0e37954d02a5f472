import Testing

@testable import TCPEngine

@Suite struct RequestTests {
  @Test func oneByteSegmentsAreTakenAndDeliveredWhole() {
    let script = Script(lines: 1)
    script.handshake()
    let request = "GET /\n"
    for octet in request.utf8.dropLast() {
      script.fromClient(.pshAck, payload: [octet])
      script.toClient(.ack)
    }
    script.fromClient(.pshAck, "\n")
    script.accept()
    script.toServer(.pshAck, request)
    // Lost. The proxy answers for it.
    script.pass(1_100)
    script.toServer(.pshAck, request, seq: 1_001)
    // The server acknowledges a part: the client hears nothing of it.
    script.fromServer(.ack, ack: 1_003)
    script.quiet()
    script.pass(1_100)
    script.toServer(.pshAck, "T /\n", seq: 1_003)
    // With data, the acknowledgment is raised to what the client was told, and the window ends where it did.
    script.fromServer(.pshAck, "answer", ack: 1_003, window: 10)
    let raised = script.toClient(.pshAck, "answer", ack: 1_006)
    #expect(raised.window == 9)
    script.fromServer(.ack)
    script.toClient(.ack)
    #expect(script.statistics[ProxyCounter.requestsTaken] == 1 && script.statistics[ProxyCounter.absorbed] == 1)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.pass(100_000, step: 100)
    script.finish()
  }

  /// RFC 9293 3.8.6: what is held, and not acknowledged yet, does not move the window's edge to the left.
  @Test func theWindowDoesNotShrink() {
    let script = Script { $0.parameters.requestLimit = 16_384 }
    script.handshake()
    script.fromClient(.pshAck, String(repeating: "x", count: 1_000))
    script.toServer(.syn)
    script.fromClient(.rst, seq: 1_005)
    let challenge = script.toClient(.ack, ack: 1_001)
    #expect(UInt32(challenge.window) << 7 == 16_384)
    script.fromClient(.rst)
    script.ignoreSent()
    script.finish()
  }

  @Test func whatIsRepeatedWhileConnectingCausesNoSecondSyn() {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "hello ")
    script.toServer(.syn)
    script.fromClient(.pshAck, "hello ", seq: 1_001)
    // Overlapping, and longer.
    script.fromClient(.pshAck, "lo world", seq: 1_004)
    script.client.next = 1_012
    // Ahead of what is missing.
    script.fromClient(.pshAck, "far", seq: 1_020)
    script.quiet()
    script.fromServer(.synAck, options: Script<FirstGroup, NoInspector>.usualSyn)
    script.toServer(.ack)
    script.toServer(.pshAck, "hello world", seq: 1_001)
    #expect(script.statistics[ProxyCounter.requestsEarly] == 1 && script.statistics[ProxyCounter.requestsRepeated] == 1)
    script.finish()
  }

  @Test func severalSegmentsOfARequestArriveBeforeTheServerAnswers() {
    let script = Script()
    script.handshake()
    let parts = (0..<3).map { part in [UInt8](repeating: UInt8(65 + part), count: 1_460) }
    for part in parts { script.fromClient(.ack, payload: part) }
    script.accept(window: 65_535)
    script.toServer(.ack, payload: parts[0], seq: 1_001)
    script.toServer(.ack, payload: parts[1])
    script.toServer(.pshAck, payload: parts[2])
    script.fromServer(.ack)
    script.toClient(.ack)
    script.finish()
  }

  @Test func whatTheServersWindowDoesNotTakeFollowsItsAcknowledgments() {
    let script = Script()
    script.handshake()
    let parts = (0..<3).map { part in [UInt8](repeating: UInt8(65 + part), count: 1_460) }
    for part in parts { script.fromClient(.ack, payload: part) }
    script.accept(window: 1_460)
    script.toServer(.ack, payload: parts[0], seq: 1_001)
    script.quiet()
    script.fromServer(.ack, ack: 1_001 + 1_460, window: 16)
    script.toServer(.ack, payload: parts[1])
    script.toServer(.ack, payload: Array(parts[2][..<588]))
    script.toClient(.ack, ack: 1_001 + 1_460)
    script.finish()
  }

  /// What a rule has seen is what the server gets, whatever the client says afterwards.
  @Test func aRequestThatIsRepeatedWithOtherOctets() {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "GET /aaaa")
    script.accept()
    script.toServer(.pshAck, "GET /aaaa", seq: 1_001)
    for other in ["GET /bbbb", "GET /bbbb more"] {
      script.fromClient(.pshAck, other, seq: 1_001)
      script.toServer(.pshAck, "GET /aaaa", seq: 1_001)
    }
    script.fromClient(.pshAck, "/bb", seq: 1_005)
    script.toServer(.ack, "/aa", seq: 1_005)
    script.fromClient(.pshAck, " more")
    script.toServer(.pshAck, " more")
    script.fromServer(.ack, ack: 1_015)
    script.toClient(.ack, ack: 1_015)
    #expect(script.statistics[ProxyCounter.requestsRepeated] == 3)
    script.finish()
  }

  /// The client knows what is missing, be it from SACK blocks, and by segments of the size that the path takes: each goes once.
  @Test func whatIsRepeatedWhileItIsDelivered() {
    let script = Script()
    script.handshake()
    let parts = (0..<3).map { part in [UInt8](repeating: UInt8(65 + part), count: 1_460) }
    for part in parts { script.fromClient(.ack, payload: part) }
    script.accept(window: 65_535)
    for part in parts { script.toServer(part[0] == 67 ? .pshAck : .ack, payload: part) }
    script.fromServer(.ack, ack: 1_001 + 1_460)
    script.toClient(.ack, ack: 1_001 + 1_460)
    // The octets in front of 2,461 are acknowledged; of the last, what is beyond was never held.
    for (first, count) in [(2_001, 960), (2_961, 700), (4_000, 100), (1_001, 1_000), (5_001, 380), (5_001, 800)] as [(UInt32, Int)] {
      script.fromClient(.ack, payload: [UInt8](repeating: 88, count: count), seq: first)
    }
    let offset = { (number: UInt32) in Int(number - 1_001) }
    let whole = parts.flatMap { $0 }
    for (first, end) in [(2_461, 2_961), (2_961, 3_661), (4_000, 4_100), (5_001, 5_381), (5_001, 5_381)] as [(UInt32, UInt32)] {
      script.toServer(end == 5_381 ? .pshAck : .ack, payload: Array(whole[offset(first)..<offset(end)]), seq: first)
    }
    #expect(script.statistics[ProxyCounter.requestsRepeated] == 6)
    script.finish()
  }

  @Test func andOneThatTheClientWasToldOf() {
    let script = Script(lines: 1)
    script.handshake()
    script.fromClient(.pshAck, "GET /")
    script.toClient(.ack)
    script.fromClient(.pshAck, "a\n")
    script.accept()
    script.toServer(.pshAck, "GET /a\n", seq: 1_001)
    script.fromClient(.pshAck, "GET /b\n", seq: 1_001)
    script.toClient(.ack, ack: 1_006)
    script.quiet()
    script.pass(1_100)
    script.toServer(.pshAck, "GET /a\n", seq: 1_001)
    script.finish()
  }

  /// RFC 9293 3.4: an acknowledgment has the next number, which the server's window may not reach yet.
  @Test func acknowledgmentsBehindWhatTheServerTakes() {
    let script = Script()
    script.handshake(OptionOctets.mss(1_460))
    script.fromClient(.pshAck, "twenty octets, right")
    script.accept(OptionOctets.mss(1_460), window: 8)
    script.toServer(.ack, "twenty o", seq: 1_001)
    script.fromServer(.pshAck, "first", ack: 1_001, window: 8)
    script.toClient(.pshAck, "first", ack: 1_001)
    script.fromClient(.ack)
    script.toServer(.ack, seq: 1_009)
    // It is so when there is nothing held any more, but the client has sent too much.
    script.fromServer(.ack, ack: 1_009, window: 12)
    script.toClient(.ack, ack: 1_009)
    script.toServer(.pshAck, "ctets, right", seq: 1_009)
    script.fromServer(.ack, ack: 1_021, window: 0)
    script.toClient(.ack, ack: 1_021)
    script.fromClient(.pshAck, " and more")
    script.quiet()
    script.fromServer(.pshAck, "second", ack: 1_021, window: 0)
    script.toClient(.pshAck, "second", ack: 1_021)
    script.fromClient(.ack)
    script.toServer(.ack, seq: 1_021)
    #expect(script.statistics[DropReason.outsideWindow] == 1)
    script.finish()
  }

  /// A connection whose request meets a closed window, and is probed for the first time.
  private func probed() -> Script<FirstGroup, NoInspector> {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept(window: 0)
    script.toServer(.ack, "h")
    return script
  }

  @Test func aClosedWindowIsProbed() {
    let script = probed()
    probe(script)
    script.fromServer(.ack, ack: 1_002, window: 100)
    script.toClient(.ack, ack: 1_002)
    script.toServer(.pshAck, "ello", seq: 1_002)
    script.finish()
  }

  /// The server has refused the probes: their octet is sent again with the others.
  @Test func aWindowOpensBehindARefusedProbe() {
    let script = probed()
    probe(script)
    script.fromServer(.ack, ack: 1_001, window: 100)
    script.toClient(.ack, ack: 1_001)
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.finish()
  }

  /// Two probes that are lost after many that were answered do not end it.
  @Test func someProbesMayBeLost() {
    let script = probed()
    probe(script)
    script.pass(50_000, step: 100)
    #expect(script.sentToServer == 2)
    script.ignoreSent()
    script.fromServer(.ack, ack: 1_001, window: 100)
    script.toClient(.ack, ack: 1_001)
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.finish()
  }

  /// Of octets that probes were made of and that were taken, the proxy knows when it speaks for the client.
  @Test func aResetBehindProbesThatWereTaken() {
    let script = probed()
    script.fromServer(.ack, ack: 1_002, window: 0)
    script.toClient(.ack, ack: 1_002)
    script.pass(1_100)
    script.toServer(.ack, "e", seq: 1_002)
    script.fromServer(.ack, ack: 1_003, window: 0)
    script.toClient(.ack, ack: 1_003)
    script.fromClient(.rst)
    script.toServer(.rst, seq: 1_003)
    script.ended(.resetByClient)
    script.finish()
  }

  /// RFC 9293 3.8.6.1: probes become rare, and never end while they are answered.
  private func probe(_ script: Script<FirstGroup, NoInspector>) {
    for round in 0..<12 {
      script.fromServer(.ack, ack: 1_001, window: 0)
      script.ignoreSent()
      var waited = 0
      while script.sentToServer == 0, waited < 60_000 {
        script.pass(20)
        waited += 20
      }
      let due = 1_000 << min(round, 3)
      #expect((due - 40...due + 40).contains(waited), "probe \(round) after \(waited) ms")
      script.toServer(.ack, "h", seq: 1_001)
    }
  }

  @Test func onlyOctetsBind() {
    let script = Script()
    script.handshake()
    script.fromClient(.ack)
    script.fromClient(.ack, window: 10_000)
    script.quiet()
    // A keep-alive without and with an octet is answered, and no more.
    script.fromClient(.ack, seq: 1_000)
    script.toClient(.ack, ack: 1_001)
    script.fromClient(.ack, "x", seq: 1_000)
    script.toClient(.ack, ack: 1_001)
    // What acknowledges nothing of ours is not from the client.
    script.fromClient(.pshAck, "forged", seq: 1_001, ack: script.client.expected! &- 100)
    script.fromClient(.pshAck, "forged", seq: 1_001, ack: script.client.expected! &+ 1)
    script.quiet()
    script.fromClient(.pshAck, "hello")
    script.toServer(.syn)
    script.finish()
  }

  @Test func finWithTheRequest() {
    let script = Script()
    script.handshake()
    script.fromClient(.finPshAck, "hello")
    script.accept()
    script.toServer(.finPshAck, "hello", seq: 1_001)
    script.fromServer(.ack)
    script.toClient(.ack)
    close(script)
  }

  @Test func finInALaterSegment() {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.fromClient(.finAck)
    // Once more, as it is not acknowledged.
    script.fromClient(.finAck, seq: 1_006)
    script.accept()
    script.toServer(.finPshAck, "hello", seq: 1_001)
    // Octets without the FIN: the client sends that again.
    script.fromServer(.ack, ack: 1_006)
    script.toClient(.ack, ack: 1_006)
    script.fromClient(.finAck, seq: 1_006)
    script.toServer(.finAck, seq: 1_006)
    script.fromServer(.ack)
    script.toClient(.ack)
    close(script)
  }

  private func close(_ script: Script<FirstGroup, NoInspector>) {
    script.fromServer(.finPshAck, "bye")
    script.toClient(.finPshAck, "bye")
    script.fromClient(.ack)
    script.toServer(.ack)
    script.ended(.completed)
    script.finish()
  }

  @Test func finBeforeARule() {
    let script = Script(lines: 1)
    script.handshake()
    script.fromClient(.finPshAck, "no line")
    script.accept()
    script.toServer(.finPshAck, "no line", seq: 1_001)
    script.finish()
  }

  @Test func finWithoutARequest() {
    let script = Script()
    script.handshake()
    script.fromClient(.finAck)
    script.toClient(.finAck)
    script.pass(1_100)
    script.toClient(.finAck, seq: script.client.expected! &- 1)
    script.fromClient(.ack)
    script.ended(.closedWithoutRequest)
    script.finish()
  }

  @Test func theLimitEndsTheWait() {
    let script = Script(lines: 1) { $0.parameters.requestLimit = 2_000 }
    script.handshake()
    let part = [UInt8](repeating: 65, count: 1_460)
    script.fromClient(.ack, payload: part)
    script.toClient(.ack, window: (2_000 - 1_460 + 127) >> 7)
    // Beyond what was offered: cut.
    script.fromClient(.ack, payload: part)
    script.client.next = 1_001 + 2_127
    script.accept(window: 65_535)
    script.toServer(.ack, payload: part, seq: 1_001)
    script.toServer(.pshAck, payload: Array(part[..<667]))
    script.finish()
  }

  /// A window is offered in units of 128 here, the last of which is a whole one, so that the client can use the limit up; and what was offered is
  /// taken, or the client would wait for its timeout.
  @Test func theLastUnitOfTheWindowIsAWholeOne() {
    let script = Script(lines: 1) { $0.parameters.requestLimit = 3_000 }
    script.handshake()
    let part = [UInt8](repeating: 65, count: 1_460)
    script.fromClient(.ack, payload: part)
    script.toClient(.ack, window: (3_000 - 1_460 + 127) >> 7)
    script.fromClient(.ack, payload: part)
    script.toClient(.ack, window: 1)
    script.fromClient(.ack, payload: Array(part[..<128]))
    script.accept(window: 65_535)
    script.toServer(.ack, payload: part, seq: 1_001)
    script.toServer(.ack, payload: part)
    script.toServer(.pshAck, payload: Array(part[..<128]))
    script.finish()
  }

  /// The SYN-ACK's window is not scaled: what it has offered may come, be one unit of the scale more than the limit.
  @Test func aRequestInPartsIsAwaitedWithAnyScale() {
    let script = Script(lines: 1) {
      $0.parameters.windowScale = 14
      $0.defaultGroup = nil
    }
    script.handshake()
    let part = [UInt8](repeating: 65, count: 1_460)
    script.fromClient(.ack, payload: part)
    script.toClient(.ack, window: 1)
    script.fromClient(.pshAck, "end\n")
    script.accept(window: 65_535)
    script.toServer(.ack, payload: part, seq: 1_001)
    script.toServer(.pshAck, "end\n")
    script.finish()
  }

  @Test func withoutADefaultARequestThatNoRuleTakesIsReset() {
    let script = Script(lines: 1) {
      $0.defaultGroup = nil
      $0.parameters.requestLimit = 16
    }
    script.handshake()
    script.fromClient(.ack, "0123456789abcdef")
    script.toClient(.rstAck, ack: 1_001)
    script.ended(.requestRefused)
    script.finish()
  }

  @Test func timeEndsTheWait() {
    let script = Script(lines: 1)
    script.handshake()
    script.fromClient(.pshAck, "slow")
    script.toClient(.ack)
    script.pass(10_100)
    script.accept()
    script.toServer(.pshAck, "slow", seq: 1_001)
    script.finish()
  }

  @Test func silenceEndsInAReset() {
    let script = Script()
    script.handshake()
    script.pass(9_900)
    script.quiet()
    script.pass(200)
    script.toClient(.rstAck)
    script.ended(.requestTimeout)
    script.finish()
  }

  @Test func theServerMaySpeakFirst() {
    let script = Script { $0.parameters.serverFirstTimeout = 300 }
    script.handshake()
    script.pass(310)
    script.accept()
    script.fromServer(.pshAck, "220 ready")
    script.toClient(.pshAck, "220 ready")
    script.fromClient(.pshAck, "HELO")
    script.toServer(.pshAck, "HELO")
    #expect(script.statistics[ProxyCounter.serversSpokeFirst] == 1)
    script.finish()
  }

  /// Until it has said something, or is silent for long, another one may take its place.
  @Test func aServerThatIsToSpeakFirstAndResets() {
    let script = Script(servers: 2) { $0.parameters.serverFirstTimeout = 300 }
    script.handshake()
    script.pass(310)
    script.accept()
    script.fromServer(.rst)
    script.accept(server: 1)
    script.fromServer(.pshAck, "220 ready", server: 1)
    script.toClient(.pshAck, "220 ready")
    script.fromServer(.rst, server: 1)
    script.toClient(.rst)
    script.ended(.resetByServer)
    #expect(script.statistics[ProxyCounter.serversReset] == 1 && script.statistics[ProxyCounter.failedOver] == 1)
    #expect(script.proxy.engine.groups.counters(of: 0) == TargetCounters(chosen: 1, failed: 1))
    script.finish()
  }

  @Test func aClientThatSpeaksFirstAfterAllToAServerThatResets() {
    let script = Script(servers: 2) { $0.parameters.serverFirstTimeout = 300 }
    script.handshake()
    script.pass(310)
    script.accept()
    script.fromClient(.pshAck, "HELO")
    script.toServer(.pshAck, "HELO")
    script.fromServer(.rst)
    script.accept(server: 1)
    script.fromClient(.pshAck, "HELO", seq: 1_001)
    script.toServer(.pshAck, "HELO", seq: 1_001, server: 1)
    script.fromServer(.pshAck, "hello", server: 1)
    script.toClient(.pshAck, "hello")
    script.finish()
  }

  /// A client whose first segment is lost has spoken: the rule is asked when all is there.
  @Test func aClientThatIsHeardTooEarlyIsNotSilent() {
    let script = Script(lines: 1) { $0.parameters.serverFirstTimeout = 300 }
    script.handshake()
    script.fromClient(.pshAck, "HTTP/1.1\n", seq: 1_007)
    script.pass(310)
    script.quiet()
    script.fromClient(.pshAck, "GET / HTTP/1.1\n")
    script.accept()
    script.toServer(.pshAck, "GET / HTTP/1.1\n")
    #expect(script.statistics[ProxyCounter.serversSpokeFirst] == 0 && script.statistics[ProxyCounter.requestsEarly] == 1)
    script.finish()
  }

  /// And one of whom nothing else ever comes is no other than one who says nothing.
  @Test func aClientThatIsHeardTooEarlyAndNoMore() {
    let script = Script(lines: 1) {
      $0.parameters.serverFirstTimeout = 300
      $0.parameters.requestTimeout = 2_000
    }
    script.handshake()
    script.fromClient(.pshAck, "HTTP/1.1\n", seq: 1_007)
    script.pass(2_010)
    script.toClient(.rstAck)
    script.ended(.requestTimeout)
    script.finish()
  }

  /// Nothing is repeated, and still there is time to answer.
  @Test func noRepetitionIsNoHurry() {
    let script = Script {
      $0.parameters.retries = 0
      $0.parameters.requestTimeout = 50
    }
    script.fromClient(.syn, options: Script<FirstGroup, NoInspector>.usualSyn)
    script.toClient(.synAck, nil, payload: [])
    script.pass(900)
    script.ended(.handshakeTimeout, 0)
    script.pass(200)
    script.ended(.handshakeTimeout)
    script.finish()
  }

  /// What is closed is not opened again once nothing is accepted.
  @Test(arguments: [WorkerCommand.stopOpening, .closeAll, .resetAll]) func aRunThatEndsReopensNothing(command: WorkerCommand) {
    let script = Script()
    script.splice()
    script.close()
    script.link.send(command)
    script.turn()
    script.fromClient(.syn, seq: 900_000, options: Script<FirstGroup, NoInspector>.usualSyn)
    script.toClient(.ack)
    #expect(script.statistics.attempts(.client) == 1)
    script.finish()
  }

  @Test func aServerThatIsToSpeakFirstAndDoesNot() {
    let script = Script(servers: 2) {
      $0.parameters.serverFirstTimeout = 300
      $0.parameters.establishedTimeout = 60_000
    }
    script.handshake()
    script.pass(310)
    script.accept()
    script.pass(1_100)
    script.quiet()
    script.fromServer(.rst)
    script.toClient(.rst)
    script.ended(.resetByServer)
    script.finish()
  }

  @Test func twoThatAreSilentBehindTheTimer() {
    let script = Script {
      $0.parameters.serverFirstTimeout = 300
      $0.parameters.establishedTimeout = 60_000
    }
    script.handshake()
    script.pass(310)
    script.accept()
    script.pass(59_000)
    script.quiet()
    script.pass(3_000)
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.ended(.idleTimeout)
    script.finish()
  }

  @Test func aResetWhileTheRequestIsHeld() {
    let script = Script(lines: 1)
    script.handshake()
    script.fromClient(.pshAck, "half")
    script.toClient(.ack)
    script.fromClient(.rst)
    script.ended(.resetBeforeBinding)
    script.finish()
  }

  @Test func aServerThatNamesNoUsefulSizeIsTakenToMeanAnother() {
    for size in [0, 1, 12] as [UInt16] {
      let script = Script { $0.parameters.timestamps = .always }
      script.handshake(OptionOctets.mss(1_460) + OptionOctets.timestamps(5, 0))
      script.client.options = [1, 1] + OptionOctets.timestamps(6, 1)
      script.fromClient(.pshAck, payload: [UInt8](repeating: 1, count: 60))
      script.server.options = [1, 1] + OptionOctets.timestamps(9, 6)
      script.accept(OptionOctets.mss(size) + OptionOctets.timestamps(9, 5))
      script.toServer(.ack, payload: [UInt8](repeating: 1, count: 52), seq: 1_001)
      script.toServer(.pshAck, payload: [UInt8](repeating: 1, count: 8))
      script.finish()
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct FailOverTests {
  private func asked(_ servers: Int, _ change: (inout ProxySettings) -> Void = { _ in }) -> Script<FirstGroup, NoInspector> {
    let script = Script(servers: servers, change)
    script.handshake()
    script.fromClient(.pshAck, "hello")
    return script
  }

  private func isServed(_ script: Script<FirstGroup, NoInspector>, by server: Int) {
    script.accept(server: server)
    script.toServer(.pshAck, "hello", seq: 1_001, server: server)
    script.fromServer(.pshAck, "answer", server: server)
    script.toClient(.pshAck, "answer")
    script.fromClient(.ack)
    script.toServer(.ack, server: server)
    #expect(script.statistics[ProxyCounter.failedOver] == UInt64(server))
    script.finish()
  }

  @Test func aServerThatRefuses() {
    let script = asked(2)
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    isServed(script, by: 1)
    #expect(script.statistics[ProxyCounter.serversRefused] == 1)
  }

  /// A rule may name a server; when that fails, it is the default group's turn, and no other group's.
  @Test(arguments: [true, false]) func theOneThatARuleNames(_ hasDefault: Bool) {
    let script = Script(Second(), NoInspector(), servers: 2) { $0.defaultGroup = hasDefault ? 0 : nil }
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.toServer(.syn, server: 1)
    #expect(script.proxy.engine.groups.counters(of: 0) == TargetCounters())
    #expect(script.proxy.engine.groups.counters(of: 1) == TargetCounters(chosen: 1))
    script.fromServer(.rstAck, seq: 0, ack: 1_001, server: 1)
    if hasDefault {
      script.toServer(.syn, server: 0)
      script.fromServer(.synAck, options: Script<Second, NoInspector>.usualSyn, server: 0)
      script.toServer(.ack, server: 0)
      script.toServer(.pshAck, "hello", seq: 1_001, server: 0)
    } else {
      script.toClient(.rstAck, ack: 1_001)
      script.ended(.noServer)
    }
    #expect(script.proxy.engine.groups.counters(of: 0) == TargetCounters(chosen: hasDefault ? 1 : 0))
    #expect(script.proxy.engine.groups.counters(of: 1) == TargetCounters(chosen: 1, failed: 1))
    script.finish()
  }

  private struct Second: BindingRule {
    func decide(_ request: FirstRequest) -> BindingDecision { .target(1, rule: 0) }
  }

  @Test func aRecordTellsOfBothServers() throws {
    let script = asked(2) { $0.detailedRecords = true }
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    isServed(script, by: 1)
    let record = try #require(script.records.all.first)
    #expect(script.records.all.count == 1 && record.tries == 2 && record.target == 1 && record.rule == 0)
    #expect(record.bytesToServer == 5 && record.bytesToClient == 6 && record.segmentsToServer == 1 && record.segmentsToClient == 1)
    #expect(record.clientInitial.rawValue == 1_000)
  }

  @Test func aForgedRefusalIsNotBelieved() {
    let script = asked(2)
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_002)
    script.fromServer(.rst, seq: 1_001)
    script.quiet()
    #expect(script.statistics[DropReason.resetNotExact] == 2)
    script.finish()
  }

  @Test func aServerThatIsSilent() {
    let script = asked(2)
    script.toServer(.syn)
    script.pass(1_050)
    script.toServer(.syn)
    script.pass(1_900)
    let abandoned = script.server.segment(.synAck, ack: 1_001, options: Script<FirstGroup, NoInspector>.usualSyn)
    script.pass(100)
    script.toServer(.syn, server: 1)
    // What the abandoned one says now is too late.
    script.send(abandoned)
    script.toServer(.rst, seq: 1_001)
    script.fromServer(.synAck, options: Script<FirstGroup, NoInspector>.usualSyn, server: 1)
    script.toServer(.ack, server: 1)
    script.toServer(.pshAck, "hello", seq: 1_001, server: 1)
    #expect(script.statistics[ProxyCounter.serversSilent] == 1)
    script.finish()
  }

  @Test func aServerThatResetsBeforeItAcknowledges() {
    let script = asked(2)
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.fromServer(.rst)
    isServed(script, by: 1)
    #expect(script.statistics[ProxyCounter.serversReset] == 1)
  }

  /// What the client has sent behind its request has passed, and nobody holds it: the next server gets it when the client sends it again, in its place.
  @Test(arguments: [false, true]) func whatHasPassedToTheServerThatFailedComesAgain(_ closes: Bool) {
    let script = asked(2)
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.fromClient(closes ? .finPshAck : .pshAck, " second", seq: 1_006)
    script.toServer(closes ? .finPshAck : .pshAck, " second", seq: 1_006)
    script.fromServer(.rst)
    script.toServer(.syn, server: 1)
    script.servers[1].expected = 1_001
    if !closes { script.fromClient(.pshAck, " third", seq: 1_013) }
    script.quiet()
    script.fromServer(.synAck, ack: 1_001, options: Script<FirstGroup, NoInspector>.usualSyn, server: 1)
    script.toServer(.ack, seq: 1_001, server: 1)
    script.toServer(.pshAck, "hello", seq: 1_001, server: 1)
    // It has not come yet, so the server is told of nothing that it does not have.
    script.fromServer(.ack, ack: 1_006, server: 1)
    script.toClient(.ack, ack: 1_006)
    script.fromClient(closes ? .finPshAck : .pshAck, " second", seq: 1_006)
    script.toServer(closes ? .finPshAck : .pshAck, " second", seq: 1_006, server: 1)
    if !closes {
      script.fromClient(.pshAck, " third", seq: 1_013)
      script.toServer(.pshAck, " third", seq: 1_013, server: 1)
    }
    #expect(script.statistics[ProxyCounter.failedOver] == 1)
    #expect(script.statistics[ProxyCounter.requestsEarly] == (closes ? 0 : 1))
    script.finish()
  }

  /// The moment is kept, wherever the last repetition fell.
  @Test(arguments: [700, 1_000, 4_000, 5_500]) func aServerIsWaitedForNoLongerThanSaid(_ timeout: UInt32) {
    let script = asked(2) { $0.parameters.connectTimeout = timeout }
    script.toServer(.syn)
    script.pass(Int(timeout) - 20)
    for _ in 0..<script.sentToServer { script.toServer(.syn) }
    script.pass(40)
    script.toServer(.syn, server: 1)
    script.finish()
  }

  @Test func aServerThatFallsSilentBeforeItAcknowledges() {
    let script = asked(2) { $0.parameters.retries = 1 }
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.pass(1_050)
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.pass(2_050)
    script.toServer(.rstAck)
    isServed(script, by: 1)
  }

  @Test func aServerThatHasAnsweredIsNotReplaced() {
    let script = asked(2)
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.fromServer(.ack, ack: 1_003)
    script.toClient(.ack, ack: 1_003)
    script.fromServer(.rst)
    script.toClient(.rst)
    script.ended(.resetByServer)
    script.finish()
  }

  @Test func noServerIsLeft() {
    let script = asked(2)
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    script.toServer(.syn, server: 1)
    script.fromServer(.rstAck, seq: 0, ack: 1_001, server: 1)
    script.toClient(.rstAck, ack: 1_001)
    script.ended(.noServer)
    script.finish()
  }

  @Test func whatWasTakenIsNotForgotten() {
    let script = Script(lines: 2)
    script.handshake()
    script.fromClient(.pshAck, "he")
    script.toClient(.ack)
    script.fromClient(.pshAck, "llo\n")
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    script.toServer(.syn, server: 1)
    script.fromClient(.ack, "more")
    // A keep-alive is told the same as before.
    script.fromClient(.ack, seq: 1_002)
    script.toClient(.ack, ack: 1_003)
    script.fromServer(.synAck, options: Script<FirstGroup, NoInspector>.usualSyn, server: 1)
    script.toServer(.ack, server: 1)
    script.toServer(.pshAck, "hello\nmore", seq: 1_001, server: 1)
    script.fromClient(.rst)
    script.toServer(.rst, server: 1)
    script.ended(.resetByClient)
    script.finish()
  }

  @Test func anOldConnectionOfTheServersIsReset() {
    let script = asked(1)
    script.toServer(.syn)
    script.fromServer(.ack, seq: 5, ack: 99_000)
    script.toServer(.rst, seq: 99_000)
    script.pass(3)
    isServed(script, by: 0)
  }

  @Test func aServerWithoutAPromisedOptionIsPassedOver() {
    let script = Script(servers: 2) { $0.parameters.timestamps = .always }
    script.handshake(OptionOctets.mss(1_460) + OptionOctets.timestamps(50, 0))
    script.client.options = [1, 1] + OptionOctets.timestamps(51, 1)
    script.fromClient(.pshAck, "hello")
    script.toServer(.syn)
    let start = script.server.next
    script.fromServer(.synAck, options: OptionOctets.mss(1_460))
    script.toServer(.rst, seq: 1_001)
    _ = start
    script.toServer(.syn, server: 1)
    #expect(script.statistics[ProxyCounter.serversUnfit] == 1)
    script.finish()
  }

  @Test func theClientGoesWhileAServerIsConnected() {
    let script = asked(1)
    script.toServer(.syn)
    script.fromClient(.rst)
    script.ended(.resetBeforeBinding)
    script.fromServer(.synAck, ack: 1_001)
    script.toServer(.rst, seq: 1_001)
    script.finish()
  }

  @Test func aTargetIsFull() {
    let script = Script(servers: 2) { $0.servers.targets[0].maximumConnections = 1 }
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.toServer(.syn)
    script.fromClient(.rst)
    let full = Script(servers: 1) { $0.servers.targets[0].maximumConnections = 1 }
    full.handshake()
    full.fromClient(.pshAck, "hello")
    full.toServer(.syn)
    let second = ScriptEnd(
      mac: full.client.mac.rawValue, address: full.client.address.rawValue, port: 40_001,
      proxy: (ScriptNames.proxyAddress, ScriptNames.listening), next: 5_000)
    full.send(second.segment(.syn))
    second.expected = full.toClient(.synAck, seq: nil, ack: 5_001, unchecked: true).sequence &+ 1
    full.send(second.segment(.pshAck, "hello"))
    let reset = full.toClient(.rstAck, ack: 5_001, unchecked: true)
    #expect(reset.sequence == second.expected && reset.destinationPort == 40_001)
    full.ended(.noServer)
    full.finish()
    script.finish()
  }

  /// It is not waited for any longer than one that does not accept, but for three repetitions.
  @Test func aServerThatAcceptsAndAcknowledgesNothing() {
    let script = Script(servers: 2)
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    for wait in [1_010, 2_010] {
      script.pass(wait)
      script.toServer(.pshAck, "hello", seq: 1_001)
    }
    script.pass(4_010)
    script.toServer(.rstAck)
    script.accept(server: 1)
    script.toServer(.pshAck, "hello", server: 1)
    #expect(script.statistics[ProxyCounter.serversSilent] == 1 && script.statistics[ProxyCounter.failedOver] == 1)
    script.finish()
  }

  @Test func aServerThatHasNoRoomYetIsWaitedFor() {
    let script = Script(servers: 2)
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept(window: 0)
    for _ in 0..<5 {
      script.pass(4_000)
      script.fromServer(.ack, ack: 1_001, window: 0)
    }
    script.ignoreSent()
    #expect(script.statistics[ProxyCounter.failedOver] == 0)
    script.fromServer(.ack, ack: 1_001, window: 1_000)
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.toClient(.ack, ack: 1_001)
    script.finish()
  }
}

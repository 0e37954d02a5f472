import Testing

@testable import TCPEngine

/// Servers are asked whether they take timestamps before clients are promised any.
@Suite struct SurveyTests {
  private typealias S = Script<FirstGroup, NoInspector>
  private static let offered = OptionOctets.mss(1_460) + OptionOctets.timestamps(7, 0)

  private func script(servers: Int = 1) -> Script<FirstGroup, NoInspector> {
    let script = Script(FirstGroup(), NoInspector(), servers: servers) { $0.parameters.timestamps = .learned }
    _ = answer(script, to: OptionOctets.mss(1_460))
    script.pass(10, step: 1)
    script.quiet()
    #expect(!isPromised(script))
    script.pass(1, step: 1)
    return script
  }

  /// Nobody is asked before a client has offered timestamps.
  @Test func whereNobodyOffersThemNobodyIsAsked() {
    let script = Script(FirstGroup(), NoInspector()) { $0.parameters.timestamps = .learned }
    for _ in 0..<20 {
      _ = answer(script, to: OptionOctets.mss(1_460))
      script.pass(1_000)
    }
    #expect(script.statistics[ProxyCounter.timestampsAsked] == 0)
    script.finish()
  }

  /// A server is asked, and says whether it takes them.
  private func survey(
    _ script: Script<FirstGroup, NoInspector>, _ server: Int = 0, takes: Bool, at location: SourceLocation = #_sourceLocation
  ) {
    let syn = script.toServer(.syn, server: server, at: location)
    #expect(syn.timestamp != nil, sourceLocation: location)
    script.fromServer(
      .synAck, ack: syn.sequence &+ 1, options: takes ? Self.offered : OptionOctets.mss(1_460), server: server)
    script.toServer(.rst, seq: syn.sequence &+ 1, server: server, at: location)
    script.servers[server].expected = nil
  }

  /// Whether a client that opens a connection now is promised timestamps.
  private func isPromised(_ script: Script<FirstGroup, NoInspector>) -> Bool {
    answer(script, to: Self.offered).timestamp != nil
  }

  /// The SYN-ACK to a client that offers these options, and goes away.
  private func answer(_ script: Script<FirstGroup, NoInspector>, to options: [UInt8]) -> WireSegment {
    script.fromClient(.syn, seq: script.client.next, options: options)
    let answer = script.toClient(.synAck, payload: [], unchecked: true)
    script.fromClient(.rst, seq: script.client.next &+ 1)
    return answer
  }

  @Test func theyArePromisedOnceAllServersWereSeenToTakeThem() {
    let script = script(servers: 3)
    for server in 0..<3 {
      #expect(!isPromised(script))
      survey(script, server, takes: true)
      script.pass(1, step: 1)
    }
    #expect(isPromised(script))
    #expect(script.statistics[ProxyCounter.timestampsAsked] == 3 && script.statistics[ProxyCounter.timestampsPromised] == 1)
    script.pass(300_000, step: 500)
    script.finish()
  }

  @Test func whoDoesNotTakeThemIsAskedAgainLaterAndLater() {
    let script = script()
    var asked = 0
    for _ in 0..<3_000 {
      while script.sentToServer > 0 {
        asked += 1
        survey(script, takes: false)
      }
      script.pass(100, step: 100)
    }
    // At 0, 0.1, 0.3, 0.7 ... 51.2, then every minute.
    #expect((10...16).contains(asked), "\(asked)")
    #expect(!isPromised(script))
    script.ignoreSent()
    script.finish()
  }

  @Test func whoRefusesOrIsSilentHoldsUpNobodyElse() {
    let script = script(servers: 3)
    let refused = script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: refused.sequence &+ 1)
    script.pass(1, step: 1)
    script.toServer(.syn, server: 1)
    script.pass(3_001, step: 1)
    survey(script, 2, takes: true)
    script.servers[0].expected = nil
    script.servers[1].expected = nil
    #expect(!isPromised(script))
    script.pass(150, step: 1)
    survey(script, 0, takes: true)
    script.pass(1, step: 1)
    survey(script, 1, takes: true)
    #expect(isPromised(script))
    script.finish()
  }

  /// Anyone can send these; only the server knows the number.
  @Test func anAnswerMustAcknowledgeTheQuestion() {
    let script = script()
    let syn = script.toServer(.syn)
    for acknowledgment in [syn.sequence, syn.sequence &+ 2] {
      script.fromServer(.synAck, seq: 700_000, ack: acknowledgment, options: Self.offered)
      script.fromServer(.rstAck, seq: 0, ack: acknowledgment)
    }
    script.quiet()
    #expect(!isPromised(script))
    script.fromServer(.synAck, seq: 700_000, ack: syn.sequence &+ 1, options: Self.offered)
    script.toServer(.rst, seq: syn.sequence &+ 1)
    #expect(isPromised(script))
    script.finish()
  }

  /// It was started anew with other settings: the connection that finds out goes elsewhere, and nobody is promised any more.
  @Test func aServerMayChangeItsMind() {
    let script = script(servers: 2)
    survey(script, 0, takes: true)
    script.pass(1, step: 1)
    survey(script, 1, takes: true)
    script.handshake(Self.offered)
    script.client.options = [1, 1] + OptionOctets.timestamps(8, 1)
    script.fromClient(.pshAck, "hello")
    script.toServer(.syn)
    script.fromServer(.synAck, options: OptionOctets.mss(1_460))
    script.toServer(.rst)
    #expect(script.statistics[ProxyCounter.serversUnfit] == 1)
    script.toServer(.syn, seq: 1_000, server: 1)
    script.fromServer(.synAck, options: Self.offered, server: 1)
    script.ignoreSent()
    script.servers[0].expected = nil
    let other = script.client.next
    script.client.next = 90_000
    script.fromClient(.syn, options: Self.offered)
    script.client.next = other
    script.ignoreSent()
    script.finish()
  }
}

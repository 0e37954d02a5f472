import Testing

@testable import TCPEngine

@Suite struct BindAnswerTests {
  private let bind: [UInt8] = [0x30, 0x0c, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0]
  private let success: [UInt8] = [0x30, 0x0c, 2, 1, 1, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0]
  /// A success with a word of the server's own, five octets longer.
  private let wordy: [UInt8] = [0x30, 0x11, 2, 1, 1, 0x61, 0x0c, 0x0a, 1, 0, 4, 0, 4, 5] + Array("hello".utf8)
  private let refusal: [UInt8] = [0x30, 0x0c, 2, 1, 1, 0x61, 7, 0x0a, 1, 49, 4, 0, 4, 0]
  private let search: [UInt8] =
    [0x30, 0x29, 2, 1, 2, 0x63, 0x24, 4, 4] + Array("dc=a".utf8) + [0x0a, 1, 2, 0x0a, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0, 0x87, 11]
    + Array("objectClass".utf8) + [0x30, 0]

  private func script(_ servers: Int = 1) throws -> Script<RuleSet, NoInspector> {
    let rules = try RuleSet([RuleSettings(match: .ldapSearch(base: "dc=a"), verdict: .group(0))])
    let script = Script(rules, NoInspector(), servers: servers) { $0.defaultGroup = nil }
    script.handshake()
    return script
  }

  private func bound(_ servers: Int = 1) throws -> Script<RuleSet, NoInspector> {
    let script = try script(servers)
    script.fromClient(.pshAck, payload: bind)
    script.toClient(.pshAck, payload: success)
    script.fromClient(.ack)
    script.fromClient(.pshAck, payload: search)
    return script
  }

  /// The rest: the search arrives, and its answer.
  private func isServed(_ script: Script<RuleSet, NoInspector>, by server: Int = 0, _ location: SourceLocation = #_sourceLocation) {
    script.toServer(.pshAck, payload: search, server: server, at: location)
    script.fromServer(.pshAck, "entries", server: server)
    script.toClient(.pshAck, "entries", at: location)
    script.fromClient(.ack)
    script.toServer(.ack, server: server, at: location)
    script.fromClient(.finAck)
    script.toServer(.finAck, server: server, at: location)
    script.fromServer(.finAck, server: server)
    script.toClient(.finAck, at: location)
    script.fromClient(.ack)
    script.toServer(.ack, server: server, at: location)
    script.ended(.completed, 1, at: location)
    script.finish(at: location)
  }

  @Test func answeredReplayedAndTheAnswerSwallowed() throws {
    let script = try bound()
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromServer(.pshAck, payload: success, ack: 1_015)
    script.toServer(.ack, seq: 1_015, ack: script.server.next)
    isServed(script)
    #expect(script.statistics[ProxyCounter.bindsAnswered] == 1)
  }

  /// A client that binds and then has nothing to ask for is given a server in time, and stays.
  @Test func aBindAndThenNothing() throws {
    let rules = try RuleSet([RuleSettings(match: .ldapSearch(base: "dc=a"), verdict: .group(0))])
    let script = Script(rules, NoInspector())
    script.handshake()
    script.fromClient(.pshAck, payload: bind)
    script.toClient(.pshAck, payload: success)
    script.fromClient(.ack)
    script.pass(10_100, step: 50)
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromServer(.pshAck, payload: success, ack: 1_015)
    script.toServer(.ack, seq: 1_015, ack: script.server.next)
    script.pass(200_000, step: 500)
    script.quiet()
    #expect(script.statistics[ProxyCounter.serversSilent] == 0)
    script.fromClient(.pshAck, payload: search)
    isServed(script)
  }

  /// Our answer was lost, and the client has closed: what it says of our FIN is not answered by another FIN at once.
  @Test func aBindAndAFinWhileTheAnswerIsLost() throws {
    let script = try script()
    script.fromClient(.finAck, payload: bind)
    let answer = script.toClient(.pshAck, payload: success, ack: 1_015)
    script.toClient(.finAck, ack: 1_016)
    for _ in 0..<5 {
      script.fromClient(.ack, seq: 1_016, ack: answer.sequence)
      script.quiet()
    }
    script.pass(1_100)
    script.toClient(.finAck, seq: answer.sequence &+ 14, ack: 1_016)
    script.fromClient(.ack, seq: 1_016, ack: answer.sequence &+ 15)
    script.ended(.closedWithoutRequest)
    script.finish()
  }

  /// However full of half requests the buffers are: what was acknowledged is kept.
  @Test func aBindAndHalfASearchWhileTheBuffersAreFull() throws {
    let rules = try RuleSet([RuleSettings(match: .ldapSearch(base: "dc=a"), verdict: .group(0))])
    let script = Script(rules, NoInspector(), buffers: 32) { $0.defaultGroup = nil }
    for port in 50_000..<50_008 as Range<UInt16> {
      var segment = script.client.segment(.syn, seq: 9)
      segment.sourcePort = port
      script.send(segment)
      let answer = script.toClient(.synAck, unchecked: true)
      segment = script.client.segment(.pshAck, payload: [0x30], seq: 10, ack: answer.sequence &+ 1)
      segment.sourcePort = port
      script.send(segment)
      script.toClient(.ack, unchecked: true)
    }
    script.handshake()
    script.fromClient(.pshAck, payload: bind + search[..<10])
    script.toClient(.pshAck, payload: success)
    script.fromClient(.ack)
    script.fromClient(.pshAck, payload: Array(search[10...]))
    #expect(script.statistics[.requestBuffersFull] == 0)
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromServer(.pshAck, payload: success, ack: 1_015)
    script.toServer(.ack, seq: 1_015, ack: script.server.next)
    script.toServer(.pshAck, payload: search)
    script.ignoreSent()
    script.finish()
  }

  @Test func anAnswerOfAnotherLengthInParts() throws {
    for cut in [1, 5, 9, 15, 18] {
      let script = try bound()
      script.accept()
      script.toServer(.ack, payload: bind, seq: 1_001)
      script.fromServer(.pshAck, payload: Array(wordy[..<cut]), ack: 1_015)
      script.toServer(.ack, seq: 1_015)
      script.fromServer(.pshAck, payload: Array(wordy[cut...]), ack: 1_015)
      script.toServer(.ack, seq: 1_015)
      isServed(script)
    }
  }

  /// However long it is: beyond what a buffer holds it is only counted.
  @Test(arguments: [1_448, 100, 1_000], [1_720, 1_800, 5_000, 60_000]) func aLongAnswer(piece: Int, length: Int) throws {
    func sized(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
      [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
    }
    let diagnostic = sized(4, (0..<length).map { UInt8(truncatingIfNeeded: $0) })
    let answer = sized(0x30, [2, 1, 1] + sized(0x61, [0x0a, 1, 0, 4, 0] + diagnostic))
    let script = try bound()
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    var rest = answer[...]
    while !rest.isEmpty {
      script.fromServer(rest.count > piece ? .ack : .pshAck, payload: Array(rest.prefix(piece)), ack: 1_015)
      script.toServer(.ack, seq: 1_015, ack: script.server.next)
      rest = rest.dropFirst(piece)
    }
    isServed(script)
  }

  @Test func searchInTheSegmentOfTheBind() throws {
    let script = try script()
    script.fromClient(.pshAck, payload: bind + search)
    script.toClient(.pshAck, payload: success)
    script.fromClient(.ack)
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromServer(.pshAck, payload: wordy, ack: 1_015)
    script.toServer(.ack, seq: 1_015)
    isServed(script)
  }

  @Test func ourAnswerIsLostBeforeTheSearch() throws {
    let script = try script()
    script.fromClient(.pshAck, payload: bind)
    let answer = script.toClient(.pshAck, payload: success)
    script.fromClient(.pshAck, payload: bind, seq: 1_001, ack: answer.sequence)
    script.toClient(.pshAck, payload: success, seq: answer.sequence)
    script.fromClient(.ack)
    script.fromClient(.pshAck, payload: search)
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromServer(.pshAck, payload: success, ack: 1_015)
    script.toServer(.ack, seq: 1_015)
    isServed(script)
  }

  @Test func ourAnswerIsLostAndTheSearchIsOnItsWayAlready() throws {
    let script = try script()
    script.fromClient(.pshAck, payload: bind + search)
    let answer = script.toClient(.pshAck, payload: success)
    script.accept()
    // While the server is bound,
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromClient(.pshAck, payload: bind + search, seq: 1_001, ack: answer.sequence)
    script.toClient(.pshAck, payload: success, seq: answer.sequence)
    script.fromServer(.pshAck, payload: wordy, ack: 1_015)
    script.toServer(.ack, seq: 1_015)
    script.toServer(.pshAck, payload: search, seq: 1_015)
    // and after it has acknowledged everything: the client asks, or the proxy does it by itself.
    script.fromServer(.pshAck, "entries", ack: 1_058)
    script.toClient(.pshAck, "entries")
    script.fromClient(.pshAck, payload: bind + search, seq: 1_001, ack: answer.sequence)
    script.toClient(.pshAck, payload: success, seq: answer.sequence)
    script.pass(1_100)
    script.toClient(.pshAck, payload: success, seq: answer.sequence)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.pass(100_000, step: 200)
    script.quiet()
    script.finish()
  }

  /// That is no fault of the server's.
  @Test func aClientThatNeverAcknowledgesOurAnswer() throws {
    let script = try script(2)
    script.fromClient(.pshAck, payload: bind + search)
    script.accept()
    script.fromServer(.pshAck, payload: success, ack: 1_015)
    script.fromServer(.pshAck, "entries", ack: 1_058)
    script.pass(200_000, step: 500)
    script.ended(.deliveryTimeout)
    #expect(script.proxy.engine.groups.counters(of: 0) == TargetCounters(chosen: 1))
    script.ignoreSent()
    script.finish()
  }

  @Test func aServerThatDoesNotBindIsPassedOver() throws {
    for cut in [2, 14] {
      let script = try bound(2)
      script.accept()
      script.toServer(.ack, payload: bind, seq: 1_001)
      script.fromServer(.pshAck, payload: Array(refusal[..<cut]), ack: 1_015)
      if cut < refusal.count {
        script.toServer(.ack, seq: 1_015)
        script.fromServer(.finPshAck, payload: Array(refusal[cut...]), ack: 1_015)
      }
      script.toServer(.rstAck, seq: 1_015, ack: script.server.expected.map { _ in script.server.next &- UInt32(cut < 14 ? 13 : 14) })
      script.accept(server: 1)
      script.toServer(.ack, payload: bind, seq: 1_001, server: 1)
      script.fromServer(.pshAck, payload: wordy, ack: 1_015, server: 1)
      script.toServer(.ack, seq: 1_015, server: 1)
      isServed(script, by: 1)
    }
  }

  @Test func aServerThatResetsAfterItsAnswerIsReplacedToo() throws {
    let script = try bound(2)
    script.accept()
    script.toServer(.ack, payload: bind, seq: 1_001)
    script.fromServer(.pshAck, payload: wordy, ack: 1_015)
    script.toServer(.ack, seq: 1_015)
    script.toServer(.pshAck, payload: search)
    script.fromServer(.rst)
    script.accept(server: 1)
    script.toServer(.ack, payload: bind, seq: 1_001, server: 1)
    script.fromServer(.pshAck, payload: success, ack: 1_015, server: 1)
    script.toServer(.ack, seq: 1_015, server: 1)
    isServed(script, by: 1)
  }

  /// Servers give up a bind when the next one comes (RFC 4511 4.2.1), and answer the last alone: it is the one that they are sent.
  @Test(arguments: [2, 3, 5], [1, 2]) func ofSeveralBindsTheServerHearsTheLast(binds: Int, servers: Int) throws {
    let script = try script(servers)
    for _ in 0..<binds {
      script.fromClient(.pshAck, payload: Array(bind[..<5]))
      script.toClient(.ack)
      script.fromClient(.pshAck, payload: Array(bind[5...]))
      script.toClient(.pshAck, payload: success)
      script.fromClient(.ack)
    }
    script.fromClient(.pshAck, payload: search)
    let last = 1_001 + 14 * UInt32(binds - 1)
    for server in 0..<servers {
      script.toServer(.syn, seq: last - 1, server: server)
      script.fromServer(.synAck, options: Script<RuleSet, NoInspector>.usualSyn, server: server)
      script.toServer(.ack, server: server)
      script.toServer(.ack, payload: bind, seq: last, server: server)
      let refuses = server + 1 < servers
      script.fromServer(.pshAck, payload: refuses ? refusal : wordy, ack: last + 14, server: server)
      // A refusal is not acknowledged.
      script.toServer(refuses ? .rstAck : .ack, seq: last + 14, ack: refuses ? script.server.next &- 14 : nil, server: server)
    }
    isServed(script, by: servers - 1)
    #expect(script.statistics[ProxyCounter.bindsAnswered] == UInt64(binds))
  }

  @Test func theClientGoesAfterItsBind() throws {
    let script = try script()
    script.fromClient(.pshAck, payload: bind)
    script.toClient(.pshAck, payload: success)
    script.fromClient(.finAck)
    script.toClient(.finAck)
    script.fromClient(.ack)
    script.ended(.closedWithoutRequest)
    script.finish()
  }
}

import Testing

@testable import TCPEngine

/// What others can do to a proxy and its connections who only know addresses and ports.
@Suite struct StrangerTests {
  /// RFC 9293 3.10.7.4: a FIN that its receiver does not take closes nothing.
  @Test(arguments: [1, 2, 100_000, 1 << 30, 0x7000_0000] as [UInt32]) func anOldFinOfTheClientsEndsNothing(_ below: UInt32) {
    let script = Script()
    script.splice()
    let (next, expected) = (script.client.next, script.server.expected)
    script.fromClient(.finAck, seq: next &- below)
    script.toServer(.finAck, seq: next &- below)
    script.server.expected = expected
    // The server says what it always says, and closes.
    script.fromServer(.ack)
    script.toClient(.ack)
    script.fromServer(.finAck)
    script.toClient(.finAck)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.ended(.completed, 0)
    script.pass(300_000, step: 500)
    // 4 min of silence are too much for one that closes, and the server's FIN was real.
    script.ended(.closingTimeout)
    script.ignoreSent()
    script.finish()
  }

  @Test(arguments: [1, 70_000, 0x7000_0000] as [UInt32]) func norOneOfTheServers(_ below: UInt32) {
    let script = Script()
    script.splice()
    script.fromServer(.pshAck, "so far")
    script.toClient(.pshAck, "so far")
    script.fromClient(.ack)
    script.toServer(.ack)
    let (next, expected) = (script.server.next, script.client.expected)
    script.fromServer(.finAck, seq: next &- below)
    script.toClient(.finAck, seq: expected! &- below)
    script.client.expected = expected
    script.pass(300_000, step: 500)
    script.fromServer(.pshAck, "more")
    script.toClient(.pshAck, "more")
    script.finish()
  }

  /// RFC 1122 3.2.1.3, 4.2.3.10
  @Test(arguments: [0, 0x7f00_0001, 0xe000_0001, 0xf000_0001, 0xffff_ffff, ScriptNames.proxyAddress, 0x0a00_0000, 0x0a00_ffff] as [UInt32])
  func aSynFromNobody(_ source: UInt32) {
    let script = Script()
    var syn = script.client.segment(.syn)
    syn.source = IPv4Address(source)
    script.send(syn)
    #expect(script.statistics[.sourceImpossible] == 1 && script.statistics.attempts(.client) == 0)
    script.finish()
  }

  @Test func aSynFromAGroupOfStations() {
    let script = Script()
    var syn = script.client.segment(.syn)
    syn.sourceMAC = MACAddress(0x01_00_5e_00_00_01)
    script.send(syn)
    #expect(script.statistics[.sourceImpossible] == 1)
    script.finish()
  }

  /// A client of its own: its handshake, and what it says then.
  private func say<Rule>(_ text: String, from port: UInt16, _ script: Script<Rule, NoInspector>) {
    var segment = script.client.segment(.syn, seq: 9)
    segment.sourcePort = port
    script.send(segment)
    let answer = script.toClient(.synAck, unchecked: true)
    segment = script.client.segment(.pshAck, text, seq: 10, ack: answer.sequence &+ 1)
    segment.sourcePort = port
    script.send(segment)
  }

  /// They wait for more, and fill what may be held; a request that is whole goes its way all the same.
  @Test func halfRequestsKeepNobodyFromAsking() {
    let script = Script(lines: 1, buffers: 32)
    for port in 0..<8 as Range<UInt16> {
      say("half", from: 50_000 + port, script)
      script.toClient(.ack, unchecked: true)
    }
    #expect(script.statistics[.requestBuffersFull] == 0)
    // One more half is not taken, and not acknowledged; its client sends it again, when there is room.
    say("half", from: 50_008, script)
    #expect(script.statistics[.requestBuffersFull] == 1)
    script.handshake()
    script.fromClient(.pshAck, "whole\n")
    script.accept()
    script.toServer(.pshAck, "whole\n")
    script.fromServer(.ack)
    script.toClient(.ack)
    script.ignoreSent()
    script.finish()
  }

  @Test func whatWasNotTakenIsTakenLater() {
    let script = Script(lines: 1, buffers: 32)
    for port in 0..<8 as Range<UInt16> {
      say("half", from: 50_000 + port, script)
      script.toClient(.ack, unchecked: true)
    }
    script.handshake()
    script.fromClient(.pshAck, "who", seq: 1_001)
    script.quiet()
    script.fromClient(.pshAck, "whole\n", seq: 1_001)
    script.client.next = 1_007
    script.accept()
    script.toServer(.pshAck, "whole\n")
    #expect(script.statistics[.requestBuffersFull] == 1)
    script.ignoreSent()
    script.finish()
  }

  /// Each SYN is held, so that another server can be tried with it.
  @Test func synsToASilentServerDoNotTakeAllBuffers() {
    let script = Script(buffers: 32) { $0.parameters.isImmediate = true }
    for port in 0..<12 as Range<UInt16> {
      var syn = script.client.segment(.syn, seq: 9)
      syn.sourcePort = 50_000 + port
      script.send(syn)
    }
    #expect(script.statistics[.requestBuffersFull] == 4 && script.statistics.attempts(.client) == 8)
    script.ignoreSent()
    script.finish()
  }

  /// A router's clients follow its address to a new MAC address, whether or not it had sent anything before.
  @Test(arguments: [false, true]) func aRoutersNewMAC(isKnownBefore: Bool) {
    let (old, new) = (MACAddress(0x02_00_00_00_09_01), MACAddress(0x02_00_00_00_09_02))
    let router = IPv4Address(0x0a00_00c8)
    var links = PeerLinks(source: MACAddress(0x02_00_00_00_00_01))
    var moves: [Bool] = []
    if isKnownBefore { moves.append(links.follow(router, to: old)) }
    guard let index = links.index(of: old, address: IPv4Address(0)) else {
      Issue.record("no entry")
      return
    }
    if !isKnownBefore { moves.append(links.follow(router, to: old)) }
    moves.append(links.follow(router, to: new))
    #expect(moves == [false, true])
    let link = links.link(index)
    #expect(MACAddress(link) == new)
    // Who else is known by an address of its own does not move with it.
    let other = links.index(of: MACAddress(0x02_00_00_00_09_03), address: IPv4Address(0x0a00_0005))
    let movesAgain = links.follow(router, to: new)
    #expect(other != index && !movesAgain)
  }
}

extension MACAddress {
  /// Whom frames with this header go to.
  fileprivate init(_ link: LinkHeader) {
    var frame = [UInt8](repeating: 0, count: 16)
    frame.withUnsafeMutableBytes { link.store(to: $0.baseAddress!) }
    self.init(frame[..<6].reduce(0) { $0 << 8 | UInt64($1) })
  }
}

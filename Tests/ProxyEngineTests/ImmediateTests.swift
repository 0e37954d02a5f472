import Testing

@testable import TCPEngine

@Suite struct ImmediateTests {
  private func script(_ servers: Int = 1) -> Script<FirstGroup, NoInspector> {
    Script(servers: servers) { $0.parameters.isImmediate = true }
  }

  private let strange: [UInt8] = OptionOctets.mss(1_300) + [30, 4, 0, 1] + OptionOctets.timestamps(77, 0) + [4, 2] + OptionOctets.scale(9)

  @Test func everythingPassesAsItIs() {
    let script = script()
    script.fromClient(TCPFlags(rawValue: 0xc2), window: 4_321, options: strange)
    let syn = script.toServer(TCPFlags(rawValue: 0xc2), seq: 1_000, window: 4_321, options: strange + [0])
    script.server.proxyAddress = syn.source
    script.server.proxyPort = syn.sourcePort
    script.server.expected = 1_001
    script.fromServer(TCPFlags(rawValue: 0x52), window: 999, options: strange)
    script.toClient(TCPFlags(rawValue: 0x52), seq: 700_000, window: 999, options: strange + [0])
    script.fromClient(.ack, options: [1, 1] + OptionOctets.timestamps(78, 77))
    script.toServer(.ack, options: [1, 1] + OptionOctets.timestamps(78, 77))
    #expect(script.statistics[ProxyCounter.established] == 1)
    // The server may speak first, and SACK passes.
    script.fromServer(.pshAck, "220")
    script.toClient(.pshAck, "220")
    let blocks = [1, 1] + OptionOctets.blocks(700_002, 700_004)
    script.fromClient(.ack, ack: 700_001, options: blocks)
    script.toServer(.ack, ack: 700_001, options: blocks)
    script.fromClient(.finAck)
    script.toServer(.finAck)
    script.fromServer(.finAck)
    script.toClient(.finAck)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.ended(.completed)
    script.finish()
  }

  private func passSyn(_ script: Script<FirstGroup, NoInspector>, server: Int = 0) {
    let syn = script.toServer(.syn, seq: 1_000, server: server)
    #expect(syn.payload == [])
  }

  /// Who has not seen the server's number opens nothing there, whoever's address it wears.
  @Test(arguments: [0, 1, 699_999, 700_000, 0x9000_0000] as [UInt32]) func aHandshakeOfWhoIsNotThere(number: UInt32) {
    let script = script()
    script.fromClient(.syn)
    passSyn(script)
    script.fromServer(.synAck)
    script.toClient(.synAck)
    script.fromClient(.ack, ack: number)
    if number &- 700_001 < 1 << 31 {
      #expect(script.statistics[.acknowledgesUnsent] == 1)
    } else {
      script.toClient(.rst, seq: number)
      #expect(script.statistics[.handshakeInvalid] == 1)
    }
    script.quiet()
    #expect(script.statistics[ProxyCounter.established] == 0)
    // The server says it again, and the client may still complete it.
    script.fromServer(.synAck, seq: 700_000)
    script.toClient(.synAck, seq: 700_000)
    script.client.expected = 700_001
    script.fromClient(.ack)
    script.toServer(.ack)
    #expect(script.statistics[ProxyCounter.established] == 1)
    script.finish()
  }

  /// What the proxy says of the server's window itself, it says with the server's shift.
  @Test func aChallengeOfAScaledWindow() {
    let script = script()
    script.fromClient(.syn, options: OptionOctets.scale(3))
    script.toServer(.syn, seq: 1_000)
    script.fromServer(.synAck, options: OptionOctets.scale(7))
    script.toClient(.synAck)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.fromServer(.ack, window: 501)
    script.toClient(.ack, window: 501)
    script.fromClient(.syn, seq: 77)
    script.toClient(.ack, window: 501)
    script.finish()
  }

  @Test func anotherServerIsTriedAndSACKStillPasses() {
    let script = script(2)
    script.fromClient(.syn, options: Script<FirstGroup, NoInspector>.usualSyn)
    passSyn(script)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    passSyn(script, server: 1)
    script.fromServer(.synAck, options: Script<FirstGroup, NoInspector>.usualSyn, server: 1)
    script.toClient(.synAck, seq: 1_700_000)
    let blocks = [1, 1] + OptionOctets.blocks(1_700_002, 1_700_004)
    script.fromClient(.ack, options: blocks)
    script.toServer(.ack, options: blocks, server: 1)
    script.finish()
  }

  @Test func noServerIsLeft() {
    let script = script()
    script.fromClient(.syn)
    passSyn(script)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    script.toClient(.rstAck, seq: 0)
    script.ended(.noServer)
    script.finish()
  }

  @Test func aSynIsRepeated() {
    let script = script()
    script.fromClient(.syn)
    passSyn(script)
    // By the client, and as it says it now.
    script.pass(1_010)
    script.quiet()
    script.fromClient(.syn, seq: 1_000, options: OptionOctets.timestamps(10, 0))
    #expect(script.toServer(.syn, seq: 1_000).timestamp == 10)
    script.fromServer(.synAck, options: OptionOctets.timestamps(3, 10))
    script.toClient(.synAck)
    // It was lost: the client asks again, and the server says it again.
    script.fromClient(.syn, seq: 1_000, options: OptionOctets.timestamps(20, 0))
    #expect(script.toServer(.syn, seq: 1_000).timestamp == 20)
    script.fromServer(.synAck, seq: 700_000)
    script.toClient(.synAck, seq: 700_000)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.finish()
  }

  /// Another server is tried with what the client has said last.
  @Test func aSilentServerIsFollowedByAnotherWithTheLatestSyn() {
    let script = script(2)
    script.fromClient(.syn, options: OptionOctets.timestamps(10, 0))
    passSyn(script)
    script.pass(1_000)
    script.fromClient(.syn, seq: 1_000, options: OptionOctets.timestamps(1_010, 0))
    passSyn(script)
    script.pass(2_010)
    #expect(script.toServer(.syn, seq: 1_000, server: 1).timestamp == 1_010)
    #expect(script.statistics[ProxyCounter.serversSilent] == 1)
    script.finish()
  }

  /// RFC 9293 3.10.7.1 and RFC 7413: its RST acknowledges the SYN's octets, too.
  @Test func aSynWithDataIsRefused() {
    let script = script(2)
    script.fromClient(.syn, "data")
    script.toServer(.syn, "data", seq: 1_000)
    script.fromServer(.rstAck, seq: 0, ack: 1_005)
    script.toServer(.syn, "data", seq: 1_000, server: 1)
    #expect(script.statistics[ProxyCounter.serversRefused] == 1)
    script.finish()
  }

  /// A server that keeps nothing of a SYN may answer it with another number the next time.
  @Test(arguments: [900_000, 600_000] as [UInt32]) func anotherSynAckTakesThePlaceOfALostOne(number: UInt32) {
    let script = script()
    script.fromClient(.syn, window: 500)
    passSyn(script)
    script.fromServer(.synAck)
    script.toClient(.synAck)
    script.fromClient(.syn, seq: 1_000, window: 500)
    passSyn(script)
    script.server.next = number
    script.client.expected = nil
    script.fromServer(.synAck, window: 700)
    script.toClient(.synAck, seq: number, window: 700)
    script.fromClient(.ack)
    script.toServer(.ack, seq: 1_001)
    script.fromServer(.finAck, "bye")
    script.toClient(.finAck, "bye")
    script.fromClient(.finAck)
    script.toServer(.finAck)
    script.fromServer(.ack)
    script.toClient(.ack)
    script.ended(.completed)
    script.finish()
  }

  /// RFC 7413: the SYN that is repeated carries no data; the server may have taken it from the first.
  @Test func aSynWithDataIsRepeatedWithout() {
    let script = script()
    script.fromClient(.syn, "data")
    script.toServer(.syn, "data", seq: 1_000)
    script.fromClient(.syn, seq: 1_000)
    script.toServer(.syn, seq: 1_000)
    script.server.expected = 1_005
    script.fromServer(.synAck, ack: 1_005)
    script.toClient(.synAck, ack: 1_005)
    script.finish()
  }

  @Test func aChallengeDoesNotSpoilTheClientsClock() {
    let script = script()
    let own: (UInt32, UInt32) -> [UInt8] = { [1, 1] + OptionOctets.timestamps($0, $1) }
    script.fromClient(.syn, options: OptionOctets.timestamps(10, 0))
    passSyn(script)
    script.fromServer(.synAck, options: OptionOctets.timestamps(3, 10))
    script.toClient(.synAck)
    script.fromClient(.ack, options: own(11, 3))
    script.toServer(.ack)
    script.pass(5_000)
    script.fromClient(.rst, seq: 1_050)
    let challenge = script.toClient(.ack)
    #expect(challenge.timestamp == 3 && challenge.echo == 11)
    script.finish()
  }

  @Test func dataInTheSynPasses() {
    let script = script()
    script.fromClient(.syn, "early", options: [34, 6, 1, 2, 3, 4])
    let syn = script.toServer(.syn, "early", seq: 1_000, options: [34, 6, 1, 2, 3, 4, 0, 0])
    #expect(syn.text == "early")
    script.fromServer(.synAck, ack: 1_006)
    script.toClient(.synAck, ack: 1_006)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.finish()
  }

  @Test func theClientDoesNotCompleteIt() {
    let script = script()
    script.fromClient(.syn)
    passSyn(script)
    script.fromServer(.synAck)
    script.toClient(.synAck)
    script.pass(241_000, step: 500)
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.ended(.closingTimeout)
    script.finish()
  }

  /// Before a server has answered there is nothing that its client could acknowledge.
  @Test func whoSpeaksBeforeTheServerIsReset() {
    let script = script(2)
    script.fromClient(.syn)
    passSyn(script)
    script.fromClient(.pshAck, "early", seq: 1_001, ack: 0)
    script.toClient(.rst, seq: 0)
    #expect(script.statistics[.handshakeInvalid] == 1)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    passSyn(script, server: 1)
    script.client.expected = nil
    script.fromServer(.synAck, server: 1)
    script.toClient(.synAck, seq: 1_700_000)
    script.finish()
  }

  @Test func aServerWithoutTimestampsIsNotSpokenForWithThem() {
    let script = script()
    script.fromClient(.syn, options: [1, 1] + OptionOctets.timestamps(77, 0))
    script.toServer(.syn, seq: 1_000)
    script.fromServer(.synAck)
    script.toClient(.synAck)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.fromClient(.rst, seq: 1_050)
    script.toClient(.ack, options: [])
    script.finish()
  }

  /// The client never completes the handshake, and another one wants its place: the server is told.
  @Test func aPassedHandshakeGivesWay() {
    let script = Script { (settings: inout ProxySettings) in
      settings.parameters.isImmediate = true
      settings.maxOpen = 1
    }
    script.fromClient(.syn)
    passSyn(script)
    script.fromServer(.synAck)
    script.toClient(.synAck)
    var syn = script.client.segment(.syn, seq: 5)
    syn.sourcePort = 40_001
    script.send(syn)
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.toServer(.syn, seq: 5)
    script.ended(.handshakeTimeout)
    script.finish()
  }
}

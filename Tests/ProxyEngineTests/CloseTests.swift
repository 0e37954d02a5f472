import Testing

@testable import TCPEngine

@Suite struct CloseTests {
  private func closed(_ change: (inout ProxySettings) -> Void = { _ in }) -> Script<FirstGroup, NoInspector> {
    let script = Script(change)
    script.splice()
    script.fromClient(.finAck)
    script.toServer(.finAck)
    script.fromServer(.finAck)
    script.toClient(.finAck)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.ended(.completed)
    return script
  }

  @Test func theServerGoesOnAfterTheClientHasClosed() {
    let script = Script()
    script.splice()
    script.fromClient(.finAck)
    script.toServer(.finAck)
    for _ in 0..<3 {
      script.fromServer(.pshAck, "more")
      script.toClient(.pshAck, "more")
      script.fromClient(.ack)
      script.toServer(.ack)
    }
    script.fromServer(.finAck)
    script.toClient(.finAck)
    script.ended(.completed, 0)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.ended(.completed)
    script.finish()
  }

  @Test func theClientGoesOnAfterTheServerHasClosed() {
    let script = Script()
    script.splice()
    script.fromServer(.finAck)
    script.toClient(.finAck)
    script.fromClient(.pshAck, "more")
    script.toServer(.pshAck, "more")
    script.fromServer(.ack)
    script.toClient(.ack)
    script.fromClient(.finAck)
    script.toServer(.finAck)
    script.fromServer(.ack)
    script.toClient(.ack)
    script.ended(.completed)
    script.finish()
  }

  @Test func bothCloseAtOnce() {
    let script = Script()
    script.splice()
    let (client, server) = (script.client.segment(.finAck), script.server.segment(.finAck))
    script.send(client)
    script.send(server)
    script.toServer(.finAck, ack: server.sequence)
    script.toClient(.finAck, ack: client.sequence)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.ended(.completed, 0)
    script.fromServer(.ack)
    script.toClient(.ack)
    script.ended(.completed)
    script.finish()
  }

  @Test func whatIsRepeatedAfterwardsPasses() {
    let script = closed()
    // The last ACK was lost.
    script.fromServer(.finAck, seq: script.server.next &- 1)
    script.toClient(.finAck, seq: script.client.expected! &- 1)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.pass(10_100, step: 50)
    script.fromServer(.finAck, seq: script.server.next &- 1)
    script.toServer(.rst, seq: script.client.next)
    script.finish()
  }

  /// RFC 6191: a newer timestamp reopens whatever the number.
  @Test(arguments: [false, true]) func aLowerNumberReopensByItsTimestamp(isNewer: Bool) {
    let script = Script(FirstGroup(), NoInspector()) { $0.parameters.timestamps = .always }
    let options = OptionOctets.mss(1_460) + OptionOctets.timestamps(50, 0)
    script.handshake(options)
    script.fromClient(.pshAck, "hello\n", options: [1, 1] + OptionOctets.timestamps(60, 1))
    script.toServer(.syn, seq: 1_000)
    script.fromServer(.synAck, options: OptionOctets.mss(1_460) + OptionOctets.timestamps(900, 60))
    script.toServer(.ack)
    script.toServer(.pshAck, "hello\n")
    script.fromServer(.finAck, options: [1, 1] + OptionOctets.timestamps(901, 60))
    script.toClient(.finAck)
    script.fromClient(.finAck, options: [1, 1] + OptionOctets.timestamps(61, 901))
    script.toServer(.finAck)
    script.fromServer(.ack, options: [1, 1] + OptionOctets.timestamps(902, 61))
    script.toClient(.ack)
    script.ended(.completed)
    script.client.expected = nil
    script.fromClient(.syn, seq: 500, options: OptionOctets.mss(1_460) + OptionOctets.timestamps(isNewer ? 62 : 61, 0))
    #expect(script.statistics[ProxyCounter.lingeringReopened] == (isNewer ? 1 : 0))
    #expect(script.statistics[.challengeAckSent] == (isNewer ? 0 : 1))
    script.ignoreSent()
    script.finish()
  }

  @Test func aNewSynReopens() {
    let script = closed()
    let previous = script.client.expected!
    script.client.expected = nil
    script.client.next &+= 64_000
    script.fromClient(.syn)
    let answer = script.toClient(.synAck)
    #expect(Int32(bitPattern: answer.sequence &- previous) > 0)
    #expect(script.statistics[ProxyCounter.lingeringReopened] == 1)
    script.finish()
  }

  /// RFC 9293 3.10.7.4: an acceptable RST ends TIME-WAIT.
  @Test func anExactResetMakesRoom() {
    let script = closed()
    script.fromClient(.syn, seq: 500)
    script.toClient(.ack)
    script.fromClient(.rst)
    script.toServer(.rst)
    script.client.expected = nil
    script.fromClient(.syn, seq: 500)
    script.toClient(.synAck, ack: 501)
    script.finish()
  }

  @Test func anOldSynDoesNot() {
    let script = closed()
    script.fromClient(.syn, seq: 1_000)
    script.toClient(.ack)
    script.finish()
  }

  @Test func theOldestLingeringGivesWay() {
    let script = closed {
      $0.maxOpen = 1
      $0.lingerPool = 1
    }
    script.client.expected = nil
    var syn = script.client.segment(.syn, seq: 5)
    syn.sourcePort = 40_001
    script.send(syn)
    script.toClient(.synAck, unchecked: true)
    syn.sourcePort = 40_002
    script.send(syn)
    script.toClient(.synAck, unchecked: true)
    #expect(script.statistics[ProxyCounter.handshakesEvicted] == 1 && script.statistics[.tableFull] == 0)
    script.finish()
  }

  @Test func silenceOfAnEstablishedConnection() {
    let script = Script { $0.parameters.establishedTimeout = 60_000 }
    script.splice()
    script.pass(30_000, step: 100)
    script.fromServer(.pshAck, "still here")
    script.toClient(.pshAck, "still here")
    script.fromClient(.ack)
    script.toServer(.ack)
    script.pass(59_000, step: 100)
    script.quiet()
    script.pass(2_000, step: 100)
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.ended(.idleTimeout)
    script.finish()
  }

  @Test func twoHoursAndFourMinutesUnlessToldOtherwise() {
    let script = Script()
    script.splice()
    script.pass(7_430_000, step: 1_000)
    script.quiet()
    script.pass(20_000, step: 1_000)
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.ended(.idleTimeout)
    script.finish()
  }

  @Test func silenceOfAClosingConnection() {
    let script = Script()
    script.splice()
    script.fromServer(.finAck)
    script.toClient(.finAck)
    script.fromClient(.ack)
    script.toServer(.ack)
    script.pass(239_000, step: 500)
    script.quiet()
    script.pass(2_000, step: 100)
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.ended(.closingTimeout)
    script.finish()
  }

  @Test func aServerThatStopsTakingTheRequest() {
    let script = Script { $0.parameters.retries = 1 }
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.fromServer(.ack, ack: 1_003)
    script.toClient(.ack, ack: 1_003)
    script.pass(1_050)
    script.toServer(.pshAck, "llo", seq: 1_003)
    script.pass(2_050)
    script.toClient(.rstAck, ack: 1_003)
    script.toServer(.rstAck)
    script.ended(.deliveryTimeout)
    script.finish()
  }

  @Test func theEndOfTheRunResetsBothEnds() {
    let script = Script()
    script.splice()
    script.link.send(.resetAll)
    script.turn()
    script.toClient(.rstAck)
    script.toServer(.rstAck)
    script.ended(.abortedByUs)
    script.finish()
  }
}

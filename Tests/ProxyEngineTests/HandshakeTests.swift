import Testing

@testable import TCPEngine

@Suite struct HandshakeTests {
  @Test func theSynAckOffersTheProfile() {
    let script = Script()
    script.fromClient(.syn, options: Script<FirstGroup, NoInspector>.usualSyn)
    let answer = script.toClient(.synAck)
    #expect(answer.maximumSegmentSize == 1_460 && answer.windowScale == 7 && answer.permitsSACK && answer.timestamp == nil)
    #expect(answer.window == 16_384)
    script.finish()
  }

  @Test func nothingIsOfferedThatWasNotAskedForNorReflectedThatIsUnknown() {
    let script = Script { $0.parameters.timestamps = .always }
    // MPTCP, TCP Fast Open, MD5, an experiment; ECN is asked for, too.
    let strange: [UInt8] = [30, 4, 0, 1, 34, 2, 253, 4, 1, 2, 19, 18] + Array(repeating: 7, count: 16)
    script.fromClient(TCPFlags(rawValue: 0xc2), options: OptionOctets.mss(536) + strange)
    let answer = script.toClient(.synAck)
    #expect(answer.options == OptionOctets.mss(1_460))
    script.finish()
  }

  @Test func dataInTheSynIsNotTaken() {
    let script = Script()
    let start = script.client.next
    script.fromClient(.syn, "early")
    script.toClient(.synAck, ack: start &+ 1)
    script.finish()
  }

  @Test func anAcknowledgmentOfSomethingElseIsReset() {
    let script = Script()
    script.fromClient(.syn)
    script.toClient(.synAck)
    let wrong = script.client.expected! &+ 5
    script.fromClient(.ack, seq: script.client.next, ack: wrong)
    #expect(script.toClient(.rst, unchecked: true).sequence == wrong)
    #expect(script.statistics[.handshakeInvalid] == 1)
    script.fromClient(.ack)
    #expect(script.statistics[ProxyCounter.established] == 1)
    script.finish()
  }

  @Test func aRepeatedSynIsAnsweredAgainAnotherOneChallenged() {
    let script = Script()
    script.fromClient(.syn)
    let first = script.toClient(.synAck)
    script.fromClient(.syn, seq: 1_000)
    script.toClient(.synAck, seq: first.sequence)
    script.fromClient(.syn, seq: 77_777)
    script.toClient(.ack, ack: 1_001)
    #expect(script.statistics[ProxyCounter.challengeAckSent] == 1)
    script.finish()
  }

  @Test func theSynAckIsSentAgainAndThenGivenUp() {
    let script = Script()
    script.fromClient(.syn)
    let first = script.toClient(.synAck)
    for wait in [1_000, 2_000, 4_000, 8_000] {
      script.pass(wait - 100)
      #expect(script.sentToClient == 0)
      script.pass(110)
      script.toClient(.synAck, seq: first.sequence)
    }
    script.pass(40_000, step: 50)
    script.ignoreSent()
    script.ended(.handshakeTimeout)
    script.finish()
  }

  @Test func dataInTheHandshakesAckBinds() {
    let script = Script()
    script.fromClient(.syn)
    script.toClient(.synAck)
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "hello")
    script.finish()
  }

  @Test func theHandshakesAckMayBeLost() {
    let script = Script()
    script.fromClient(.syn)
    script.toClient(.synAck)
    // The second segment of the request, before anything else.
    script.fromClient(.pshAck, "lo", seq: script.client.next &+ 3)
    script.quiet()
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "hello")
    script.finish()
  }

  @Test func aResetMustBeExact() {
    let script = Script()
    script.fromClient(.syn)
    script.toClient(.synAck)
    for far in [0, 900, 900_000] as [UInt32] { script.fromClient(.rst, seq: far) }
    #expect(script.statistics[DropReason.resetNotExact] == 3)
    script.fromClient(.rst, seq: 1_100)
    script.toClient(.ack, ack: 1_001)
    script.fromClient(.rst, seq: 1_001)
    script.ended(.resetBeforeBinding)
    script.finish()
  }

  private func send(_ script: Script<FirstGroup, NoInspector>, _ flags: TCPFlags, port: UInt16, seq: UInt32 = 5, ack: UInt32? = nil) {
    var segment = script.client.segment(flags, seq: seq, ack: ack)
    segment.sourcePort = port
    script.send(segment)
  }

  /// SYNs that nobody stands behind take no place from those who come, nor from those who are there.
  @Test func handshakesGiveWayWhenAllPlacesAreTaken() {
    let script = Script { $0.maxOpen = 3 }
    send(script, .syn, port: 40_001)
    let first = script.toClient(.synAck, unchecked: true)
    send(script, .ack, port: 40_001, seq: 6, ack: first.sequence &+ 1)
    for port in 50_000..<50_100 as Range<UInt16> {
      send(script, .syn, port: port)
      script.toClient(.synAck, unchecked: true)
    }
    #expect(script.statistics[ProxyCounter.handshakesEvicted] == 98)
    script.ended(.handshakeTimeout, 98)
    // One that came among them has its time until all others have had theirs.
    send(script, .syn, port: 40_002)
    let second = script.toClient(.synAck, unchecked: true)
    send(script, .syn, port: 50_100)
    script.toClient(.synAck, unchecked: true)
    send(script, .ack, port: 40_002, seq: 6, ack: second.sequence &+ 1)
    #expect(script.statistics[ProxyCounter.established] == 2 && script.statistics[.tableFull] == 0)
    script.quiet()
    script.finish()
  }

  /// Some leave options away when nobody answers.
  @Test func aRepeatedSynMayOfferLess() {
    let script = Script { $0.parameters.timestamps = .always }
    let usual = Script<FirstGroup, NoInspector>.usualSyn
    script.fromClient(.syn, options: usual + [1, 1] + OptionOctets.timestamps(77, 0))
    let first = script.toClient(.synAck)
    #expect(first.windowScale != nil && first.permitsSACK && first.echo == 77)
    script.fromClient(.syn, seq: 1_000, options: OptionOctets.mss(900))
    let second = script.toClient(.synAck, seq: first.sequence, options: OptionOctets.mss(1_460))
    #expect(second.window == 16_384)
    script.pass(1_010)
    script.toClient(.synAck, seq: first.sequence, options: OptionOctets.mss(1_460))
    script.fromClient(.ack)
    script.fromClient(.pshAck, "hello")
    let syn = script.toServer(.syn, seq: 1_000, options: OptionOctets.mss(900))
    #expect(syn.window == 8_192)
    script.finish()
  }
}

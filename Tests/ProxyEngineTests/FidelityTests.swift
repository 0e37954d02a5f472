import Testing

@testable import TCPEngine

@Suite struct FidelityTests {
  private typealias O = OptionOctets

  @Test func numbersWrapAround() {
    // Our own number is made to wrap by waiting for its clock (RFC 6528: 4 microseconds a step).
    let probe = Script()
    probe.fromClient(.syn)
    let first = probe.toClient(.synAck).sequence
    probe.finish()
    let script = Script(clientISN: .max - 3, serverISN: .max - 2)
    script.proxy.clock.time = (UInt64(UInt32.max - first) - 3) * 4_000
    script.turn()
    script.fromClient(.syn)
    let answer = script.toClient(.synAck)
    #expect(answer.sequence > UInt32.max - 10)
    script.fromClient(.ack)
    script.fromClient(.pshAck, "hello, world")
    script.accept()
    script.toServer(.pshAck, "hello, world", seq: .max - 2)
    for turn in 0..<5 {
      script.fromServer(.pshAck, "answer \(turn)")
      script.toClient(.pshAck, "answer \(turn)")
      script.fromClient(.pshAck, "question \(turn)")
      script.toServer(.pshAck, "question \(turn)")
    }
    script.close()
    script.ended(.completed)
    script.finish()
  }

  @Test func blocksAreTranslated() {
    let script = Script()
    script.splice()
    for text in ["one", "two", "three"] {
      script.fromServer(.pshAck, text)
      script.toClient(.pshAck, text)
    }
    let shift = script.client.expected! &- script.server.next
    let end = script.server.next
    // D-SACK (RFC 2883) below what is acknowledged, and two blocks more, all at an odd place.
    let edges = [end &- 11, end &- 8, end &- 5, end &- 4, end &- 3, end]
    let own = edges.map { $0 &+ shift }
    script.fromClient(.ack, ack: script.client.expected! &- 8, options: [1, 5, 26] + own.flatMap { Octets.of($0) })
    let passed = script.toServer(.ack, ack: end &- 8)
    #expect(passed.edges == edges && passed.options[0] == 1)
    // The client's numbers are the server's: its blocks stay.
    script.fromServer(.ack, ack: 1_003, options: [1, 1] + O.blocks(1_004, 1_006))
    #expect(script.toClient(.ack, ack: 1_003).edges == [1_004, 1_006])
    script.finish()
  }

  @Test func blocksThatTheServerNeverPermittedAreBlanked() {
    let script = Script()
    script.splice(server: O.mss(1_460) + [1] + O.scale(7))
    script.fromServer(.pshAck, "one")
    script.toClient(.pshAck, "one")
    for lead in [[1, 1], [1]] as [[UInt8]] {
      script.fromClient(
        .ack, ack: script.client.expected! &- 3, options: lead + O.blocks(script.client.expected! &- 1, script.client.expected!))
      let passed = script.toServer(.ack, ack: script.server.next &- 3)
      #expect(passed.options.prefix(lead.count + 10) == [UInt8](repeating: 1, count: lead.count + 10)[...])
    }
    script.finish()
  }

  @Test func timestampsAreShifted() {
    let script = Script { $0.parameters.timestamps = .always }
    script.pass(777)
    script.fromClient(.syn, options: O.mss(1_460) + O.timestamps(5_000, 0))
    let answer = script.toClient(.synAck)
    #expect(answer.echo == 5_000 && answer.timestamp != nil)
    script.client.options = [1, 1] + O.timestamps(5_010, answer.timestamp!)
    script.fromClient(.pshAck, "hello")
    let syn = script.toServer(.syn)
    #expect(syn.timestamp == 5_010 && syn.echo == 0)
    script.server.options = [1, 1] + O.timestamps(900_000, 5_010)
    script.fromServer(.synAck, options: O.mss(1_460) + O.timestamps(900_000, 5_010))
    let handshake = script.toServer(.ack)
    #expect(handshake.timestamp == 5_010 && handshake.echo == 900_000)
    #expect(script.toServer(.pshAck, "hello", seq: 1_001).echo == 900_000)
    script.server.options = [1, 1] + O.timestamps(900_050, 5_010)
    script.fromServer(.pshAck, "answer")
    // The server's clock goes on where ours was.
    let offset = answer.timestamp! &- 900_000
    let passed = script.toClient(.pshAck, "answer")
    #expect(passed.timestamp == 900_050 &+ offset && passed.echo == 5_010)
    // At every place that an option can have.
    for lead in 0..<4 {
      let options = [UInt8](repeating: 1, count: lead) + O.timestamps(5_020, passed.timestamp!)
      script.fromClient(.pshAck, "x", options: options)
      let echoed = script.toServer(.pshAck, "x")
      #expect(echoed.timestamp == 5_020 && echoed.echo == 900_050)
      script.fromServer(.ack, options: [UInt8](repeating: 1, count: lead) + O.timestamps(900_060 + UInt32(lead), 5_020))
      let back = script.toClient(.ack)
      #expect(back.timestamp == 900_060 &+ UInt32(lead) &+ offset && back.echo == 5_020)
    }
    // What comes in another order is not the newest.
    script.fromClient(.ack, options: [1, 1] + O.timestamps(5_015, passed.timestamp!))
    script.toServer(.ack)
    script.fromServer(.ack, options: [1, 1] + O.timestamps(900_055, 5_020))
    script.toClient(.ack)
    // A challenge of our own must not run ahead of the server's clock, however long this takes.
    script.pass(60_000, step: 1_000)
    script.fromClient(.syn, seq: 99)
    let challenge = script.toClient(.ack)
    #expect(challenge.timestamp == 900_063 &+ offset && challenge.echo == 5_020)
    script.finish()
  }

  @Test func windowsAreRescaled() {
    let script = Script()
    script.splice(server: O.mss(1_460) + [1, 1] + O.sackPermitted + [1] + O.scale(2))
    // 2 to 7: the same octets; what is open stays open.
    for (window, seen) in [(3_200, 100), (64, 2), (3, 1), (0, 0)] as [(UInt16, UInt16)] {
      script.fromServer(.ack, window: window)
      script.toClient(.ack, window: seen)
    }
    // What the client reads in it may be sent.
    script.fromServer(.ack, window: 3)
    script.toClient(.ack, window: 1)
    script.fromClient(.pshAck, payload: [UInt8](repeating: 7, count: 128))
    script.toServer(.pshAck, payload: [UInt8](repeating: 7, count: 128))
    // The client's own shift was told to the server.
    script.fromClient(.ack, window: 77)
    script.toServer(.ack, window: 77)
    script.finish()
  }

  @Test func aServerThatDoesNotScale() {
    let script = Script()
    script.splice(server: O.mss(1_460))
    script.fromServer(.ack, window: 6_400)
    script.toClient(.ack, window: 50)
    script.fromClient(.ack, window: 10)
    script.toServer(.ack, window: 1_280)
    script.fromClient(.ack, window: 60_000)
    script.toServer(.ack, window: 65_535)
    script.finish()
  }

  @Test func aClientThatDoesNotScale() {
    let script = Script()
    script.fromClient(.syn, options: O.mss(500))
    #expect(script.toClient(.synAck).windowScale == nil)
    script.fromClient(.pshAck, "hello", window: 5_000)
    let syn = script.toServer(.syn)
    #expect(syn.windowScale == nil && syn.maximumSegmentSize == 500 && syn.window == 5_000)
    script.fromServer(.synAck, options: O.mss(1_460))
    script.toServer(.ack, window: 5_000)
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.fromServer(.ack, window: 3_333)
    script.toClient(.ack, window: 3_333)
    script.finish()
  }

  @Test func theSmallerSegmentSizeIsOfferedToTheServer() {
    for (size, offered) in [(9_000, 1_460), (1_200, 1_200)] as [(UInt16, UInt16)] {
      let script = Script()
      script.handshake(O.mss(size))
      script.fromClient(.pshAck, "hello")
      #expect(script.toServer(.syn).maximumSegmentSize == offered)
      script.finish()
    }
  }

  @Test func longerSegmentsThanTheServerTakesAreSplit() {
    let script = Script()
    let long = (0..<1_400).map { UInt8($0 % 251) }
    script.handshake()
    script.fromClient(.pshAck, payload: long)
    script.accept(O.mss(536) + [1, 1] + O.sackPermitted + [1] + O.scale(7), window: 60_000)
    script.toServer(.ack, payload: Array(long[..<536]), seq: 1_001)
    script.toServer(.ack, payload: Array(long[536..<1_072]))
    script.toServer(.pshAck, payload: Array(long[1_072...]))
    script.fromServer(.ack)
    script.toClient(.ack)
    // What is spliced, too: FIN and PSH at the last part, urgent data where it is, options (which count) at each.
    let flags = TCPFlags(rawValue: 0x39 | 0x80)
    let options = [1, 1] + O.blocks(script.client.expected!, script.client.expected! &+ 1)
    script.fromClient(flags, payload: long, options: options, urgent: 600)
    let first = script.toServer(TCPFlags(rawValue: 0xb0), payload: Array(long[..<524]))
    #expect(first.urgent == 600 && first.edges?.count == 2)
    let second = script.toServer(TCPFlags(rawValue: 0x30), payload: Array(long[524..<1_048]))
    #expect(second.urgent == 76 && second.edges == first.edges)
    let third = script.toServer(.finPshAck, payload: Array(long[1_048...]))
    #expect(third.urgent == 0)
    script.fromServer(.ack)
    script.toClient(.ack)
    script.finish()
  }

  @Test func everythingElseStaysAsItIs() {
    let script = Script()
    script.splice()
    let flags = TCPFlags(rawValue: 0xf8)
    var segment = script.client.segment(flags, "urgent", options: [1, 1, 1, 253, 4, 9, 9, 0], urgent: 4)
    segment.trafficClass = 0x2e << 2 | 3
    segment.timeToLive = 17
    script.send(segment)
    let passed = script.toServer(flags, "urgent", options: segment.options)
    #expect(passed.urgent == 4 && passed.trafficClass == segment.trafficClass && passed.timeToLive == 17)
    var back = script.server.segment(flags, "too", options: [1, 253, 3, 7], urgent: 1)
    back.trafficClass = 2
    script.send(back)
    let received = script.toClient(flags, "too", options: back.options)
    #expect(received.urgent == 1 && received.trafficClass == 2)
    script.finish()
  }

  @Test func zeroWindowsProbesAndKeepAlivesPass() {
    let script = Script()
    script.splice()
    script.fromServer(.ack, window: 0)
    script.toClient(.ack, window: 0)
    // Linux's probe, and that of others: one octet.
    script.fromClient(.ack, seq: script.client.next &- 1)
    script.toServer(.ack, seq: script.client.next &- 1)
    script.fromClient(.ack, "p", seq: script.client.next)
    script.toServer(.ack, "p", seq: script.client.next)
    script.server.expected = script.client.next
    script.fromServer(.ack, window: 10)
    script.toClient(.ack, window: 10)
    script.fromServer(.ack, seq: script.server.next &- 1)
    script.toClient(.ack, seq: script.client.expected! &- 1)
    script.finish()
  }

  @Test func whatIsBeyondTheWindowOrAcknowledgesTheFutureIsDropped() {
    let script = Script()
    script.splice()
    script.fromClient(.ack, "far", seq: script.client.next &+ 9_000_000)
    script.fromServer(.ack, "far", seq: script.server.next &+ 9_000_000)
    #expect(script.statistics[DropReason.outsideWindow] == 2)
    script.fromClient(.ack, "x", seq: script.client.next, ack: script.client.expected! &+ 1)
    script.fromServer(.ack, "x", seq: script.server.next, ack: script.client.next &+ 1)
    #expect(script.statistics[DropReason.acknowledgesUnsent] == 2)
    script.finish()
  }
}

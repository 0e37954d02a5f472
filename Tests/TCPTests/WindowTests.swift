import Testing

@testable import TCPEngine

/// What the peer takes: its MSS, its window, and a window that is closed.
@Suite struct WindowTests {
  @Test(arguments: Numbers.all) func zeroWindowIsProbed(_ numbers: Numbers) throws {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    #expect(machine.send(3000).isEmpty)
    #expect(machine.connection.flags.has(.persisting) && machine.connection.flags.has(.timerRunning))
    var periods: [UInt32] = []
    for round in 0..<12 {
      let (after, what) = machine.untilTimeout()
      #expect(what == "probe")
      periods.append(after)
      let probe = try #require(machine.probe())
      #expect(machine.relative(probe) == 1 && probe.length == 1 && probe.streamOffset == 0 && probe.control.has(.ack))
      #expect(probe.isRetransmission == (round > 0) && machine.next == 2)
      // The peer answers, and takes nothing.
      expect(machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0), .none)
    }
    #expect(periods == [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000, 60_000])
    // It opens: what was probed with goes out again, and all the rest.
    let action = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 65_535)
    expect(action, .none, .none, [.maySend, .retransmit])
    #expect(!machine.connection.flags.has(.persisting) && machine.connection.retransmits == 0)
    #expect(try #require(machine.retransmitOldest()).length == 1)
    #expect(machine.send().map(\.length) == [1460, 1460, 79], "at once")
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 3001)
    #expect(machine.una == 3001 && !machine.connection.flags.has(.timerRunning))
  }

  /// RFC 9293 3.8.6: the peer takes back the window of what is in flight; that is no reason to give up.
  @Test(arguments: Numbers.all) func aWindowTakenBackIsProbed(_ numbers: Numbers) throws {
    let machine = Machine.reaching(.established, numbers)
    #expect(machine.send(2000).map(\.length) == [1460, 540])
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    for _ in 0..<40 {
      #expect(machine.untilTimeout().what == "probe")
      let probe = try #require(machine.probe())
      #expect(probe.isRetransmission && machine.relative(probe) == 1)
      expect(machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0), .none)
    }
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 65_535), .none, .none, [.maySend, .retransmit])
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 2001)
    #expect(machine.una == 2001 && !machine.connection.flags.has(.timerRunning) && machine.connection.retransmits == 0)
  }

  @Test(arguments: Numbers.all) func probesThatAreTaken(_ numbers: Numbers) throws {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    _ = machine.send(3)
    for octet in 0..<3 as Range<UInt32> {
      #expect(machine.untilTimeout() == (200, "probe"))
      let probe = try #require(machine.probe())
      #expect(probe.streamOffset == octet && !probe.isRetransmission)
      expect(machine.receive(.ack, sequence: 1, acknowledgment: 2 + octet, window: 0), .none, .none, .maySend)
      #expect(machine.send().isEmpty)
    }
    #expect(machine.una == 4 && !machine.connection.flags.has(.timerRunning))
  }

  @Test(arguments: Numbers.all) func finIsAProbeToo(_ numbers: Numbers) throws {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    #expect(machine.close().isEmpty && machine.state == .established)
    #expect(machine.untilTimeout().what == "probe")
    let probe = try #require(machine.probe())
    #expect(probe.control == .finAck && probe.length == 0 && machine.state == .finWait1 && machine.next == 2)
    #expect(machine.untilTimeout().what == "probe")
    #expect(try #require(machine.probe()).isRetransmission)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 2, window: 0), .none, .none, [.maySend, .finAcknowledged])
    #expect(machine.state == .finWait2)
  }

  @Test func probingGoesOnWhileItIsAnswered() throws {
    let machine = Machine.reaching(.established)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    _ = machine.send(10)
    for _ in 0..<100 {
      #expect(machine.untilTimeout().what == "probe")
      _ = try #require(machine.probe())
      _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    }
    // Silence ends it.
    var last = ""
    for _ in 0..<10 where last != "idle" { last = machine.untilTimeout().what }
    #expect(last == "idle")
  }

  @Test func windowThatOpensBeforeAProbe() {
    let machine = Machine.reaching(.established)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 0)
    _ = machine.send(10)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 100), .none, .none, .maySend)
    #expect(!machine.connection.flags.has(.persisting))
    #expect(machine.send().map(\.length) == [10])
    #expect(machine.untilTimeout().what == "retransmit")
  }

  @Test func sillyWindowIsAvoided() {
    let machine = Machine.reaching(.established, window: 2000)
    #expect(machine.send(10_000).map(\.length) == [1460], "540 octets would fit, but are less than a segment, and not the last")
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1461, window: 700)
    #expect(machine.send().map(\.length) == [700], "nothing is in flight")
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 2161, window: 10_000)
    #expect(machine.send().map(\.length) == [1460, 1460, 1460, 1460, 1460, 540])
    let small = Machine.reaching(.established)
    #expect(small.send(10).count == 1 && small.send(10).count == 1, "the last of what there is goes out at once")
  }

  @Test(arguments: Array(1...64) + [100, 535, 536, 1459, 1460] as [UInt16]) func everyMSSIsObeyed(_ mss: UInt16) {
    let machine = Machine.reaching(.established, options: .offer(mss: mss))
    machine.finish = true
    var sent = machine.send(700)
    var octets: UInt32 = 0
    var rounds = 0
    while !sent.isEmpty, rounds < 1000 {
      rounds += 1
      #expect(sent.count <= 10)
      for transmission in sent {
        #expect(transmission.length <= mss && transmission.streamOffset == octets)
        octets += UInt32(transmission.length)
      }
      _ = machine.receive(.ack, sequence: 1, acknowledgment: machine.next)
      sent = machine.send()
    }
    #expect(octets == 700 && machine.state == .finWait2)
  }

  @Test(arguments: Array(1...40) + [100, 1000, 1460, 1461, 3000] as [UInt16]) func everyWindowIsObeyed(_ window: UInt16) {
    let machine = Machine.reaching(.established, options: .offer(mss: 16), window: window)
    var octets: UInt32 = 0
    machine.finish = true
    var sent = machine.send(200)
    var rounds = 0
    while !sent.isEmpty, rounds < 1000 {
      rounds += 1
      #expect(machine.connection.flight <= UInt32(window))
      for transmission in sent { octets += UInt32(transmission.length) }
      _ = machine.receive(.ack, sequence: 1, acknowledgment: machine.next, window: window)
      sent = machine.send()
    }
    #expect(octets == 200 && machine.state == .finWait2)
  }

  @Test func tenSegmentsAtFirst() {
    let machine = Machine.reaching(.established)
    #expect(machine.send(100_000).count == 10)
  }

  /// RFC 9293 3.10.7.4: an acknowledgment behind a gap brings its window, which what it acknowledges does not open.
  @Test(arguments: Numbers.all) func theWindowBehindAGap(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.send(1_000)
    _ = machine.receive(TCPFlags(rawValue: 0x18), sequence: 101, acknowledgment: 1_001, length: 100, window: 0)
    #expect(machine.una == 1_001 && machine.send(5_000).isEmpty)
  }
}

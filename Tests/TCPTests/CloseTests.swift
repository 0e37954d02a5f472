import Testing

@testable import TCPEngine

@Suite struct CloseTests {
  @Test(arguments: Numbers.all) func active(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    let fin = machine.close()
    #expect(fin.count == 1 && fin[0].control == .finAck && fin[0].length == 0 && machine.relative(fin[0]) == 1)
    #expect(machine.state == .finWait1 && machine.next == 2 && machine.una == 1 && machine.connection.streamSent == 0)
    #expect(machine.send(10).isEmpty, "nothing follows a FIN")
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 2), .none, .none, [.maySend, .finAcknowledged])
    #expect(machine.state == .finWait2 && machine.una == 2 && !machine.connection.flags.has(.timerRunning))
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 2), .acknowledge, .none, [.peerClosed, .timeWait])
    #expect(machine.state == .timeWait && machine.expected == 2)
  }

  @Test(arguments: Numbers.all) func activeAnsweredByFINAndACKInOne(_ numbers: Numbers) {
    let machine = Machine.reaching(.finWait1, numbers)
    let action = machine.receive(.finAck, sequence: 1, acknowledgment: 2, length: 3)
    expect(action, .acknowledge, .none, [.maySend, .finAcknowledged, .payload, .peerClosed, .timeWait])
    #expect(machine.state == .timeWait && machine.expected == 5)
  }

  @Test(arguments: Numbers.all) func passive(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 1), .acknowledge, .none, .peerClosed)
    #expect(machine.state == .closeWait && machine.expected == 2 && machine.connection.streamReceived == 0)
    #expect(machine.close().map(\.control) == [.finAck])
    #expect(machine.state == .lastAck && machine.next == 2)
    expect(machine.receive(.ack, sequence: 2, acknowledgment: 2), .none, .none, [.maySend, .finAcknowledged, .closed])
    #expect(machine.state == .closed)
  }

  @Test(arguments: Numbers.all) func simultaneous(_ numbers: Numbers) {
    let machine = Machine.reaching(.finWait1, numbers)
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 1), .acknowledge, .none, .peerClosed)
    #expect(machine.state == .closing && machine.expected == 2)
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 1), .acknowledge, .duplicate)
    #expect(machine.state == .closing)
    expect(machine.receive(.ack, sequence: 2, acknowledgment: 2), .none, .none, [.maySend, .finAcknowledged, .timeWait])
    #expect(machine.state == .timeWait)
  }

  @Test(arguments: Numbers.all) func halfClosedThePeerSendsOn(_ numbers: Numbers) {
    for state in [TCPState.finWait1, .finWait2] {
      let machine = Machine.reaching(state, numbers)
      let acknowledgment = machine.una
      let action = machine.receive(.ack, sequence: 1, acknowledgment: acknowledgment, length: 100)
      expect(action, .acknowledge, .none, .payload)
      #expect(action.payloadLength == 100 && machine.expected == 101 && machine.state == state)
    }
  }

  @Test(arguments: Numbers.all) func halfClosedWeSendOn(_ numbers: Numbers) {
    let machine = Machine.reaching(.closeWait, numbers)
    #expect(machine.send(2000).map(\.length) == [1460, 540])
    expect(machine.receive(.ack, sequence: 2, acknowledgment: 2001), .none, .none, .maySend)
    #expect(machine.state == .closeWait && machine.una == 2001)
    // What comes behind the peer's FIN is not taken.
    expect(machine.receive(.ack, sequence: 2, acknowledgment: 2001, length: 10), .none)
    #expect(machine.expected == 2)
    #expect(machine.close().map(\.control) == [.finAck])
    expect(machine.receive(.ack, sequence: 2, acknowledgment: 2002), .none, .none, [.maySend, .finAcknowledged, .closed])
  }

  @Test(arguments: Numbers.all) func finWithDataOut(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    machine.finish = true
    let sent = machine.send(2000)
    #expect(sent.map(\.length) == [1460, 540])
    #expect(sent[0].control == .ack && sent[1].control == TCPFlags(rawValue: 0x19))
    #expect(machine.next == 2002 && machine.state == .finWait1 && machine.connection.streamSent == 2000)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 2001), .none, .none, .maySend)
    #expect(machine.state == .finWait1, "the FIN is not acknowledged yet")
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 2002), .none, .none, [.maySend, .finAcknowledged])
    #expect(machine.state == .finWait2)
  }

  @Test(arguments: Numbers.all) func finWithDataIn(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    let action = machine.receive(.finAck, sequence: 1, acknowledgment: 1, length: 16)
    expect(action, .acknowledge, .none, [.payload, .peerClosed])
    #expect(machine.expected == 18 && machine.state == .closeWait && machine.connection.streamReceived == 16)
    // Again, as a whole: acknowledged, and nothing else.
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 1, length: 16), .acknowledge, .duplicate)
    #expect(machine.expected == 18 && machine.state == .closeWait)
  }

  @Test(arguments: Numbers.all) func finBehindDataAlreadyReceived(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 16)
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 1, length: 16), .acknowledge, .none, .peerClosed)
    #expect(machine.expected == 18 && machine.state == .closeWait)
  }

  @Test(arguments: Numbers.all) func finOutOfOrder(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    expect(machine.receive(.finAck, sequence: 17, acknowledgment: 1), .acknowledge, .outOfOrder)
    #expect(machine.state == .established && machine.expected == 1)
  }

  @Test(arguments: [TCPState.finWait1, .closing, .lastAck], Numbers.all) func finIsSentAgain(_ state: TCPState, _ numbers: Numbers) throws {
    let machine = Machine.reaching(state, numbers)
    #expect(machine.untilTimeout().what == "retransmit")
    let again = try #require(machine.retransmitOldest())
    #expect(again.control == .finAck && again.length == 0 && machine.relative(again) == 1 && again.isRetransmission)
    #expect(machine.next == 2 && machine.state == state)
  }

  @Test(arguments: [TCPState.closeWait, .closing, .lastAck], Numbers.all) func peersFINAgain(_ state: TCPState, _ numbers: Numbers) {
    let machine = Machine.reaching(state, numbers)
    expect(machine.receive(.finAck, sequence: 1, acknowledgment: 1), .acknowledge, .duplicate)
    #expect(machine.state == state && machine.expected == 2)
  }

  @Test(arguments: Numbers.all) func dataAndFINAreSentAgainTogether(_ numbers: Numbers) throws {
    let machine = Machine.reaching(.established, numbers)
    machine.finish = true
    #expect(machine.send(16).count == 1)
    #expect(machine.untilTimeout().what == "retransmit")
    let again = try #require(machine.retransmitOldest())
    #expect(again.length == 16 && again.control == TCPFlags(rawValue: 0x19) && again.streamOffset == 0)
  }
}

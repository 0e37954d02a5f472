import Testing

@testable import TCPEngine

/// RST and SYN where they are not expected, and acknowledgments of what was not sent (RFC 9293 3.10.7, RFC 5961).
@Suite struct ResetTests {
  static let synchronized: [TCPState] = [.synReceived, .established, .finWait1, .finWait2, .closing, .closeWait, .lastAck]

  @Test(arguments: synchronized, Numbers.all) func exact(_ state: TCPState, _ numbers: Numbers) {
    let machine = Machine.reaching(state, numbers)
    expect(machine.receive(.rst, sequence: machine.expected), .none, .none, .reset)
    #expect(machine.state == .closed)
  }

  @Test(arguments: synchronized, Numbers.all) func exactWithACK(_ state: TCPState, _ numbers: Numbers) {
    let machine = Machine.reaching(state, numbers)
    expect(machine.receive(.rstAck, sequence: machine.expected, acknowledgment: machine.next), .none, .none, .reset)
    #expect(machine.state == .closed)
  }

  @Test(arguments: synchronized, Numbers.all) func withinTheWindow(_ state: TCPState, _ numbers: Numbers) {
    for ahead in [1, 100, 65_534] as [UInt32] {
      let machine = Machine.reaching(state, numbers)
      expect(machine.receive(.rst, sequence: machine.expected &+ ahead), .challenge, .resetUnproven)
      #expect(machine.state == state)
    }
  }

  @Test(arguments: synchronized, Numbers.all) func outsideTheWindow(_ state: TCPState, _ numbers: Numbers) {
    for ahead in [65_535, 1 << 20, 0x8000_0000, .max] as [UInt32] {
      let machine = Machine.reaching(state, numbers)
      expect(machine.receive(.rst, sequence: machine.expected &+ ahead), .none, .resetOutsideWindow)
      #expect(machine.state == state)
    }
  }

  @Test(arguments: Numbers.all) func inSynSent(_ numbers: Numbers) {
    let machine = Machine(client: numbers)
    expect(machine.receive(.rst, sequence: 0), .none, .resetUnproven)
    expect(machine.receive(.rstAck, sequence: 0, acknowledgment: 0), .none, .acknowledgmentUnacceptable)
    expect(machine.receive(.rstAck, sequence: 0, acknowledgment: 2), .none, .acknowledgmentUnacceptable)
    #expect(machine.state == .synSent)
    expect(machine.receive(.rstAck, sequence: 0, acknowledgment: 1), .none, .none, .reset)
    #expect(machine.state == .closed)
  }

  @Test(arguments: Numbers.all) func unacceptableACKInSynSentIsReset(_ numbers: Numbers) {
    for flags in [TCPFlags.ack, .synAck, .finAck] {
      for acknowledgment in [0, 2, 100, .max] as [UInt32] {
        let machine = Machine(client: numbers)
        expect(machine.receive(flags, sequence: 0, acknowledgment: acknowledgment), .reset, .acknowledgmentUnacceptable)
        #expect(machine.state == .synSent)
      }
    }
  }

  /// RFC 9293 3.5.1: our RST has ended the peer's old connection; nothing is gained by waiting for the SYN's timeout, but once.
  @Test(arguments: Numbers.all) func theSYNGoesAgainAtOnceBehindThatReset(_ numbers: Numbers) {
    let machine = Machine(client: numbers)
    _ = machine.receive(.ack, sequence: 77, acknowledgment: 100)
    let first = machine.untilTimeout()
    #expect(first.after == 1 && first.what == "synchronize")
    _ = machine.receive(.ack, sequence: 77, acknowledgment: 100)
    let second = machine.untilTimeout()
    #expect(second.after == 2_000 && second.what == "synchronize")
  }

  @Test func aSYNThatGoesOnceHasItsTime() {
    var parameters = TCPParameters()
    parameters.synRetries = 0
    let machine = Machine(client: .plain, parameters)
    _ = machine.receive(.ack, sequence: 77, acknowledgment: 100)
    let timeout = machine.untilTimeout()
    #expect(timeout.after == 1_000 && timeout.what == "exhausted")
  }

  @Test func synSentDropsWhatIsNoSYN() {
    let machine = Machine(client: .plain)
    expect(machine.receive(.ack, sequence: 0, acknowledgment: 1), .none, .acknowledgmentMissing)
    expect(machine.receive(.fin, sequence: 0), .none, .acknowledgmentMissing)
    expect(machine.receive(.psh, sequence: 0, length: 10), .none, .acknowledgmentMissing)
    #expect(machine.state == .synSent)
  }

  @Test(arguments: Numbers.all) func unacceptableACKInSynReceivedIsReset(_ numbers: Numbers) {
    for acknowledgment in [0, 2, 100, .max] as [UInt32] {
      let machine = Machine(server: numbers)
      expect(machine.receive(.ack, sequence: 1, acknowledgment: acknowledgment), .reset, .acknowledgmentUnacceptable)
      #expect(machine.state == .synReceived)
    }
  }

  @Test(arguments: synchronized.dropFirst(), Numbers.all) func synOfTheSynchronized(_ state: TCPState, _ numbers: Numbers) {
    for ahead in [0, 1, 1000] as [UInt32] {
      for flags in [TCPFlags.syn, .synAck] {
        let machine = Machine.reaching(state, numbers)
        expect(machine.receive(flags, sequence: machine.expected &+ ahead, acknowledgment: 1), .challenge, .synUnexpected)
        #expect(machine.state == state && machine.connection.acknowledgment.sequence == machine.connection.sendNext)
      }
    }
    // Outside of the window it is answered by an ACK too.
    let machine = Machine.reaching(state, numbers)
    #expect(machine.receive(.syn, sequence: machine.expected &+ 1_000_000).reply == .acknowledge)
    #expect(machine.receive(.syn, sequence: 0).reply == .acknowledge)
    #expect(machine.state == state)
  }

  @Test(arguments: Numbers.all) func anotherSYNInSynReceived(_ numbers: Numbers) {
    let machine = Machine(server: numbers)
    expect(machine.receive(.syn, sequence: 10), .challenge, .synUnexpected)
    #expect(machine.state == .synReceived && machine.expected == 1)
  }

  @Test(arguments: synchronized, Numbers.all) func withoutACKDropped(_ state: TCPState, _ numbers: Numbers) {
    let machine = Machine.reaching(state, numbers)
    let expected = machine.expected
    expect(machine.receive(.psh, sequence: expected, length: 10), .none, .acknowledgmentMissing)
    expect(machine.receive(.fin, sequence: expected), .none, .acknowledgmentMissing)
    #expect(machine.state == state && machine.expected == expected)
  }

  @Test(arguments: synchronized.dropFirst(), Numbers.all) func acknowledgmentOfWhatWasNotSent(_ state: TCPState, _ numbers: Numbers) {
    for ahead in [1, 5000, 0x7fff_0000] as [UInt32] {
      let machine = Machine.reaching(state, numbers)
      let una = machine.una
      let action = machine.receive(.ack, sequence: machine.expected, acknowledgment: machine.next &+ ahead, length: 10)
      expect(action, .challenge, .acknowledgmentUnacceptable)
      #expect(machine.state == state && machine.una == una)
    }
  }

  @Test(arguments: Numbers.all) func oldAcknowledgments(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.send(3000)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 3001, window: 1000)
    // Within the largest window behind SND.UNA: its data is taken, its window is not.
    let action = machine.receive(.ack, sequence: 1, acknowledgment: 1461, length: 10, window: 9)
    expect(action, .acknowledge, .none, .payload)
    #expect(machine.una == 3001 && machine.connection.sendWindow == 1000 && machine.expected == 11)
    // Older than any window could be (RFC 5961 5): challenged, and dropped.
    let ancient = machine.receive(.ack, sequence: 11, acknowledgment: 3001 &- (65_535 << 14) &- 1, length: 10)
    expect(ancient, .challenge, .acknowledgmentUnacceptable)
    #expect(machine.expected == 11)
  }

  @Test func abortOfEachState() {
    #expect(Machine(client: .plain).connection.abort.control == .rst)
    for state in Self.synchronized {
      let machine = Machine.reaching(state)
      #expect(machine.connection.abort.control == .rstAck && machine.relative(machine.connection.abort) == machine.next)
    }
  }
}

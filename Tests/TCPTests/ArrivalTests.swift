import Testing

@testable import TCPEngine

/// Data: in order, old, early, beyond the window; window updates; timestamps.
@Suite struct ArrivalTests {
  @Test(arguments: Numbers.all) func inOrder(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    var expected: UInt32 = 1
    for length in [1, 16, 1460, 7] as [UInt16] {
      machine.pass(5)
      let action = machine.receive(.ack, sequence: expected, acknowledgment: 1, length: length)
      expect(action, .acknowledge, .none, .payload)
      #expect(action.payloadOffset == 0 && action.payloadLength == length)
      expected += UInt32(length)
      #expect(machine.expected == expected && machine.connection.lastActivity == machine.now.milliseconds)
    }
    #expect(machine.connection.streamReceived == expected - 1)
  }

  @Test(arguments: Numbers.all) func partOldPartNew(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 100)
    let action = machine.receive(.ack, sequence: 51, acknowledgment: 1, length: 80)
    expect(action, .acknowledge, .none, .payload)
    #expect(action.payloadOffset == 50 && action.payloadLength == 30 && machine.expected == 131)
  }

  @Test(arguments: Numbers.all) func duplicate(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 100)
    for (sequence, length) in [(1, 100), (1, 50), (51, 50), (100, 1), (0, 1)] as [(UInt32, UInt16)] {
      expect(machine.receive(.ack, sequence: sequence, acknowledgment: 1, length: length), .acknowledge, .duplicate)
    }
    #expect(machine.expected == 101)
  }

  @Test(arguments: Numbers.all) func outOfOrder(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    expect(machine.receive(.ack, sequence: 101, acknowledgment: 1, length: 100), .acknowledge, .outOfOrder)
    #expect(machine.expected == 1)
    // Its acknowledgment counts.
    _ = machine.send(10)
    let action = machine.receive(.ack, sequence: 101, acknowledgment: 11, length: 100)
    expect(action, .acknowledge, .outOfOrder, .maySend)
    #expect(machine.una == 11)
  }

  @Test(arguments: Numbers.all) func beyondTheWindow(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    let window = machine.connection.receiveWindow(machine.parameters)
    #expect(window == 65_535)
    expect(machine.receive(.ack, sequence: 1 + window, acknowledgment: 1, length: 1), .acknowledge, .outsideWindow)
    expect(machine.receive(.ack, sequence: 1 + window, acknowledgment: 1), .acknowledge, .outsideWindow)
    expect(machine.receive(.ack, sequence: window, acknowledgment: 1, length: 1), .acknowledge, .outOfOrder)
    #expect(machine.expected == 1)
  }

  @Test(arguments: Numbers.all) func cutAtTheWindowsEdge(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers, .with { $0.receiveWindow = 100 })
    var action = machine.receive(.finAck, sequence: 1, acknowledgment: 1, length: 150)
    expect(action, .acknowledge, .none, .payload)
    #expect(action.payloadLength == 100 && machine.expected == 101 && machine.state == .established, "a FIN beyond the edge is not taken")
    action = machine.receive(.finAck, sequence: 51, acknowledgment: 1, length: 100)
    expect(action, .acknowledge, .none, [.payload, .peerClosed])
    #expect(action.payloadOffset == 50 && action.payloadLength == 50 && machine.state == .closeWait)
  }

  @Test(arguments: Numbers.all) func pureAcknowledgmentsAreNotAnswered(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 1), .none)
    _ = machine.send(10)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 6), .none, .none, .maySend)
    #expect(machine.una == 6 && machine.connection.flags.has(.timerRunning))
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 11), .none, .none, .maySend)
    #expect(machine.una == 11 && !machine.connection.flags.has(.timerRunning))
  }

  @Test(arguments: Numbers.all) func windowFromTheLatestSegmentOnly(_ numbers: Numbers) {
    let machine = Machine.reaching(.established, numbers)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 100, window: 5000)
    #expect(machine.connection.sendWindow == 5000)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1, window: 1)  // older than RCV.NXT
    #expect(machine.connection.sendWindow == 5000)
    _ = machine.send(10)
    _ = machine.receive(.ack, sequence: 101, acknowledgment: 11, window: 7000)
    _ = machine.receive(.ack, sequence: 101, acknowledgment: 1, window: 2)  // acknowledges less
    #expect(machine.connection.sendWindow == 7000)
    expect(machine.receive(.ack, sequence: 101, acknowledgment: 11, window: 6000), .none)
    #expect(machine.connection.sendWindow == 6000)
    expect(machine.receive(.ack, sequence: 101, acknowledgment: 11, window: 6001), .none, .none, .maySend)
  }

  // MARK: Timestamps (RFC 7323)

  static func timestamped(_ numbers: Numbers, _ value: UInt32) -> Machine {
    .reaching(.established, numbers, .with { $0.timestamps = true }, options: .offer(timestamp: value))
  }

  @Test(arguments: Numbers.all, [1000, 0, 5, .max, 0x7fff_ffff] as [UInt32]) func oldTimestamp(_ numbers: Numbers, _ value: UInt32) {
    let machine = Self.timestamped(numbers, value)
    for age in [1, 100, 0x7fff_ffff] as [UInt32] {
      let action = machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 10, options: .timestamps(value &- age))
      expect(action, .acknowledge, .timestampOld)
    }
    #expect(machine.expected == 1 && machine.companion.timestampRecent == value)
    for later in [0, 1, 1000] as [UInt32] {
      let action = machine.receive(
        .ack, sequence: machine.expected, acknowledgment: 1, length: 10, options: .timestamps(value &+ later))
      expect(action, .acknowledge, .none, .payload)
      #expect(machine.companion.timestampRecent == value &+ later)
    }
  }

  @Test func missingTimestamp() {
    let machine = Self.timestamped(.plain, 1000)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 10, options: TCPOptions()), .none, .timestampMissing)
    #expect(machine.expected == 1)
  }

  @Test func resetsNeedNoTimestamp() {
    var machine = Self.timestamped(.plain, 1000)
    expect(machine.receive(.rst, sequence: 1, options: .timestamps(1)), .none, .none, .reset)
    machine = Self.timestamped(.plain, 1000)
    expect(machine.receive(.rst, sequence: 1, options: TCPOptions()), .none, .none, .reset)
    machine = Self.timestamped(.plain, 1000)
    expect(machine.receive(.rst, sequence: 2, options: TCPOptions()), .challenge, .resetUnproven)
  }

  @Test func recentTimestampIsThatOfTheLastAcknowledged() {
    let machine = Self.timestamped(.plain, 1000)
    expect(machine.receive(.ack, sequence: 101, acknowledgment: 1, length: 10, options: .timestamps(2000)), .acknowledge, .outOfOrder)
    #expect(machine.companion.timestampRecent == 1000, "what is not in order is not echoed (RFC 7323 4.3)")
  }

  @Test func timestampsNotAgreedOnAreIgnored() {
    let machine = Machine.reaching(.established)
    expect(machine.receive(.ack, sequence: 1, acknowledgment: 1, length: 10, options: .timestamps(1)), .acknowledge, .none, .payload)
    expect(machine.receive(.ack, sequence: 11, acknowledgment: 1, length: 10, options: .timestamps(0)), .acknowledge, .none, .payload)
  }
}

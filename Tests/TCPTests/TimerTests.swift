import Testing

@testable import TCPEngine

/// RFC 6298, the persist timer (RFC 9293 3.8.6.1), and silence.
@Suite struct TimerTests {
  /// RTO after these round trips, each in microseconds, by RFC 6298's own formulas.
  static func reference(_ samples: [Double], minimum: Double = 200) -> Double {
    var smoothed = 0.0
    var variance = 0.0
    for (index, sample) in samples.enumerated() {
      if index == 0 {
        smoothed = sample
        variance = sample / 2
      } else {
        variance = 0.75 * variance + 0.25 * abs(smoothed - sample)
        smoothed = 0.875 * smoothed + 0.125 * sample
      }
    }
    return max(minimum, (smoothed + max(1000, 4 * variance)) / 1000)
  }

  /// Nothing is sent behind a FIN whose timeout its round trip could tell.
  @Test func whatCarriesAFINIsNotTimed() {
    let machine = Machine(server: .plain)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1)
    let measured = machine.companion.smoothedRTT
    machine.end = 16
    machine.finish = true
    #expect(machine.send().count == 1 && machine.connection.flags.has(.timerRunning) && !machine.connection.flags.has(.timing))
    machine.microseconds += 50_000
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 18)
    #expect(machine.companion.smoothedRTT == measured && !machine.connection.flags.has(.timerRunning))
  }

  @Test(
    arguments: [
      [100_000], [1_000_000], [500_000, 500_000], [300_000, 900_000], [900_000, 300_000, 300_000], [100, 90, 80], [2_000_000, 1_000],
      Array(repeating: 400_000, count: 20), [50_000, 400_000, 50_000, 400_000, 50_000],
    ] as [[UInt32]])
  func smoothing(_ samples: [UInt32]) {
    var companion = Companion()
    for sample in samples { companion.measured(microseconds: sample) }
    let expected = Self.reference(samples.map(Double.init))
    let timeout = Double(companion.retransmissionTimeout(TCPParameters()))
    #expect(abs(timeout - expected) <= 3 + expected / 200, "\(timeout) for \(expected)")
  }

  @Test func firstMeasurement() {
    let machine = Machine(client: .plain)
    #expect(machine.companion.retransmissionTimeout(machine.parameters) == 1_000)
    machine.pass(100)
    _ = machine.receive(.synAck, sequence: 0, acknowledgment: 1, options: .offer())
    #expect(machine.companion.smoothedRTT == 800 && machine.companion.rttVariance == 200)
    #expect(machine.companion.retransmissionTimeout(machine.parameters) == 300)
  }

  @Test func boundsOfTheTimeout() {
    var companion = Companion()
    companion.measured(microseconds: 1)
    #expect(companion.retransmissionTimeout(TCPParameters()) == 200)
    #expect(companion.retransmissionTimeout(.with { $0.minimumRTO = 1_000 }) == 1_000)
    companion.measured(microseconds: 4_000_000_000)
    #expect(companion.retransmissionTimeout(.with { $0.maximumRTO = 3_000 }) == 3_000)
  }

  @Test func backOffDoublesToTheMaximum() {
    let machine = Machine(
      client: .plain,
      .with {
        $0.synRetries = 20
        $0.synSentTimeout = .max
      })
    var periods: [UInt32] = []
    for _ in 0..<10 {
      let (after, what) = machine.untilTimeout()
      #expect(what == "synchronize")
      periods.append(after)
    }
    #expect(periods == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
  }

  @Test func karn() throws {
    let machine = Machine.reaching(.established)
    #expect(machine.companion.smoothedRTT == 80)
    _ = machine.send(100)
    #expect(machine.untilTimeout() == (200, "retransmit"))
    _ = try #require(machine.retransmitOldest())
    machine.pass(100)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 101)
    #expect(machine.companion.smoothedRTT == 80, "what was sent twice is not measured")
    #expect(machine.connection.retransmits == 0)
    _ = machine.send(100)
    machine.pass(10)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 201)
    #expect(machine.companion.smoothedRTT == 80 && machine.companion.rttVariance < 20, "what was sent once is")
  }

  @Test func threeSecondsAfterASYNSentTwice() {
    for server in [false, true] {
      let machine = server ? Machine(server: .plain) : Machine(client: .plain)
      #expect(machine.untilTimeout() == (1_000, "synchronize"))
      _ =
        server
        ? machine.receive(.ack, sequence: 1, acknowledgment: 1)
        : machine.receive(.synAck, sequence: 0, acknowledgment: 1, options: .offer())
      #expect(machine.state == .established && machine.companion.smoothedRTT == 0)
      _ = machine.send(10)
      #expect(machine.untilTimeout() == (3_000, "retransmit"))
    }
  }

  @Test func givesUpSYNAfterSix() {
    for server in [false, true] {
      var parameters = TCPParameters()
      parameters.synSentTimeout = .max
      parameters.synReceivedTimeout = .max
      let machine = server ? Machine(server: .plain, parameters) : Machine(client: .plain, parameters)
      for _ in 0..<6 { #expect(machine.untilTimeout().what == "synchronize") }
      #expect(machine.untilTimeout().what == "exhausted")
    }
  }

  @Test func givesUpDataAfterFifteen() {
    let machine = Machine.reaching(.established, .plain, .with { $0.establishedTimeout = .max })
    _ = machine.send(10)
    for _ in 0..<15 { #expect(machine.untilTimeout().what == "retransmit") }
    #expect(machine.untilTimeout().what == "exhausted")
  }

  @Test func theTimerStartsAnewWithEachAcknowledgment() {
    let machine = Machine.reaching(.established)
    _ = machine.send(4000)
    machine.pass(150)
    _ = machine.receive(.ack, sequence: 1, acknowledgment: 1461)
    machine.pass(150)
    guard case .wait = machine.timeout() else {
      Issue.record("RFC 6298 5.3")
      return
    }
    #expect(machine.untilTimeout().what == "retransmit")
  }

  @Test(arguments: Numbers.all) func whatWasInFlightIsSentAgainSegmentAfterSegment(_ numbers: Numbers) throws {
    let machine = Machine.reaching(.established, numbers)
    #expect(machine.send(5000).count == 4)
    #expect(machine.untilTimeout().what == "retransmit")
    for (una, length) in [(1, 1460), (1461, 1460), (2921, 1460), (4381, 620)] as [(UInt32, UInt16)] {
      let again = try #require(machine.retransmitOldest())
      #expect(machine.relative(again) == una && again.length == length && again.streamOffset == una - 1 && again.isRetransmission)
      #expect(machine.send(una == 1 ? 100 : 0).isEmpty, "nothing new while what was lost is sent again")
      let action = machine.receive(.ack, sequence: 1, acknowledgment: una + UInt32(length))
      let last = una == 4381
      expect(action, .none, .none, last ? .maySend : [.maySend, .retransmit])
    }
    #expect(machine.retransmitOldest() == nil)
    #expect(machine.send().map(\.length) == [100])
  }

  @Test func nothingToSendAgain() {
    for state in [TCPState.synSent, .synReceived, .established, .closeWait, .finWait2] {
      let machine = Machine.reaching(state)
      #expect(machine.retransmitOldest() == nil)
    }
  }

  @Test(
    arguments: [
      (.synSent, 1_000), (.synReceived, 2_000), (.established, 90_000), (.finWait2, 4_000), (.closeWait, 4_000),
    ] as [(TCPState, UInt32)])
  func silence(_ state: TCPState, _ milliseconds: UInt32) {
    let parameters = TCPParameters.with {
      $0.initialRTO = 1_000_000
      $0.maximumRTO = 1_000_000
      $0.synSentTimeout = 1_000
      $0.synReceivedTimeout = 2_000
      $0.establishedTimeout = 90_000
      $0.closingTimeout = 4_000
    }
    let machine = Machine.reaching(state, .plain, parameters)
    #expect(machine.untilTimeout() == (milliseconds, "idle"))
  }

  /// Wherever the connection stands, the next look lies ahead, and soon enough should it be closing by then.
  @Test func theNextLookLiesAhead() {
    let machine = Machine.reaching(.established)
    for _ in 0..<19 {
      machine.pass(10_000)
      guard case .wait(let due) = machine.timeout() else {
        Issue.record("too early")
        return
      }
      #expect(Int32(bitPattern: due &- machine.now.milliseconds) > 0)
      #expect(due &- machine.now.milliseconds <= machine.parameters.closingTimeout)
    }
    machine.pass(10_000)
    #expect(machine.timeout().name == "idle")
  }

  @Test func theClockComesAround() {
    let machine = Machine(client: .plain, at: UInt64(UInt32.max) - 300)
    #expect(machine.untilTimeout() == (1_000, "synchronize"))
    _ = machine.receive(.synAck, sequence: 0, acknowledgment: 1, options: .offer())
    #expect(machine.untilTimeout() == (200_000, "idle"))
  }
}

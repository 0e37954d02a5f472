import Testing

@testable import TCPEngine

/// A connection with a cold structure that has sent some segments: what its timers do when SACK tells of some, and what a timeout sends.
@Suite struct RetransmissionTests {
  private final class ColdMachine {
    let rings = Table<SentSegment>(count: 16)
    let ranges = Table<SequenceRange>(count: ReceivedRanges.capacity)
    let recoveries = Table<Recovery>(count: 1)
    let parameters = Table<TCPParameters>(count: 1)
    let machine = Machine.reaching(.established, options: .offer(sack: true))
    let end: UInt32
    var recovery: UnsafeMutablePointer<Recovery> { recoveries.base }

    /// So many whole segments are out.
    init(sent segments: Int) {
      parameters[0] = machine.parameters
      machine.connection.becomeCold(
        &machine.companion, handle: 0, ring: rings.base, capacity: 16, ranges: ranges.base, recoveries.base, .cubic, parameters.base,
        now: machine.now)
      end = UInt32(machine.connection.segmentSize) * UInt32(segments)
      for _ in 0..<segments { #expect(transmit()?.isRetransmission == false) }
    }

    func transmit() -> Transmission? {
      machine.connection.transmitCold(end: end, finish: false, delaysSmall: false, recovery, parameters.base, now: machine.now)
    }

    /// The peer has got the segment by SACK.
    func sack(_ index: UInt32) { recovery.pointee.markSacked(recovery.pointee.segment(index), UInt32(machine.connection.segmentSize)) }

    func rearm() {
      recovery.pointee.rearm(machine.connection.standing, advanced: false, wait: 0, parameters.base, now: machine.microseconds)
    }

    var pipe: UInt32 { recovery.pointee.pipe(machine.connection.flight) / UInt32(machine.connection.segmentSize) }
  }

  /// RFC 8985 7.2
  @Test func whatSACKTellsOfIsNotProbedFor() {
    let cold = ColdMachine(sent: 3)
    #expect(cold.recovery.pointee.timer == .probe)
    cold.rearm()
    #expect(cold.recovery.pointee.timer == .probe, "nothing new")
    cold.machine.pass(1)
    cold.sack(2)
    cold.rearm()
    let timeout = cold.recovery.pointee.retransmissionTimeout(cold.parameters.base)
    #expect(cold.recovery.pointee.timer == .retransmission && cold.recovery.pointee.due == cold.machine.microseconds - 1_000 + timeout)
  }

  @Test func whatHasArrivedIsNotOnItsWay() {
    let cold = ColdMachine(sent: 3)
    cold.sack(2)
    #expect(cold.pipe == 2)
    let segment = cold.recovery.pointee.segment(2)
    cold.recovery.pointee.markResent(segment, UInt32(cold.machine.connection.segmentSize), now: 0)
    #expect(cold.pipe == 2)
  }

  /// RFC 6298 5.4: however much was sent a moment ago, and is not lost by then.
  @Test(arguments: 1...5) func aTimeoutSendsTheEarliestSegment(segments: Int) throws {
    let cold = ColdMachine(sent: segments)
    cold.recovery.pointee.rackIsSet = true
    cold.recovery.pointee.rackRTT = 1_000_000
    cold.machine.connection.loseOnTimeout(cold.recovery, cold.parameters.base, now: cold.machine.now)
    #expect(cold.pipe == UInt32(segments - 1))
    let again = try #require(cold.transmit())
    #expect(again.isRetransmission && again.sequence == cold.machine.connection.sendUnacknowledged)
    #expect(cold.transmit() == nil, "and no other")
    #expect(cold.recovery.pointee.timer == .retransmission)
  }
}

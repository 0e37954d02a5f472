import Testing

@testable import TCPEngine

/// What is left of a connection in TIME-WAIT, and how it judges what still arrives.
@Suite struct TimeWaitTests {
  static func entry(_ numbers: Numbers, timestamp: UInt32? = nil) -> (Machine, TimeWait) {
    let machine = Machine.reaching(
      .timeWait, numbers, .with { $0.timestamps = timestamp != nil }, options: .offer(timestamp: timestamp))
    return (machine, TimeWait(machine.connection, machine.companion, hash: 1, due: 70_000))
  }

  static func judge(
    _ numbers: Numbers, _ flags: TCPFlags, sequence: UInt32, acknowledgment: UInt32? = 2, length: UInt16 = 0, recent: UInt32? = nil,
    timestamp: UInt32? = nil
  ) -> TimeWait.Verdict {
    entry(numbers, timestamp: recent).1.arrive(
      Machine.segment(
        flags, numbers, sequence: sequence, acknowledgment: acknowledgment, length: length,
        options: timestamp.map { .timestamps($0) } ?? TCPOptions()), timestamps: recent != nil)
  }

  @Test(arguments: Numbers.all) func itsAcknowledgment(_ numbers: Numbers) {
    let (machine, entry) = Self.entry(numbers)
    let acknowledgment = entry.acknowledgment(window: 5, timestamps: false, now: machine.now)
    #expect(acknowledgment.flags == .ack && acknowledgment.sequence.rawValue == numbers.ours &+ 2 && acknowledgment.window == 5)
    #expect(acknowledgment.acknowledgment.rawValue == numbers.theirs &+ 2 && acknowledgment.options == TCPOptions())
    #expect(acknowledgment.source == Machine.local && acknowledgment.destinationPort == 80)
    let (late, stamped) = Self.entry(numbers, timestamp: 99)
    let options = stamped.acknowledgment(window: 5, timestamps: true, now: late.now).options
    #expect(options.timestampEcho == 99 && options.timestampValue == late.now.milliseconds)
  }

  @Test(arguments: Numbers.all) func onlyAResetWithTheVeryNextNumberEndsIt(_ numbers: Numbers) {
    for sequence in [0, 1, 2, 3, 1000] as [UInt32] {
      #expect(Self.judge(numbers, .rst, sequence: sequence) == (sequence == 2 ? .end : .ignore))
      #expect(Self.judge(numbers, .rstAck, sequence: sequence) == (sequence == 2 ? .end : .ignore))
    }
  }

  @Test(arguments: Numbers.all) func aRepeatedFINBeginsItAnew(_ numbers: Numbers) {
    #expect(Self.judge(numbers, .finAck, sequence: 1) == .acknowledgeAndRestart)
  }

  @Test(arguments: Numbers.all) func otherSegments(_ numbers: Numbers) {
    #expect(Self.judge(numbers, .ack, sequence: 2) == .ignore, "the last acknowledgment")
    #expect(Self.judge(numbers, .ack, sequence: 1, length: 1) == .acknowledge)
    #expect(Self.judge(numbers, .ack, sequence: 100) == .acknowledge)
    #expect(Self.judge(numbers, .synAck, sequence: 0) == .acknowledge)
  }

  @Test(arguments: Numbers.all) func aSYNBeyondItReopens(_ numbers: Numbers) {
    for sequence in [3, 4, 100_000, 0x7fff_0000] as [UInt32] {
      #expect(Self.judge(numbers, .syn, sequence: sequence, acknowledgment: nil) == .reopen)
    }
    for sequence in [0, 1, 2, 0xffff_0000] as [UInt32] {
      #expect(Self.judge(numbers, .syn, sequence: sequence, acknowledgment: nil) == .acknowledge, "an old duplicate")
    }
  }

  @Test(arguments: Numbers.all, [100, 1, .max] as [UInt32]) func aLaterTimestampReopens(_ numbers: Numbers, _ recent: UInt32) {
    func judge(_ sequence: UInt32, _ timestamp: UInt32?) -> TimeWait.Verdict {
      Self.judge(numbers, .syn, sequence: sequence, acknowledgment: nil, recent: recent, timestamp: timestamp)
    }
    #expect(judge(0, recent &+ 1) == .reopen, "whatever its number")
    #expect(judge(50, recent &+ 1_000_000) == .reopen)
    #expect(judge(50, recent) == .reopen, "the same timestamp, a higher number")
    #expect(judge(2, recent) == .acknowledge)
    #expect(judge(50, recent &- 1) == .acknowledge, "an old duplicate")
    #expect(judge(50, nil) == .reopen, "by its number alone")
    #expect(judge(2, nil) == .acknowledge)
  }

  @Test func poolIsARing() {
    var pool = TimeWaitPool(capacity: 16)
    let entry = Self.entry(.plain).1
    var handles: [UInt32] = []
    for round in 0..<100 as Range<UInt32> {
      if pool.isFull {
        #expect(pool.oldest == handles.removeFirst())
        pool.removeOldest()
      }
      let handle = pool.append(entry)
      #expect(handle & TimeWaitPool.flag != 0 && pool.isOccupied(handle) && !pool.isEmpty)
      handles.append(handle)
      #expect(handles.count == min(16, Int(round) + 1))
    }
    pool.vacate(handles[3])
    #expect(!pool.isOccupied(handles[3]) && pool.isOccupied(handles[4]))
    for handle in handles {
      #expect(pool.oldest == handle)
      pool.removeOldest()
    }
    #expect(pool.isEmpty && !pool.isFull)
  }
}

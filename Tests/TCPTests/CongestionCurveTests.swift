import Testing

@testable import TCPEngine

/// How windows grow in congestion avoidance, and when slow start ends.
@Suite struct CongestionCurveTests {
  private static let size: UInt32 = 1_000
  private static let roundTrip: UInt32 = 100_000

  /// Segments after so many round trips of 100 ms in which the whole window is acknowledged, a segment at a time.
  private func grown(_ cubic: inout Cubic, from segments: UInt32, roundTrips: Int) -> Double {
    var window = segments * Self.size
    for turn in 0..<roundTrips {
      for _ in 0..<window / Self.size {
        window = cubic.grow(window, Self.size, Self.size, roundTrip: Self.roundTrip, now: 1 + UInt64(turn) * UInt64(Self.roundTrip))
      }
    }
    return Double(window) / Double(Self.size)
  }

  /// RFC 9438 4.2: W(t) = C (t - K)^3 + W_max, with W_max the window before the reduction.
  @Test func behindALossTheCurveRisesToTheOldWindow() {
    var cubic = Cubic()
    let threshold = cubic.reduce(160 * Self.size, Self.size)
    #expect(threshold == 112 * Self.size)
    let expected = { (time: Double) in 0.4 * (time - 4.932) * (time - 4.932) * (time - 4.932) + 160 }
    #expect(abs(grown(&cubic, from: 112, roundTrips: 22) - expected(2.2)) < 1.5)
  }

  /// RFC 9438 4.8: K is 0 and W_max the window at the beginning of the first congestion avoidance after a timeout, so the window follows W_est.
  @Test func behindATimeoutItIsFlatWhereItBegins() {
    var cubic = Cubic()
    _ = cubic.reduce(160 * Self.size, Self.size)
    cubic.timedOut()
    let window = grown(&cubic, from: 112, roundTrips: 22)
    #expect(abs(window - (112 + 22 * 3 * 0.3 / 1.7)) < 1.5)
    // The next loss is one like any other.
    _ = cubic.reduce(UInt32(window) * Self.size, Self.size)
    let again = grown(&cubic, from: UInt32(window * 0.7), roundTrips: 22)
    #expect(again > window * 0.7 + 14)
  }

  /// RFC 9406 4.2: rounds are counted from the first on, whatever the window is.
  @Test func aRoundBeginsWhereTheLastOneEnded() {
    var exit = SlowStartExit()
    var (una, next) = (SequenceNumber(0), SequenceNumber(10))
    // The first ten segments, then twenty, of which the window passes 16 in the middle.
    for segment in 1...10 as ClosedRange<UInt32> {
      let isOver = exit.takes(100_000, 9 + segment, una: una + segment, next: next + 2 * (segment - 1))
      #expect(!isOver)
    }
    (una, next) = (SequenceNumber(10), SequenceNumber(30))
    // Each of the second round took longer: the ninth sample says so.
    var ended: UInt32?
    for segment in 1...20 as ClosedRange<UInt32> where exit.takes(120_000, 19 + segment, una: una + segment, next: next + 2 * (segment - 1))
    {
      ended = segment
      break
    }
    #expect(ended == 9)
  }
}

/// The delay rule of HyStart (RFC 9406 4.2): a round trip that has grown tells that queues fill, and slow start ends before they overflow.
/// With CUBIC. The window then grows by CUBIC at once, as in Linux; RFC 9406's conservative slow start is left out.
struct SlowStartExit: BitwiseCopyable, Sendable {
  /// Segments from which on it is looked at, samples a round needs, and bounds of the growth in microseconds.
  private static var lowestWindow: UInt32 { 16 }
  private static var samples: UInt32 { 8 }
  private static var leastGrowth: UInt32 { 4_000 }
  private static var mostGrowth: UInt32 { 16_000 }

  private var roundEnd = SequenceNumber(0)
  private var roundIsOpen = false
  private var count: UInt32 = 0
  private var roundMinimum = UInt32.max
  private var minimum = UInt32.max

  /// Takes a sample; true: slow start should end.
  mutating func takes(_ roundTrip: UInt32, _ segments: UInt32, una: SequenceNumber, next: SequenceNumber) -> Bool {
    minimum = smaller(minimum, roundTrip)
    if !roundIsOpen || roundEnd < una {
      roundIsOpen = true
      roundEnd = next
      count = 0
      roundMinimum = .max
    }
    guard segments >= Self.lowestWindow else { return false }
    roundMinimum = smaller(roundMinimum, roundTrip)
    if count < Self.samples {
      count &+= 1
      return false
    }
    let growth = larger(Self.leastGrowth, smaller(minimum / 8, Self.mostGrowth))
    return roundMinimum > minimum &+ growth
  }
}

extension Recovery {
  /// Ends slow start when the path's queues begin to fill.
  mutating func leaveSlowStart(_ news: AcknowledgmentNews, una: SequenceNumber, next: SequenceNumber, _ segmentSize: UInt32) {
    guard algorithm == .cubic, phase == .open, congestionWindow < slowStartThreshold, news.latestRoundTrip != .max else { return }
    if slowStartExit.takes(news.latestRoundTrip, congestionWindow / segmentSize, una: una, next: next) {
      slowStartThreshold = congestionWindow
    }
  }
}

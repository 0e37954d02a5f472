import Testing

@testable import TCPEngine

/// Which round trips an acknowledgment tells, of five segments of 100 octets that were sent 10 apart from 1,000 on.
@Suite struct ScoreboardTests {
  /// The news of an acknowledgment up to the end of so many segments at the time 2,000, when these had been sent again at 1,500.
  static func news(resent: [UInt32] = [], acknowledged octets: UInt32) -> AcknowledgmentNews {
    let rings = Table<SentSegment>(count: 8)
    let ranges = Table<SequenceRange>(count: ReceivedRanges.capacity)
    let recoveries = Table<Recovery>(count: 1)
    let recovery = recoveries.base
    let start = SequenceNumber(0xffff_ff00)  // comes around within the third segment
    recovery.pointee.begin(
      ring: rings.base, capacity: 8, ranges: ranges.base, next: start, window: 10_000, algorithm: .cubic, receiveNext: SequenceNumber(0),
      receiveWindow: 0)
    for index in 0..<5 as Range<UInt32> { recovery.pointee.append(end: start + (index + 1) * 100, now: 1_000 + index * 10) }
    for index in resent {
      recovery.pointee.markLost(recovery.pointee.segment(index), 100)
      recovery.pointee.markResent(recovery.pointee.segment(index), 100, now: 1_500)
    }
    var news = AcknowledgmentNews()
    recovery.pointee.takeAcknowledgment(
      start + octets, from: start, to: start + octets, next: start + 500, nil, now: 2_000, &news)
    return news
  }

  @Test func theFirstAndTheLastOfWhatWasSentOnce() {
    let news = Self.news(acknowledged: 300)
    #expect(news.roundTrip == 1_000 && news.latestRoundTrip == 980)
    #expect(news.advanced == 300 && news.delivered == 300)
  }

  @Test func aSegmentInPartIsNotMeasured() {
    let news = Self.news(acknowledged: 250)
    #expect(news.roundTrip == 1_000 && news.latestRoundTrip == 990)
    #expect(Self.news(acknowledged: 50).roundTrip == .max)
  }

  /// Karn (RFC 6298 3), and what waited behind it: its time is that of the loss.
  @Test func nothingThatIsAcknowledgedWithWhatWasSentAgain() {
    for lost in [0, 1, 2] as [UInt32] {
      let news = Self.news(resent: [lost], acknowledged: 300)
      #expect(news.roundTrip == .max && news.latestRoundTrip == .max, "\(lost)")
      #expect(news.delivered == 300)
    }
    #expect(Self.news(resent: [2], acknowledged: 250).roundTrip == .max, "acknowledged in part")
  }

  @Test func whatWasSentAgainBehindItSpoilsNothing() {
    for later in [3, 4] as [UInt32] {
      let news = Self.news(resent: [later], acknowledged: 300)
      #expect(news.roundTrip == 1_000 && news.latestRoundTrip == 980, "\(later)")
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct RateLimitTests {
  private func permitted(_ limit: inout RateLimit, second: UInt64) -> Int {
    (0..<5_000).count { limit.permits(Moment(milliseconds: 0, microseconds: second * 1_000_000 + UInt64($0) * 100)) }
  }

  /// Whoever counts what he gets in a second does not learn whether somebody else got some of it.
  @Test func noSecondIsLikeTheOther() {
    var limit = RateLimit(perSecond: 1_000, seed: 7)
    let counts = (3..<103 as Range<UInt64>).map { permitted(&limit, second: $0) }
    #expect(counts.allSatisfy { 500..<1_500 ~= $0 })
    #expect(Set(counts).count > 80)
    let mean = counts.reduce(0, +) / counts.count
    #expect(900..<1_100 ~= mean)
  }

  @Test func theFirstSecondCountsToo() {
    var limit = RateLimit(perSecond: 10, seed: 1)
    #expect(5..<15 ~= permitted(&limit, second: 0))
  }
}

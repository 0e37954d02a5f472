import Histogram
import TCPEngine
import Testing

@Suite struct TelemetryLogarithmicBucketsTests {
  @Test func everyBucketEndsWhereTheNextBegins() {
    for index in 0..<LogarithmicBuckets.count - 1 {
      let upper = LogarithmicBuckets.upperBound(index)
      #expect(LogarithmicBuckets.index(of: upper) == index)
      #expect(LogarithmicBuckets.index(of: upper + 1) == index + 1)
      #expect(LogarithmicBuckets.upperBound(index + 1) > upper)
    }
  }

  @Test func bucketsAreNarrow() {
    for index in 1..<LogarithmicBuckets.count {
      let lower = LogarithmicBuckets.upperBound(index - 1) + 1
      let width = LogarithmicBuckets.upperBound(index) - lower
      #expect(Double(width) <= 0.016 * Double(lower))
    }
  }

  @Test func longTimesFallIntoTheLastBucket() {
    let last = LogarithmicBuckets.count - 1
    #expect(LogarithmicBuckets.upperBound(last) == 1 << 44 - 1)
    for value in [1 << 44 - 1, 1 << 44, 1 << 50, .max] as [UInt64] { #expect(LogarithmicBuckets.index(of: value) == last) }
  }

  /// HdrHistogram is the oracle: both name the same percentiles (its ranks are rounded to the nearest), to the width of a bucket.
  @Test(arguments: [3.0, 6.0, 10.0])
  func percentilesAreHdrHistograms(digits: Double) {
    var oracle = Histogram<UInt64>(lowestDiscernibleValue: 1, highestTrackableValue: 1 << 44, numberOfSignificantValueDigits: .three)
    let link = WorkerLink()
    let statistics = link.statistics
    for _ in 0..<20_000 {
      // Evenly over the orders of magnitude, as latencies are.
      var value: UInt64 = 1
      for _ in 0..<Int(digits) { value = value * UInt64.random(in: 5...14) / UInt64.random(in: 1...2) + 1 }
      value = min(value, 1 << 44 - 1)
      oracle.record(value)
      statistics.measured(.handshake, ticks: value)
    }
    for percentile in [1.0, 50, 90, 99, 99.9, 100] {
      let expected = Double(oracle.valueAtPercentile(percentile))
      let ours = Double(Self.value(of: statistics, at: percentile))
      #expect(abs(ours - expected) <= 0.018 * expected + 1, "p\(percentile)")
    }
  }

  private static func value(of statistics: borrowing WorkerStatistics, at percentile: Double) -> UInt64 {
    var total: UInt64 = 0
    for bucket in 0..<LogarithmicBuckets.count { total += statistics.histogram(.handshake, bucket: bucket) }
    let rank = max(1, UInt64((percentile / 100 * Double(total)).rounded()))
    var seen: UInt64 = 0
    for bucket in 0..<LogarithmicBuckets.count {
      seen += statistics.histogram(.handshake, bucket: bucket)
      if seen >= rank { return LogarithmicBuckets.upperBound(bucket) }
    }
    return 0
  }
}

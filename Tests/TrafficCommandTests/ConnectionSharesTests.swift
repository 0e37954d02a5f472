import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct ConnectionSharesTests {
  /// Runs workers of such speeds, in connections a tick, to the end; looked at every `interval` ticks. When each had opened its part.
  private func run(_ total: Int, speeds: [Double], interval: Int, horizon: Ticks) -> (parts: [UInt64], ends: [Int]) {
    var shares = ConnectionShares(of: total, workers: speeds.count, horizon: horizon)
    var attempted = [Double](repeating: 0, count: speeds.count)
    var ends = [Int](repeating: 0, count: speeds.count)
    for now in 1...10_000_000 {
      for worker in speeds.indices where attempted[worker] < Double(shares.allowed[worker]) {
        attempted[worker] = min(attempted[worker] + speeds[worker], Double(shares.allowed[worker]))
        ends[worker] = now
      }
      if now % interval == 0 { _ = shares.handOut(attempted: attempted.map { UInt64($0) }, elapsed: Ticks(now)) }
      if attempted.reduce(0, +) >= Double(total) { break }
    }
    return (shares.allowed, ends)
  }

  @Test func fewAreSharedEqually() {
    #expect((0..<3).map { ConnectionShares.first(of: 299_999, worker: $0, workers: 3) } == [100_000, 100_000, 99_999])
    var shares = ConnectionShares(of: 10, workers: 3, horizon: 100)
    #expect(shares.allowed == [4, 3, 3])
    #expect(shares.handOut(attempted: [4, 0, 0], elapsed: 50) == false)
    #expect(shares.allowed == [4, 3, 3])
  }

  @Test func oneWorkerHasAllAtOnce() {
    #expect(ConnectionShares(of: 10_000_001, workers: 1, horizon: 100).allowed == [10_000_001])
  }

  @Test func allEndTogether() {
    for speeds in [[10.0, 10], [10, 8], [10, 4], [7, 10, 9, 10]] {
      let total = 1_000_003
      let (parts, ends) = run(total, speeds: speeds, interval: 500, horizon: 3_000)
      #expect(parts.reduce(0, +) == UInt64(total), "nothing is lost, nothing given out twice: \(speeds)")
      let (first, last) = (ends.min() ?? 0, ends.max() ?? 0)
      #expect(last - first <= last / 100, "\(speeds): \(ends)")
    }
  }

  /// One that is four times as quick is done with its half before all: the other's first part is not taken away again.
  @Test func theFirstHalfStays() {
    let (parts, _) = run(1_000_000, speeds: [10, 2], interval: 500, horizon: 3_000)
    #expect(parts == [750_000, 250_000])
  }

  @Test func whoHasOpenedNothingIsGivenNothingMore() {
    var shares = ConnectionShares(of: 1_000_000, workers: 2, horizon: 1_000_000)
    #expect(shares.handOut(attempted: [250_000, 0], elapsed: 1_000) == true)
    #expect(shares.allowed == [750_000, 250_000])
    #expect(shares.handOut(attempted: [250_000, 0], elapsed: 2_000) == false, "there is nothing left")
  }
}

import Testing

@testable import TCPEngine

@Suite struct BulkTests {
  static func run(
    _ connections: Int, seed: UInt64 = 1, apart: Bool = false, captures: Bool = false, _ change: (inout TrafficSettings) -> Void
  ) -> WorkloadSimulation<BulkWorkload> {
    WorkloadSimulation(
      settings(connections) {
        $0.engine.workload = .bulk
        change(&$0)
      }, seed: seed, apart: apart, captures: captures, makeWorkload: BulkWorkload.init)
  }

  @Test(arguments: BulkSettings.Direction.allCases, [1, 1_460, 100_001, 3_000_000]) func sizes(
    _ direction: BulkSettings.Direction, size: Int
  ) {
    let run = Self.run(3) {
      $0.bulk.size = size
      $0.bulk.direction = direction
    }.complete()
    run.expectAllCompleted()
    let up = direction == .down ? 0 : UInt64(3 * size)
    let down = direction == .up ? 0 : UInt64(3 * size)
    #expect(run.serverStatistics[.server, .payloadBytesReceived] == up && run.clientStatistics[.client, .payloadBytesReceived] == down)
  }

  @Test(arguments: FaultTests.faults, 1...4 as ClosedRange<UInt64>) func everyOctetUnderFaults(_ faults: Faults, seed: UInt64) {
    let run = Self.run(8, seed: seed) {
      $0.faults = faults
      $0.bulk.size = 200_003
      $0.bulk.direction = .both
    }.complete()
    #expect(run.clientStatistics[.client, .completed] == 8, "\(run.outcomes)")
    #expect(run.clientStatistics[.client, .payloadBytesReceived] == 8 * 200_003)
    #expect(run.clientStatistics[.server, .payloadBytesReceived] == 8 * 200_003)
  }

  /// Both ends send, lose and wait to send again: each segment that comes too early is reported all the same, by one that has no data.
  @Test(arguments: 1...3 as ClosedRange<UInt64>) func whatComesTooEarlyIsReported(seed: UInt64) {
    let run = Self.run(2, seed: seed, captures: true) {
      $0.faults.loss = 0.05
      $0.bulk.size = 500_000
      $0.bulk.direction = .both
    }.complete()
    run.expectAllCompleted()
    let reports = run.client.captured.compactMap { Frame($0)?.segment }.filter { $0.payloadLength == 0 && $0.options.present.has(.sack) }
    let early = run.clientStatistics[.outOfOrder]
    #expect(early > 50 && reports.count >= Int(early), "\(reports.count) reports of \(early)")
  }

  /// Without SACK an acknowledgment that fills a hole covers what was sent once behind it, too, and waited as long: no round trip, or the timeouts
  /// would grow from loss to loss.
  @Test(arguments: 1...3 as ClosedRange<UInt64>) func whatWaitedBehindALossIsNoRoundTrip(seed: UInt64) {
    let run = Self.run(4, seed: seed) {
      $0.faults.loss = 0.1
      $0.bulk.size = 500_000
      $0.engine.tcp.sackPermitted = false
      $0.engine.maxOpen = 1
    }.complete()
    run.expectAllCompleted()
    let seconds = Double(run.clientStatistics[.lastClose]) / 1e9
    #expect(seconds < 30, "\(seconds) s")
  }

  @Test(arguments: BulkSettings.Direction.allCases) func untilTheRunCloses(_ direction: BulkSettings.Direction) {
    let run = Self.run(4) { $0.bulk.direction = direction }
    run.run { run.clientStatistics[.client, .payloadBytesSent] + run.serverStatistics[.server, .payloadBytesSent] > 5_000_000 }
    run.client.link.send(.closeAll)
    run.complete()
    run.expectAllCompleted()
  }

  /// The stream as documented, and from every place on the same, also where offsets come around.
  @Test func theStream() {
    func octet(_ place: UInt64) -> UInt8 {
      let number = (place % (1 << 32) / 8 * 0x1e37_79b9) % (1 << 29)
      return UInt8(truncatingIfNeeded: (number &* ((1 << 35) + 1)) >> (place % 8 * 8))
    }
    for start in [0, 1, 7, 8, 1_461, (1 << 32) - 20, (1 << 31) - 3] as [UInt64] {
      for count in [0, 1, 7, 8, 9, 40, 63, 64, 65, 127, 128, 1_461] {
        let expected = (0..<UInt64(count)).map { octet(start + $0) }
        #expect(
          HTTPMessageTests.octets(count) { BulkWorkload.write(UInt32(start), into: $0, count: count) } == expected, "\(start) \(count)")
        #expect(
          expected.withUnsafeBytes { BulkWorkload.matches(UInt32(start), $0.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!, count: count) }
        )
        for index in [0, count / 3, count / 2, count - 1] where count > 0 {
          var wrong = expected
          wrong[index] ^= 128
          #expect(!wrong.withUnsafeBytes { BulkWorkload.matches(UInt32(start), $0.baseAddress!, count: count) })
        }
      }
    }
  }
}

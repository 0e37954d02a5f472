import TCPEngine
import Testing

@Suite struct TelemetryCompactTicksTests {
  @Test func exactBelow80Milliseconds() {
    let limit: UInt64 = 3 << 26
    let ends: [UInt64] = [0, 1, 2, 1_000, 1 << 26, 1 << 27 - 1, limit - 1]
    let values = ends + (0..<1_000).map { _ in UInt64.random(in: 0..<limit) }
    for ticks in values { #expect(CompactTicks(ticks).ticks == ticks) }
  }

  @Test func sixPartsInABillionAbove() {
    for bits in UInt64(27)..<58 {
      let first: UInt64 = 1 << bits
      let last = bits == 57 ? 1 << 58 - 1 << 27 : first + (first - 1)
      let values = [first, first + 1, last] + (0..<100).map { _ in UInt64.random(in: first...last) }
      for ticks in values {
        let compact = CompactTicks(ticks).ticks
        let error = Double(max(ticks, compact) - min(ticks, compact)) / Double(ticks)
        #expect(error < 5.6e-9, "\(ticks)")
      }
    }
  }

  @Test func orderIsKept() {
    var previous: UInt64 = 0
    var ticks: UInt64 = 1
    while ticks < 1 << 58 - 1 << 27 {
      let compact = CompactTicks(ticks).ticks
      #expect(compact >= previous)
      previous = compact
      ticks += ticks / 7 + 1
    }
  }

  /// As Documentation/Records.md has it.
  @Test func itsForm() {
    #expect(CompactTicks(0).rawValue == 25 << 27)
    #expect(CompactTicks(1).rawValue == 25 << 27 | 2)
    #expect(CompactTicks(1 << 26).rawValue == 26 << 27)
    #expect(CompactTicks(1 << 58 - 1 << 26 - 1 << 10).rawValue == 24 << 27 | 0x7ff_ffff)
  }
}

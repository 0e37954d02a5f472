import TCPEngine
import Testing

@Suite struct TelemetryCompactTicksTests {
  @Test func exactBelow27Bits() {
    let values: [UInt64] = [0, 1, 2, 1_000, 1 << 26, 1 << 27 - 1]
    for ticks in values {
      #expect(CompactTicks(ticks).ticks == ticks)
    }
  }

  @Test func eightPartsInABillionAbove() {
    for bits in UInt64(27)..<58 {
      let first: UInt64 = 1 << bits
      let last = first + (first - 1)
      let values = [first, first + 1, last] + (0..<100).map { _ in UInt64.random(in: first...last) }
      for ticks in values {
        let compact = CompactTicks(ticks).ticks
        let error = Double(max(ticks, compact) - min(ticks, compact)) / Double(ticks)
        #expect(error < 1e-8, "\(ticks)")
      }
    }
  }

  @Test func orderIsKept() {
    var previous: UInt64 = 0
    var ticks: UInt64 = 1
    while ticks < 1 << 60 {
      let compact = CompactTicks(ticks).ticks
      #expect(compact >= previous)
      previous = compact
      ticks += ticks / 7 + 1
    }
  }

  @Test func saturates() {
    let largest = CompactTicks(1 << 58 - 1)
    for ticks in [1 << 58, 1 << 60, .max] as [UInt64] { #expect(CompactTicks(ticks) == largest) }
    #expect(largest.rawValue == .max)
    #expect(largest.ticks >= 1 << 58 - 1 << 31)
  }
}

import Testing

@testable import TCPEngine

@Suite struct SequenceNumberTests {
  /// Where the number space wraps around, where its halves meet, and the neighbourhood.
  private static let boundaries: [UInt32] = [0, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0x1234_5678]
  private static let around = boundaries.flatMap { boundary in (-20...20).map { boundary &+ UInt32(bitPattern: $0) } }

  @Test func comparisonIsCircularWhateverTheStart() {
    var wrong = 0
    for start in Self.around {
      let a = SequenceNumber(start)
      for distance in Self.around {
        let b = a + distance
        let ahead = distance != 0 && distance < 0x8000_0000
        let behind = distance > 0x8000_0000
        // Half the number space apart the order is undefined (RFC 1982 3.2).
        if distance == 0x8000_0000 { continue }
        if (a < b) != ahead || (b > a) != ahead || (a > b) != behind || (b < a) != behind { wrong += 1 }
        if (a <= b) != (ahead || distance == 0) || (a >= b) != (behind || distance == 0) { wrong += 1 }
        if (a == b) != (distance == 0) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test func distanceUndoesAddition() {
    var wrong = 0
    for start in Self.around {
      for length in Self.around {
        let a = SequenceNumber(start)
        let b = a + length
        if b.rawValue != start &+ length || b.distance(from: a) != length || b - length != a { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test func windowsMayWrapAround() {
    var wrong = 0
    for start in Self.around {
      for size in [0, 1, 2, 1460, 65_535, 0x4000_0000] as [UInt32] {
        let first = SequenceNumber(start)
        if size > 0 {
          if !first.isInWindow(from: first, size: size) || !(first + (size - 1)).isInWindow(from: first, size: size) { wrong += 1 }
        }
        if (first + size).isInWindow(from: first, size: size) || (first - 1).isInWindow(from: first, size: size) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(!SequenceNumber(5).isInWindow(from: SequenceNumber(5), size: 0))
  }
}

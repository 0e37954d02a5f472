import Testing

@testable import TCPEngine

@Suite struct OctetSearchTests {
  /// Both searches say what a loop over the octets says, from every offset to every end.
  @Test(arguments: [UInt64(1), 2, 3]) func agreeWithALoop(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for _ in 0..<200 {
      // Few different octets, so that there is something to find; those beside the limit, and with the top bit, are among them.
      let choice: [UInt8] = [0, 1, 9, 10, 13, 14, 15, 0x7f, 0x80, 0x8d, 0x8e, 0xff]
      let kinds = Array(choice.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random)))
      let octets = (0..<Int.random(in: 0...40, using: &random)).map { _ in kinds.randomElement(using: &random)! }
      let end = octets.count
      octets.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        for from in 0...end {
          let rest = octets[from...]
          for wanted in choice {
            #expect(base.distance(to: wanted, from: from, end: end) == (rest.firstIndex(of: wanted) ?? end) - from)
          }
          for limit in [UInt8(1), 14, 32, 127, 128] {
            let first = rest.firstIndex { $0 < limit } ?? end
            #expect(base.distance(toLessThan: limit, from: from, end: end) == first - from, "\(octets) below \(limit)")
          }
        }
      }
    }
  }
}

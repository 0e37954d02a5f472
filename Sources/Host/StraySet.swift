/// Flows whose replies are known to arrive at another worker: a bit for each hash, cut short. Flows that share a bit are taken for one.
struct StraySet: ~Copyable {
  private let words: Table<UInt64>
  private static var bits: UInt32 { 1 << 20 }

  init(isNeeded: Bool) { words = Table(count: isNeeded ? Int(Self.bits / 64) : 1) }

  mutating func insert(_ hash: UInt32) {
    let bit = hash & (Self.bits &- 1)
    words.base[Int(bit &>> 6)] |= 1 &<< UInt64(bit & 63)
  }

  @inline(__always)
  func contains(_ hash: UInt32) -> Bool {
    let bit = hash & (Self.bits &- 1)
    return words.base[Int(bit &>> 6)] &>> UInt64(bit & 63) & 1 != 0
  }
}

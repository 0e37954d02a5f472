import Testing

@testable import TCPEngine

@Suite struct SlotPoolTests {
  @Test(arguments: [1, 2, 3, 1000])
  func allSlotsOnceAndThenNone(capacity: Int) {
    var pool = SlotPool(capacity: capacity)
    #expect(pool.capacity == capacity && pool.used == 0 && pool.highestUsed == 0)
    for slot in 0..<capacity {
      #expect(pool.take() == UInt32(slot))
      #expect(pool.used == slot + 1 && pool.highestUsed == slot + 1)
    }
    for _ in 0..<3 { #expect(pool.take() == nil) }
    #expect(pool.used == capacity)
  }

  @Test func theSlotUsedLastIsUsedNext() {
    var pool = SlotPool(capacity: 10)
    for _ in 0..<6 { _ = pool.take() }
    for slot: UInt32 in [2, 5, 0] { pool.giveBack(slot) }
    #expect(pool.used == 3)
    #expect(pool.take() == 0)
    #expect(pool.take() == 5)
    #expect(pool.take() == 2)
    #expect(pool.take() == 6, "then slots that were never used")
    #expect(pool.highestUsed == 7)
  }

  @Test func aFullPoolGoesOnAfterOneComesBack() {
    var pool = SlotPool(capacity: 3)
    for _ in 0..<3 { _ = pool.take() }
    pool.giveBack(1)
    #expect(pool.take() == 1)
    #expect(pool.take() == nil)
  }

  @Test func slotsInUseAreNeverHandedOutAgain() {
    var random = SeededRandom(seed: 1)
    var pool = SlotPool(capacity: 64)
    var model: [UInt32] = []
    var highest = 0
    for _ in 0..<20_000 {
      if Bool.random(using: &random) {
        let slot = pool.take()
        #expect((slot == nil) == (model.count == 64))
        if let slot {
          #expect(slot < 64 && !model.contains(slot))
          model.append(slot)
          highest = max(highest, Int(slot) + 1)
        }
      } else if let index = model.indices.randomElement(using: &random) {
        pool.giveBack(model.remove(at: index))
      }
      #expect(pool.used == model.count && pool.highestUsed == highest)
    }
  }
}

/// A fixed number of slots, referred to by 32-bit handles, with a LIFO free list so that the slot used last is used next (it is in cache).
///
/// The pool hands out numbers only; what lies in a slot belongs to tables indexed by them. Taking and giving back cost a few ticks.
public struct SlotPool: ~Copyable, @unchecked Sendable {
  let free: Table<UInt32>
  var freeCount: Int
  /// Slots that were never used yet start here; the free list grows into them only when they come back.
  var untouched: UInt32
  public let capacity: Int

  /// A pool of `capacity` slots, at most 2^31.
  public init(capacity: Int) {
    precondition(capacity > 0 && capacity <= 1 << 31)
    self.capacity = capacity
    free = Table(count: capacity)
    freeCount = 0
    untouched = 0
  }

  /// Slots in use.
  @inline(__always)
  public var used: Int { Int(untouched) &- freeCount }

  /// Takes a slot; nil when all are in use.
  @inline(__always)
  public mutating func take() -> UInt32? {
    if freeCount > 0 {
      freeCount &-= 1
      return free[freeCount]
    }
    guard Int(untouched) < capacity else { return nil }
    untouched &+= 1
    return untouched &- 1
  }

  /// Gives a slot back.
  @inline(__always)
  public mutating func giveBack(_ slot: UInt32) {
    assert(freeCount < Int(untouched), "a slot came back twice")
    free[freeCount] = slot
    freeCount &+= 1
  }

  /// One more than the highest slot ever used: the bound for walking all slots.
  public var highestUsed: Int { Int(untouched) }
}

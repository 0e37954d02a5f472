/// A fixed-capacity hash table from a flow's key to a 32-bit handle: open addressing, linear probing, removal by shifting back, so that
/// it never degrades and never rehashes.
///
/// A slot is 8 octets: the key's 32-bit hash, and the handle plus one (zero is empty). The key itself lies with the connection that the
/// handle names; a hash that agrees is confirmed there by the caller. At half load a look-up reads one cache line, nearly
/// always. The table must be given hashes whose low bits are well mixed.
public struct FlowTable: ~Copyable, @unchecked Sendable {
  public struct Slot: BitwiseCopyable {
    var hash: UInt32
    var handlePlusOne: UInt32
    @inline(always)
    init(hash: UInt32, handlePlusOne: UInt32) {
      self.hash = hash
      self.handlePlusOne = handlePlusOne
    }
  }

  let slots: Table<Slot>
  let mask: UInt32
  /// Entries.
  public var count = 0
  /// Entries the table takes; a third of its slots at least are then empty.
  public let capacity: Int

  /// A table for `capacity` entries, at most 2^30; it takes 8 octets for each slot, a power of two of at least 16 and 1.5 times as many (3 times for less than 2^16).
  public init(capacity: Int) {
    precondition(capacity > 0 && capacity <= 1 << 30)
    self.capacity = capacity
    var size = 16
    // A small table is in cache, and rather has short probes; a large one rather has little memory.
    let wanted = capacity < 1 << 16 ? capacity * 3 : capacity + capacity / 2
    while size < wanted { size <<= 1 }
    slots = Table(count: size)
    mask = UInt32(truncatingIfNeeded: size &- 1)
  }

  /// Asks for the cache line in which a look-up of this hash begins.
  @inline(__always)
  public func slotAddress(_ hash: UInt32) -> UnsafeRawPointer {
    UnsafeRawPointer(slots.base + Int(hash & mask))
  }

  /// Where the search for an entry with this hash begins.
  @inline(__always)
  public func start(_ hash: UInt32) -> UInt32 { hash & mask }

  /// The handle of the next entry with this hash, from `place` on; nil when there is no more. The caller compares keys, and asks again.
  @inline(__always)
  public func next(_ hash: UInt32, _ place: inout UInt32) -> UInt32? {
    while true {
      let slot = slots[Int(place)]
      if slot.handlePlusOne == 0 { return nil }
      place = (place &+ 1) & mask
      if slot.hash == hash { return slot.handlePlusOne &- 1 }
    }
  }

  /// Enters a key that is not in the table. False when the table is full.
  @inline(__always)
  public mutating func insert(_ hash: UInt32, _ handle: UInt32) -> Bool {
    guard count < capacity else { return false }
    var index = hash & mask
    while slots[Int(index)].handlePlusOne != 0 { index = (index &+ 1) & mask }
    slots[Int(index)] = Slot(hash: hash, handlePlusOne: handle &+ 1)
    count &+= 1
    return true
  }

  /// Gives the entry another handle; its key stays.
  @inline(__always)
  public func replace(_ hash: UInt32, _ handle: UInt32, with new: UInt32) {
    slots[Int(position(hash, handle))].handlePlusOne = new &+ 1
  }

  /// Removes the entry with this hash and handle, which must be there.
  @inline(__always)
  public mutating func remove(_ hash: UInt32, _ handle: UInt32) {
    var hole = position(hash, handle)
    var index = hole
    while true {
      index = (index &+ 1) & mask
      let slot = slots[Int(index)]
      if slot.handlePlusOne == 0 { break }
      // An entry may move back into the hole unless its home lies behind the hole, going around.
      let fromHome = (index &- slot.hash) & mask
      let fromHole = (index &- hole) & mask
      if fromHome >= fromHole {
        slots[Int(hole)] = slot
        hole = index
      }
    }
    slots[Int(hole)] = Slot(hash: 0, handlePlusOne: 0)
    count &-= 1
  }

  @inline(always)
  func position(_ hash: UInt32, _ handle: UInt32) -> UInt32 {
    var index = hash & mask
    while slots[Int(index)].handlePlusOne != handle &+ 1 {
      assert(slots[Int(index)].handlePlusOne != 0, "an entry that is not in the table was named")
      index = (index &+ 1) & mask
    }
    return index
  }
}

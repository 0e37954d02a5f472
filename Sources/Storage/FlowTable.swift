/// A fixed-capacity hash table from a flow's key to a 32-bit handle: open addressing, linear probing, removal by shifting back, so that
/// it never degrades and never rehashes.
///
/// A slot is 8 octets: the key's 32-bit hash, and the handle plus one (zero is empty). The key itself lies with the connection that the
/// handle names; a hash that agrees is confirmed there by the caller. At half load a look-up reads one cache line, nearly
/// always. The number of slots is any: a hash is scaled to it, so hashes must be well mixed in their high bits.
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
  /// Slots.
  let size: UInt32
  /// Entries.
  public var count = 0
  /// Entries the table takes; an eighth of its slots at least are then empty.
  public let capacity: Int

  /// A table for `capacity` entries, at most 2^30, of 8 octets for each of its slots: 8/7 times as many, and 3 times for
  /// less than 2^16.
  public init(capacity: Int) {
    precondition(capacity > 0 && capacity <= 1 << 30)
    self.capacity = capacity
    // A small table is in cache, and rather has short probes; a large one rather has little memory.
    let wanted = max(16, capacity < 1 << 16 ? capacity * 3 : capacity + capacity / 7)
    slots = Table(count: wanted)
    size = UInt32(truncatingIfNeeded: wanted)
  }

  /// The slot in which a look-up of this hash begins, for a prefetch.
  @inline(__always)
  public func slotAddress(_ hash: UInt32) -> UnsafeRawPointer { slotAddress(at: start(hash)) }

  @inline(__always)
  public func slotAddress(at place: UInt32) -> UnsafeRawPointer { UnsafeRawPointer(slots.base + Int(place)) }

  /// Where the search for an entry with this hash begins.
  @inline(__always)
  public func start(_ hash: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: (UInt64(hash) &* UInt64(size)) &>> 32) }

  /// The slot that is looked at next.
  @inline(always)
  func after(_ index: UInt32) -> UInt32 { index &+ 1 == size ? 0 : index &+ 1 }

  /// Slots from `start` on to `index`, going around.
  @inline(always)
  func distance(_ start: UInt32, _ index: UInt32) -> UInt32 { index >= start ? index &- start : index &- start &+ size }

  /// The handle in a slot; nil: it is empty.
  @inline(__always)
  public func handle(at place: UInt32) -> UInt32? {
    let handlePlusOne = slots.base[Int(place)].handlePlusOne
    return handlePlusOne == 0 ? nil : handlePlusOne &- 1
  }

  /// The hash in a slot that is not empty.
  @inline(__always)
  public func hash(at place: UInt32) -> UInt32 { slots.base[Int(place)].hash }

  /// Enters a key that is not in the table. False when the table is full.
  @inline(__always)
  public mutating func insert(_ hash: UInt32, _ handle: UInt32) -> Bool {
    guard count < capacity else { return false }
    var index = start(hash)
    while slots[Int(index)].handlePlusOne != 0 { index = after(index) }
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
      index = after(index)
      let slot = slots[Int(index)]
      if slot.handlePlusOne == 0 { break }
      // An entry may move back into the hole unless its home lies behind the hole, going around.
      if distance(start(slot.hash), index) >= distance(hole, index) {
        slots[Int(hole)] = slot
        hole = index
      }
    }
    slots[Int(hole)] = Slot(hash: 0, handlePlusOne: 0)
    count &-= 1
  }

  /// Empties the table without looking its entries up, for an owner that forgets all it has: `known` entries. What `count` says then are
  /// entries that nobody owns.
  public mutating func abandon(_ known: Int) {
    // What was never written to stays without memory behind it.
    for index in 0..<slots.count where slots[index].handlePlusOne != 0 { slots[index] = Slot(hash: 0, handlePlusOne: 0) }
    count &-= known
  }

  @inline(always)
  func position(_ hash: UInt32, _ handle: UInt32) -> UInt32 {
    var index = start(hash)
    while slots[Int(index)].handlePlusOne != handle &+ 1 {
      assert(slots[Int(index)].handlePlusOne != 0, "an entry that is not in the table was named")
      index = after(index)
    }
    return index
  }
}

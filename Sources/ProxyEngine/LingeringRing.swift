/// Connections that are closed at both ends, in the order in which they were: slots whose time comes one after the other.
struct LingeringRing: ~Copyable {
  struct Entry: BitwiseCopyable {
    var slot: UInt32
    /// In milliseconds.
    var due: UInt32
  }

  private let entries: Table<Entry>
  private let mask: UInt32
  private let capacity: UInt32
  private var head: UInt32 = 0
  private var tail: UInt32 = 0
  static var vacant: UInt32 { .max }

  init(capacity: Int) {
    var size = 16
    while size < capacity { size <<= 1 }
    entries = Table(count: size)
    mask = UInt32(size - 1)
    self.capacity = UInt32(capacity)
  }

  @inline(always)
  var isEmpty: Bool { head == tail }

  @inline(always)
  var isFull: Bool { tail &- head >= capacity }

  /// The one that came first; its slot is `vacant` when it left before its time.
  @inline(always)
  var oldest: Entry { entries[Int(head & mask)] }

  @inline(always)
  mutating func removeOldest() { head &+= 1 }

  /// The slot of the one that comes so many behind the oldest; nil: there is none.
  @inline(always)
  func slot(ahead count: UInt32) -> UInt32? {
    guard tail &- head > count else { return nil }
    let slot = entries[Int((head &+ count) & mask)].slot
    return slot == Self.vacant ? nil : slot
  }

  /// Takes one in, when the ring is not full; says where, for `vacate`.
  @inline(always)
  mutating func append(_ slot: UInt32, due: UInt32) -> UInt32 {
    let place = tail & mask
    entries[Int(place)] = Entry(slot: slot, due: due)
    tail &+= 1
    return place
  }

  /// Leaves its place vacant until its turn comes.
  @inline(always)
  func vacate(_ place: UInt32) { entries.base[Int(place)].slot = Self.vacant }
}

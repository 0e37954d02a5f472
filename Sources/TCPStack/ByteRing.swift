/// Octets of a stream on their way: a ring that holds those from `start` on. Places are stream offsets modulo 2^32.
struct ByteRing: ~Copyable {
  private var bytes: UnsafeMutableRawPointer
  /// Octets that fit.
  private(set) var capacity: Int
  /// The stream offset of the first octet held.
  private(set) var start: UInt32 = 0
  /// Octets held in order.
  private(set) var count = 0
  /// The place of `start` in memory.
  private var head = 0

  init(capacity: Int) {
    self.capacity = max(1, capacity)
    bytes = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { bytes.deallocate() }

  var room: Int { capacity - count }

  /// The stream offset behind the last octet held in order.
  var end: UInt32 { start &+ UInt32(truncatingIfNeeded: count) }

  /// Makes room for `capacity` octets, and for what is held up to `span` octets from `start`.
  mutating func resize(_ capacity: Int, keeping span: Int) {
    let capacity = max(capacity, span, 1)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    read(from: start, into: moved, count: span)
    bytes.deallocate()
    bytes = moved
    head = 0
    self.capacity = capacity
  }

  /// Appends as many octets as fit; how many.
  mutating func append(_ source: UnsafeRawPointer, count: Int) -> Int {
    let taken = min(count, room)
    store(source, at: end, count: taken)
    self.count += taken
    return taken
  }

  /// Writes octets at a place within the room, without counting them as held: they came out of order.
  func store(_ source: UnsafeRawPointer, at offset: UInt32, count: Int) {
    let place = (head + Int(offset &- start)) % capacity
    let first = min(count, capacity - place)
    (bytes + place).copyMemory(from: source, byteCount: first)
    if first < count { bytes.copyMemory(from: source + first, byteCount: count - first) }
  }

  /// Octets up to the stream offset `end` are held in order now.
  mutating func extend(to end: UInt32) { count = Int(end &- start) }

  func read(from offset: UInt32, into target: UnsafeMutableRawPointer, count: Int) {
    let place = (head + Int(offset &- start)) % capacity
    let first = min(count, capacity - place)
    target.copyMemory(from: bytes + place, byteCount: first)
    if first < count { (target + first).copyMemory(from: bytes, byteCount: count - first) }
  }

  /// Forgets the octets before the stream offset `offset`.
  mutating func drop(before offset: UInt32) {
    let dropped = Int(offset &- start)
    head = (head + dropped) % capacity
    count -= dropped
    start = offset
  }
}

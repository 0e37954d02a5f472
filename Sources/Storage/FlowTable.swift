import CPacket

/// A fixed-capacity hash table from a flow's key to a 32-bit handle. It never degrades and never rehashes.
///
/// Its places are buckets of one cache line: eight hashes, all compared at once, and the eight handles that belong to them. What finds its
/// bucket full goes to the next one, and comes back when there is room, so that a look-up ends in the first bucket that is not full: in
/// its first bucket nearly always, and without a branch that depends on where in it. The key itself lies with the connection that the handle
/// names; a hash that agrees is confirmed there by the caller. The number of buckets is any: a hash is scaled to it, so hashes must be well
/// mixed in their high bits.
public struct FlowTable: ~Copyable, @unchecked Sendable {
  /// By bucket: 8 marks, then 8 handles.
  private let words: Table<UInt32>
  /// Buckets.
  let size: UInt32
  /// Entries.
  public var count = 0
  /// Entries the table takes; an eighth of its room at least is then empty.
  public let capacity: Int

  private static var lanes: Int { 8 }

  /// A table for `capacity` entries, at most 2^30, each of which takes 24 octets; 16 from 65,536 on, 9 from a million on.
  public init(capacity: Int) {
    precondition(capacity > 0 && capacity <= 1 << 30)
    self.capacity = capacity
    // A third full, one bucket in 250 is full; half full, one in 25. A large table rather has little memory.
    let room = capacity < 1 << 16 ? capacity * 3 : capacity < 1 << 20 ? capacity * 2 : capacity + capacity / 7
    let buckets = (room + Self.lanes - 1) / Self.lanes
    words = Table(count: buckets * 2 * Self.lanes)
    size = UInt32(truncatingIfNeeded: buckets)
  }

  /// What stands for a hash in its bucket: 0 is an empty place.
  @inline(__always)
  private func mark(_ hash: UInt32) -> UInt32 { hash | 1 }

  /// The bucket in which the search for an entry with this hash begins.
  @inline(__always)
  public func start(_ hash: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: (UInt64(mark(hash)) &* UInt64(size)) &>> 32) }

  /// A bucket, for a prefetch.
  @inline(__always)
  public func address(of bucket: UInt32) -> UnsafeRawPointer { UnsafeRawPointer(marks(bucket)) }

  /// The same of that in which the search for this hash begins.
  @inline(__always)
  public func address(ofHash hash: UInt32) -> UnsafeRawPointer { address(of: start(hash)) }

  /// The bucket that is looked at next, if this one is full.
  @inline(__always)
  public func after(_ bucket: UInt32) -> UInt32 { bucket &+ 1 == size ? 0 : bucket &+ 1 }

  /// Entries of a bucket with this hash, a bit each.
  @inline(__always)
  public func matches(_ hash: UInt32, in bucket: UInt32) -> UInt32 { matching_lanes(marks(bucket), mark(hash)) }

  /// The handle of the first of these entries, of which there is one at least.
  @inline(__always)
  public func handle(_ matches: UInt32, in bucket: UInt32) -> UInt32 { handles(bucket)[matches.trailingZeroBitCount] }

  /// Whether the search goes on behind this bucket.
  @inline(__always)
  public func isFull(_ bucket: UInt32) -> Bool { vacancies(bucket) == 0 }

  /// Enters a key that is not in the table. False when the table is full.
  @inline(__always)
  public mutating func insert(_ hash: UInt32, _ handle: UInt32) -> Bool {
    guard count < capacity else { return false }
    var bucket = start(hash)
    var vacant = vacancies(bucket)
    while vacant == 0 {
      bucket = after(bucket)
      vacant = vacancies(bucket)
    }
    put(mark(hash), handle, vacant.trailingZeroBitCount, bucket)
    count &+= 1
    return true
  }

  /// Gives the entry another handle; its key stays.
  @inline(__always)
  public func replace(_ hash: UInt32, _ handle: UInt32, with new: UInt32) {
    let place = position(hash, handle)
    handles(place.bucket)[place.lane] = new
  }

  /// Removes the entry with this hash and handle, which must be there.
  @inline(__always)
  public mutating func remove(_ hash: UInt32, _ handle: UInt32) {
    let place = position(hash, handle)
    let wasFull = isFull(place.bucket)
    marks(place.bucket)[place.lane] = 0
    count &-= 1
    if wasFull { refill(place.lane, place.bucket) }
  }

  /// Empties the table without looking its entries up, for an owner that forgets all it has: `known` entries. What `count` says then are
  /// entries that nobody owns.
  public mutating func abandon(_ known: Int) {
    for bucket in 0..<size {
      // What was never written to stays without memory behind it.
      for lane in 0..<Self.lanes where marks(bucket)[lane] != 0 { marks(bucket)[lane] = 0 }
    }
    count &-= known
  }

  // MARK: Buckets

  @inline(__always)
  private func marks(_ bucket: UInt32) -> UnsafeMutablePointer<UInt32> { words.base + Int(bucket) &* (2 &* Self.lanes) }

  @inline(__always)
  private func handles(_ bucket: UInt32) -> UnsafeMutablePointer<UInt32> { marks(bucket) + Self.lanes }

  @inline(__always)
  private func vacancies(_ bucket: UInt32) -> UInt32 { matching_lanes(marks(bucket), 0) }

  @inline(__always)
  private func put(_ mark: UInt32, _ handle: UInt32, _ lane: Int, _ bucket: UInt32) {
    marks(bucket)[lane] = mark
    handles(bucket)[lane] = handle
  }

  @inline(__always)
  private func position(_ hash: UInt32, _ handle: UInt32) -> (bucket: UInt32, lane: Int) {
    var bucket = start(hash)
    while true {
      var matches = matches(hash, in: bucket)
      while matches != 0 {
        let lane = matches.trailingZeroBitCount
        if handles(bucket)[lane] == handle { return (bucket, lane) }
        matches &= matches &- 1
      }
      assert(isFull(bucket), "an entry that is not in the table was named")
      bucket = after(bucket)
    }
  }

  /// A bucket that was full has lost the entry in this lane: one that did not find room there, or before it, takes its place, and so on.
  @inline(never)
  private func refill(_ lane: Int, _ bucket: UInt32) {
    var (lane, hole) = (lane, bucket)
    var bucket = bucket
    while true {
      bucket = after(bucket)
      let wasFull = isFull(bucket)
      if let moved = displaced(bucket, atLeast: distance(hole, bucket)) {
        put(marks(bucket)[moved], handles(bucket)[moved], lane, hole)
        marks(bucket)[moved] = 0
        (lane, hole) = (moved, bucket)
      }
      if !wasFull { return }
    }
  }

  /// An entry of a bucket that belongs this many buckets before it, or more.
  private func displaced(_ bucket: UInt32, atLeast least: UInt32) -> Int? {
    for lane in 0..<Self.lanes {
      let mark = marks(bucket)[lane]
      if mark != 0, distance(start(mark), bucket) >= least { return lane }
    }
    return nil
  }

  /// Buckets from `start` on to `bucket`, going around.
  private func distance(_ start: UInt32, _ bucket: UInt32) -> UInt32 {
    bucket >= start ? bucket &- start : bucket &- start &+ size
  }
}

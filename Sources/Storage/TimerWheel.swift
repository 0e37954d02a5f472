/// What a timer wheel keeps in an element: its place in a bucket's list, and when it is due.
public protocol TimerNode: BitwiseCopyable {
  /// Handle plus one of the next element of the bucket; 0 at the end.
  var timerNext: UInt32 { get set }
  /// Handle plus one of the element before; for a bucket's first element, the bucket with the top bit set; 0: not in the wheel.
  var timerPrevious: UInt32 { get set }
  /// When it is due, in milliseconds of the wheel's time, modulo 2^32.
  var timerDue: UInt32 { get set }
}

/// A hierarchical timer wheel of 1 ms ticks: four levels, to 2^26 ms (18 hours) ahead; what is due later waits in the last level.
///
/// Intrusive: the links lie in the elements of a table that the caller owns, so scheduling and cancelling cost a few stores and no
/// memory. An element is in the wheel once at most. A deadline that moves later needs no call: let it come due, look, and schedule
/// again (lazy re-arming).
public struct TimerWheel<Element: TimerNode>: ~Copyable, @unchecked Sendable {
  static var bucketFlag: UInt32 { 0x8000_0000 }
  // Level 0: 256 buckets of 1 ms; levels 1 to 3: 64 buckets each, of 2^8, 2^14 and 2^20 ms.
  static var level0Buckets: UInt32 { 256 }
  static var upperBuckets: UInt32 { 64 }
  static var upperLevels: UInt32 { 3 }

  let elements: UnsafeMutablePointer<Element>
  let heads: Table<UInt32>
  /// The next millisecond to be looked at: every element due before it has come due.
  var position: UInt32
  /// Elements in the wheel.
  public var count = 0

  /// A wheel over `elements`, whose time begins at `now`.
  public init(elements: UnsafeMutablePointer<Element>, now: UInt32) {
    self.elements = elements
    heads = Table(count: Int(Self.level0Buckets + Self.upperLevels * Self.upperBuckets))
    position = now
  }

  @inline(__always)
  public func contains(_ handle: UInt32) -> Bool { elements[Int(handle)].timerPrevious != 0 }

  /// Puts an element that is not in the wheel into it, due at `due` (in the past: at once).
  @inline(__always)
  public mutating func schedule(_ handle: UInt32, due: UInt32) {
    assert(!contains(handle), "scheduled twice")
    let ahead = due &- position
    let bucket: UInt32
    if ahead < Self.level0Buckets {
      bucket = due & (Self.level0Buckets &- 1)
    } else {
      bucket = upperBucket(due, ahead)
    }
    let element = elements + Int(handle)
    let first = heads[Int(bucket)]
    element.pointee.timerDue = due
    element.pointee.timerNext = first
    element.pointee.timerPrevious = bucket | Self.bucketFlag
    if first != 0 { elements[Int(first &- 1)].timerPrevious = handle &+ 1 }
    heads[Int(bucket)] = handle &+ 1
    count &+= 1
  }

  @inline(never)
  func upperBucket(_ due: UInt32, _ ahead: UInt32) -> UInt32 {
    if Int32(bitPattern: ahead) < 0 { return position & (Self.level0Buckets &- 1) }  // overdue
    var shift: UInt32 = 8
    var base = Self.level0Buckets
    var time = due
    for _ in 0..<Self.upperLevels {
      // A level holds what is due within its 63 next buckets; the current one has been cascaded already. Time wraps around at 2^32, hence
      // a level's bucket numbers at 2^(32 - shift).
      let bucketsAhead = (due &>> shift &- position &>> shift) & (UInt32.max &>> shift)
      if bucketsAhead < Self.upperBuckets { return base &+ (due &>> shift & (Self.upperBuckets &- 1)) }
      shift &+= 6
      base &+= Self.upperBuckets
    }
    // Beyond the last level: its farthest bucket, to be placed anew from there.
    shift &-= 6
    base &-= Self.upperBuckets
    time = position &+ ((Self.upperBuckets &- 1) &<< shift)
    return base &+ (time &>> shift & (Self.upperBuckets &- 1))
  }

  /// Takes an element out of the wheel, if it is in.
  @inline(__always)
  public mutating func cancel(_ handle: UInt32) {
    let element = elements + Int(handle)
    let previous = element.pointee.timerPrevious
    if previous == 0 { return }
    let next = element.pointee.timerNext
    if previous & Self.bucketFlag != 0 {
      heads[Int(previous & ~Self.bucketFlag)] = next
    } else {
      elements[Int(previous &- 1)].timerNext = next
    }
    if next != 0 { elements[Int(next &- 1)].timerPrevious = previous }
    element.pointee.timerPrevious = 0
    count &-= 1
  }

  /// Empties the wheel without visiting its elements, for an owner that visits them anyway and forgets them all: each of the `known` ones that
  /// it found in the wheel has its `timerPrevious` set to 0 by it. What `count` says then are elements that nobody owns.
  public mutating func abandon(_ known: Int) {
    for bucket in 0..<heads.count where heads[bucket] != 0 { heads[bucket] = 0 }
    count &-= known
  }

  /// Takes out one element that is due at `now` or before; nil when there is none (the wheel's time is then `now`).
  /// Call it until it says nil, or as often as there is time for: what is left comes with the next call.
  @inline(__always)
  public mutating func popDue(now: UInt32) -> UInt32? {
    if Int32(bitPattern: now &- position) < 0 { return nil }
    return advance(to: now)
  }

  @inline(never)
  mutating func advance(to now: UInt32) -> UInt32? {
    if count == 0 {
      position = now &+ 1
      return nil
    }
    while Int32(bitPattern: now &- position) >= 0 {
      let first = heads[Int(position & (Self.level0Buckets &- 1))]
      if first != 0 {
        cancel(first &- 1)
        return first &- 1
      }
      position &+= 1
      if position & (Self.level0Buckets &- 1) == 0 { cascade() }
    }
    return nil
  }

  /// Brings down what is due within the next bucket of each level that has come to its turn.
  mutating func cascade() {
    var shift: UInt32 = 8
    var base = Self.level0Buckets
    for _ in 0..<Self.upperLevels {
      let bucket = base &+ (position &>> shift & (Self.upperBuckets &- 1))
      replace(bucket)
      if position &>> shift & (Self.upperBuckets &- 1) != 0 { return }
      shift &+= 6
      base &+= Self.upperBuckets
    }
  }

  mutating func replace(_ bucket: UInt32) {
    var handle = heads[Int(bucket)]
    heads[Int(bucket)] = 0
    while handle != 0 {
      let next = elements[Int(handle &- 1)].timerNext
      elements[Int(handle &- 1)].timerPrevious = 0
      count &-= 1
      schedule(handle &- 1, due: elements[Int(handle &- 1)].timerDue)
      handle = next
    }
  }

  /// A bound for when the next element comes due: never later than that. Nil when the wheel is empty. For a clock that can jump;
  /// walks buckets.
  public func nextDue() -> UInt32? {
    guard count > 0 else { return nil }
    // No further than the next cascade: from there on, an upper level may hold what is due before that which level 0 holds already.
    let cascade = (position | (Self.level0Buckets &- 1)) &+ 1
    for ahead in 0..<(cascade &- position) where heads[Int((position &+ ahead) & (Self.level0Buckets &- 1))] != 0 {
      return position &+ ahead
    }
    return cascade
  }
}

/// The stretches of the peer's stream that came before what precedes them; the one that changed last comes first, as RFC 2018 4 wants them
/// reported.
public struct ReceivedRanges: BitwiseCopyable, @unchecked Sendable {
  /// Stretches that are remembered; what would make more of them is not taken.
  static var capacity: Int { 64 }

  private let ranges: UnsafeMutablePointer<SequenceRange>
  public private(set) var count = 0
  /// Octets that came twice, to be told with the next acknowledgment (RFC 2883).
  private var duplicate = SequenceRange(SequenceNumber(0), SequenceNumber(0))
  private var hasDuplicate = false

  /// - Parameter ranges: `capacity` places.
  init(_ ranges: UnsafeMutablePointer<SequenceRange>) { self.ranges = ranges }

  subscript(index: Int) -> SequenceRange { ranges[index] }

  /// Whether a stretch can be added: it touches one that is known, or there is room for another.
  func takes(_ range: SequenceRange) -> Bool {
    if count < Self.capacity { return true }
    for index in 0..<count where Self.touch(ranges[index], range) { return true }
    return false
  }

  /// Adds a stretch that is not empty; it swallows those that it touches. False: there was no room.
  mutating func add(_ range: SequenceRange) -> Bool {
    var merged = range
    var kept = 0
    for index in 0..<count {
      let other = ranges[index]
      if Self.touch(other, merged) {
        if other.left < merged.left { merged.left = other.left }
        if merged.right < other.right { merged.right = other.right }
      } else {
        ranges[kept] = other
        kept &+= 1
      }
    }
    guard kept < Self.capacity else { return false }
    count = kept &+ 1
    ranges[kept] = merged
    putFirst(kept)
    return true
  }

  /// The end of the stretch that contains `next`; stretches before it are forgotten. `next` itself when there is none.
  mutating func advance(_ next: SequenceNumber) -> SequenceNumber {
    var next = next
    var kept = 0
    var again = true
    while again {
      again = false
      kept = 0
      for index in 0..<count {
        let range = ranges[index]
        if range.left <= next {
          if next < range.right {
            next = range.right
            again = true
          }
        } else {
          ranges[kept] = range
          kept &+= 1
        }
      }
      count = kept
    }
    return next
  }

  /// Whether all of it has come already.
  func contains(_ range: SequenceRange) -> Bool {
    for index in 0..<count where ranges[index].left <= range.left && range.right <= ranges[index].right { return true }
    return false
  }

  /// These octets came again.
  mutating func noteDuplicate(_ range: SequenceRange) {
    guard range.left < range.right else { return }
    duplicate = range
    hasDuplicate = true
    // The stretch that it lies in is reported behind it (RFC 2883 4, the fourth rule).
    for index in 0..<count where ranges[index].left <= range.left && range.right <= ranges[index].right { return putFirst(index) }
  }

  private func putFirst(_ place: Int) {
    let range = ranges[place]
    var index = place
    while index > 0 {
      ranges[index] = ranges[index &- 1]
      index &-= 1
    }
    ranges[0] = range
  }

  /// Blocks to be reported.
  @inline(always)
  var blockCount: Int { count &+ (hasDuplicate ? 1 : 0) }

  /// The block with this place in the report: a duplicate first (RFC 2883 4), then the stretches.
  func block(_ index: Int) -> SequenceRange {
    if hasDuplicate { return index == 0 ? duplicate : ranges[index &- 1] }
    return ranges[index]
  }

  /// A duplicate is told once.
  mutating func reported() { hasDuplicate = false }

  private static func touch(_ a: SequenceRange, _ b: SequenceRange) -> Bool { a.left <= b.right && b.left <= a.right }
}

/// The answers of a server that are owed or not acknowledged yet, in order: how many of which kind follow one another. Pipelined requests
/// that are alike, however many, take one place.
struct HTTPAnswerQueue: BitwiseCopyable, Sendable {
  /// Kind in the low 4 bits, count above. The first is the oldest.
  private var runs = InlineArray<4, UInt32>(repeating: 0)
  /// Where the oldest begins in our stream.
  private var start: UInt32 = 0
  /// Where what was given to TCP ends in our stream, and the octets that follow it.
  private var end: UInt32 = 0
  private var ahead: UInt64 = 0
  private var count: UInt8 = 0

  private static var kindMask: UInt32 { 15 }
  private static var one: UInt32 { 16 }
  private static var capacity: UInt8 { 4 }
  /// Octets given to TCP at a time beyond what it has sent.
  private static var furthest: UInt32 { 1 << 30 }

  @inline(always)
  private func run(_ index: UInt8) -> UInt32 { runs[Int(index & 3)] }

  /// All of it was sent, and acknowledged up to here in our stream.
  @inline(always)
  func isSettled(acknowledged: UInt32) -> Bool { isGiven && acknowledged == end }

  /// All of it was given to TCP.
  @inline(always)
  var isGiven: Bool { ahead == 0 }

  /// False when there is no room for it.
  @inline(always)
  mutating func append(_ kind: HTTPAnswers.Kind, _ answers: HTTPAnswers) -> Bool {
    if count > 0, run(count &- 1) & Self.kindMask == kind {
      runs[Int((count &- 1) & 3)] &+= Self.one
    } else {
      guard count < Self.capacity else { return false }
      runs[Int(count & 3)] = kind | Self.one
      count &+= 1
    }
    ahead &+= UInt64(answers[kind].pointee.length)
    return true
  }

  /// Forgets answers that were acknowledged to their end.
  @inline(always)
  mutating func forget(acknowledged: UInt32, _ answers: HTTPAnswers) {
    while count > 0 {
      let after = start &+ answers[run(0) & Self.kindMask].pointee.length
      // Only what was given to TCP can have been acknowledged.
      guard Int32(bitPattern: acknowledged &- after) >= 0, Int32(bitPattern: end &- after) >= 0 else { return }
      start = after
      runs[0] &-= Self.one
      if runs[0] < Self.one { shift() }
    }
  }

  @inline(always)
  private mutating func shift() {
    runs[0] = runs[1]
    runs[1] = runs[2]
    runs[2] = runs[3]
    count &-= 1
  }

  /// How far our stream goes: gives TCP more when it has sent most of what it had.
  @inline(always)
  mutating func give(sent: UInt32) -> UInt32 {
    let room = UInt64(Self.furthest &- smaller(end &- sent, Self.furthest))
    let given = ahead < room ? ahead : room
    ahead &-= given
    end &+= UInt32(truncatingIfNeeded: given)
    return end
  }

  /// Writes `count` octets of our stream from `offset` on; they belong to answers that are not forgotten.
  @inline(always)
  func write(offset: UInt32, into bytes: UnsafeMutableRawPointer, count length: Int, _ answers: HTTPAnswers) {
    var place = offset &- start
    var index: UInt8 = 0
    var at = 0
    while at < length, index < count {
      let kind = run(index) & Self.kindMask
      let repeats = run(index) / Self.one
      let each = answers[kind].pointee.length
      var number: UInt32 = 0
      if place >= each {
        number = smaller(place / each, repeats)
        place &-= number &* each
      }
      while number < repeats, at < length {
        let written = answers.write(kind, from: place, into: bytes + at, room: length &- at)
        at &+= written
        place &+= UInt32(truncatingIfNeeded: written)
        if place == each {
          place = 0
          number &+= 1
        }
      }
      index &+= 1
    }
  }
}

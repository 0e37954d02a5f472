/// What a timeout or a recovery took from the window, until it is known whether anything was lost at all. When all that was sent again had
/// arrived before, it is given back (RFC 4015; RFC 9438 4.9): the peer's timestamps tell (RFC 3522), or its reports of duplicates do (RFC 2883,
/// RFC 3708).
struct Undo: BitwiseCopyable, Sendable {
  var isOpen = false
  /// SND.UNA when it began: what lies before was sent again for another reason.
  private var start = SequenceNumber(0)
  /// Segments sent again since, less those reported as duplicates; nil: none was sent again yet.
  private var unexplained: UInt32?
  /// The timestamp of the first of them.
  private var firstResent: UInt32 = 0
  private var window: UInt32 = 0
  private var threshold: UInt32 = 0
  private var cubic = Cubic()

  init() {}

  init(from una: SequenceNumber, window: UInt32, threshold: UInt32, cubic: Cubic) {
    isOpen = true
    start = una
    self.window = window
    self.threshold = threshold
    self.cubic = cubic
  }

  mutating func noteResent(timestamp: UInt32) {
    guard isOpen else { return }
    if unexplained == nil { firstResent = timestamp }
    unexplained = (unexplained ?? 0) &+ 1
  }

  /// The peer got the octets before `end` twice, `count` segments of them.
  mutating func noteDuplicates(_ count: UInt32, end: SequenceNumber) {
    guard isOpen, end > start, let left = unexplained else { return }
    unexplained = left &- smaller(count, left)
  }

  /// All that was sent again has been reported as a duplicate.
  var isExplained: Bool { isOpen && unexplained == 0 }

  /// An acknowledgment of new octets that echoes a timestamp from before anything was sent again (RFC 3522 3.2).
  func isDisproved(byEcho echo: UInt32) -> Bool {
    isOpen && unexplained != nil && Int32(bitPattern: echo &- firstResent) < 0
  }

  /// Forgets what it knows, and says what was taken: window, threshold, and CUBIC's curve.
  fileprivate mutating func close() -> (UInt32, UInt32, Cubic) {
    isOpen = false
    return (window, threshold, cubic)
  }
}

extension Recovery {
  /// Before the window shrinks. What was taken for the same octets a moment ago is still to be given back, too.
  mutating func prepareUndo(una: SequenceNumber) {
    if undo.isOpen, phase != .open, una < recoveryPoint { return }
    undo = Undo(from: una, window: congestionWindow, threshold: slowStartThreshold, cubic: cubic)
  }

  /// Gives back what a reduction has taken, if nothing was lost that it was for.
  ///
  /// - Parameter echo: the timestamp that an acknowledgment of new octets echoes; nil: it does not.
  mutating func undoIfSpurious(una: SequenceNumber, echo: UInt32?) {
    guard undo.isOpen else { return }
    let isDisproved = echo.map { undo.isDisproved(byEcho: $0) } ?? false
    // In recovery a report of duplicates says nothing of what was not sent again yet.
    guard isDisproved || (undo.isExplained && phase != .recovery) else { return }
    let (window, threshold, curve) = undo.close()
    congestionWindow = larger(congestionWindow, window)
    slowStartThreshold = larger(slowStartThreshold, threshold)
    cubic = curve
    if phase == .loss || phase == .recovery {
      forgiveLosses(from: una)
      phase = .open
    }
    duplicates = 0
    duplicateOctets = 0
    growth = 0
  }

  /// What was taken for lost, and was not sent again yet, is on its way after all.
  private mutating func forgiveLosses(from una: SequenceNumber) {
    var start = una
    for index in 0..<count {
      let segment = segment(index)
      let octets = segment.pointee.end.distance(from: start)
      start = segment.pointee.end
      if segment.pointee.marks.has(.lost), !segment.pointee.marks.has(.resent) { unmark(segment, octets) }
    }
  }
}

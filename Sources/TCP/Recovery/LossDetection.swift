/// Which segments are lost: RACK (RFC 8985 6.2 steps 4 and 5), and duplicate acknowledgments from a peer without SACK (RFC 5681, 6582).
extension Recovery {
  /// RFC 5681 3.2
  static var duplicateThreshold: UInt32 { 3 }

  /// RFC 8985 6.2 step 4: how far a segment may be overtaken before it counts as lost.
  mutating func reorderingWindow(_ segmentSize: UInt32) -> UInt32 {
    if !reorderingSeen {
      if phase == .recovery || phase == .loss { return 0 }
      if sacked >= Self.duplicateThreshold &* segmentSize { return 0 }
    }
    guard minimumRTT != .max else { return 0 }
    return smaller(reorderingSteps &* (minimumRTT / 4), smoothedRTT)
  }

  /// RFC 8985 6.2 step 4: once a round trip, a duplicate reported means that the window was too small.
  mutating func adaptReorderingWindow(_ sawDuplicate: Bool, una: SequenceNumber, next: SequenceNumber) {
    if dsackRoundIsOpen, dsackRoundEnd <= una { dsackRoundIsOpen = false }
    guard sawDuplicate, !dsackRoundIsOpen else { return }
    dsackRoundIsOpen = true
    dsackRoundEnd = next
    reorderingSteps &+= 1
    reorderingPersists = 16
  }

  /// RFC 8985 6.2 step 5: marks what is lost by now. Returns after how many microseconds something else may be; 0: nothing.
  mutating func detectLosses(from una: SequenceNumber, _ segmentSize: UInt32, now: UInt32, _ news: inout AcknowledgmentNews) -> UInt32 {
    // In order and nothing missing: nothing was overtaken.
    guard rackIsSet, sacked > 0 || phase != .open || lost > 0 else { return 0 }
    let window = reorderingWindow(segmentSize)
    var wait: UInt32 = 0
    var start = una
    for index in 0..<count {
      let segment = segment(index)
      let marks = segment.pointee.marks
      let octets = segment.pointee.end.distance(from: start)
      start = segment.pointee.end
      if marks.has(.sacked) || (marks.has(.lost) && !marks.has(.resent)) { continue }
      guard isSentAfter(rack, segment.pointee) else { continue }
      let left = Int32(bitPattern: segment.pointee.sentAt &+ rackRTT &+ window &- now)
      if left <= 0 {
        markLost(segment, octets)
        news.foundLoss = true
      } else {
        wait = larger(wait, UInt32(bitPattern: left))
      }
    }
    return wait
  }

  /// A peer without SACK: the third duplicate, and in recovery each acknowledgment of a part, tells that the oldest segment is lost.
  mutating func countDuplicates(_ news: inout AcknowledgmentNews, from una: SequenceNumber, flight: UInt32, _ segmentSize: UInt32) {
    if news.advanced > 0 {
      // What it acknowledges beyond the first segment are those whose duplicates were counted.
      let segments = (news.advanced &+ segmentSize &- 1) / segmentSize
      duplicates = duplicates > segments &- 1 ? duplicates &- (segments &- 1) : 0
      news.delivered &-= smaller(duplicateOctets, news.delivered)
      if phase == .recovery, una < recoveryPoint { loseOldest(from: una, &news) }
      if phase == .open { duplicates = 0 }
    } else if news.isDuplicate {
      duplicates &+= 1
      // Each tells of a segment that has arrived, of those that are out and not lost (RFC 5681 3.2): more of them tell nothing.
      if duplicates &* segmentSize < flight { news.delivered &+= segmentSize }
      if phase == .open || phase == .reduction, duplicates >= Self.duplicateThreshold { loseOldest(from: una, &news) }
    }
    duplicateOctets = smaller(duplicates &* segmentSize, flight > segmentSize ? flight &- segmentSize : 0)
    if lost &+ duplicateOctets > flight { duplicateOctets = flight &- smaller(lost, flight) }
  }

  private mutating func loseOldest(from una: SequenceNumber, _ news: inout AcknowledgmentNews) {
    guard count > 0 else { return }
    let segment = segment(0)
    if segment.pointee.marks.has(.lost), !segment.pointee.marks.has(.resent) { return }
    markLost(segment, segment.pointee.end.distance(from: una))
    news.foundLoss = true
  }

  /// A retransmission timeout (RFC 8985 6.3): the oldest segment is lost, and with it all that has been out for longer than a round trip.
  mutating func loseOnTimeout(from una: SequenceNumber, withSACK: Bool, now: UInt32) {
    guard count > 0 else { return }
    if segment(0).pointee.marks.has(.sacked) { forgetSacked() }  // the receiver has reneged (RFC 2018 8)
    duplicates = 0
    duplicateOctets = 0
    let patience = rackIsSet && withSACK ? rackRTT &+ reorderingWindow(1) : 0
    var start = una
    for index in 0..<count {
      let segment = segment(index)
      let octets = segment.pointee.end.distance(from: start)
      start = segment.pointee.end
      if segment.pointee.marks.has(.sacked) { continue }
      if index > 0, Int32(bitPattern: segment.pointee.sentAt &+ patience &- now) > 0 { continue }
      markLost(segment, octets)
    }
  }
}

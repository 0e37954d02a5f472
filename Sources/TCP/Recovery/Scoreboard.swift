/// What an acknowledgment told the scoreboard.
struct AcknowledgmentNews {
  /// Octets that are known to have arrived by it, cumulatively or selectively.
  var delivered: UInt32 = 0
  /// Octets that SND.UNA advanced by.
  var advanced: UInt32 = 0
  /// A round trip of a segment that was sent once; `.max`: none.
  var roundTrip: UInt32 = .max
  /// The same of the last such segment: the path as it is now.
  var latestRoundTrip: UInt32 = .max
  /// The same of one that was only selectively acknowledged.
  var sackedRoundTrip: UInt32 = .max
  /// The peer got something twice (RFC 2883).
  var sawDuplicate = false
  /// So many octets, before this number.
  var duplicateOctets: UInt32 = 0
  var duplicateEnd = SequenceNumber(0)
  /// SACK blocks told something new.
  var sackedMore = false
  /// It acknowledges nothing new, and nothing else about it is new (RFC 5681 2).
  var isDuplicate = false
  /// Something was found to be lost.
  var foundLoss = false
}

/// Which segments have arrived: RFC 2018, RFC 2883, and RACK's first steps (RFC 8985 6.2).
extension Recovery {
  /// - Parameters:
  ///   - number: SEG.ACK; below `acknowledged` when the acknowledgment was overtaken on its way.
  ///   - before: SND.UNA before it.
  ///   - acknowledged: SND.UNA after it.
  ///   - next: SND.NXT.
  mutating func takeAcknowledgment(
    _ number: SequenceNumber, from before: SequenceNumber, to acknowledged: SequenceNumber, next: SequenceNumber,
    _ blocks: SACKBlocks?, now: UInt32, _ news: inout AcknowledgmentNews
  ) {
    news.advanced = acknowledged.distance(from: before)
    if news.advanced > 0 { removeAcknowledged(from: before, to: acknowledged, now: now, &news) }
    if let blocks { takeBlocks(blocks, of: number, from: acknowledged, next: next, now: now, &news) }
    if forwardMost < acknowledged { forwardMost = acknowledged }
  }

  private mutating func removeAcknowledged(
    from before: SequenceNumber, to acknowledged: SequenceNumber, now: UInt32, _ news: inout AcknowledgmentNews
  ) {
    var start = before
    // What was sent once behind a loss is acknowledged with what was sent again: its time is that of the loss.
    var coversResent = false
    defer { if coversResent { (news.roundTrip, news.latestRoundTrip) = (.max, .max) } }
    while count > 0 {
      let segment = segment(0)
      let whole = segment.pointee.end <= acknowledged
      let end = whole ? segment.pointee.end : acknowledged
      let octets = end.distance(from: start)
      if octets == 0 { return }
      if segment.pointee.tellsNoTime { coversResent = true }
      if segment.pointee.marks.has(.sacked) {
        sacked &-= octets
      } else {
        news.delivered &+= octets
        if whole, !segment.pointee.tellsNoTime {
          news.latestRoundTrip = now &- segment.pointee.sentAt
          if news.roundTrip == .max { news.roundTrip = news.latestRoundTrip }
        }
        if whole {
          delivered(segment, now: now)
          noteReordering(segment, octets)
        }
        // Of a segment acknowledged in part, the rest keeps its marks.
        let marks = segment.pointee.marks
        unmark(segment, octets)
        if !whole { segment.pointee.marks = marks }
      }
      if !whole { return }
      start = end
      oldest &+= 1
      count &-= 1
    }
  }

  private mutating func takeBlocks(
    _ blocks: SACKBlocks, of number: SequenceNumber, from acknowledged: SequenceNumber, next: SequenceNumber, now: UInt32,
    _ news: inout AcknowledgmentNews
  ) {
    for index in 0..<blocks.count {
      let block = blocks[index]
      guard block.left < block.right, block.right <= next else { continue }
      if index == 0, isDuplicate(block, blocks, number) {
        news.sawDuplicate = true
        news.duplicateOctets = block.right.distance(from: block.left)
        news.duplicateEnd = block.right
        continue
      }
      // What begins at SND.UNA would have been acknowledged.
      guard acknowledged < block.left else { continue }
      mark(block, from: acknowledged, now: now, &news)
    }
  }

  /// RFC 2883 4: the first block tells of a duplicate when it lies below the number acknowledged beside it, or within the second block.
  @inline(always)
  private func isDuplicate(_ block: SequenceRange, _ blocks: SACKBlocks, _ number: SequenceNumber) -> Bool {
    if block.right <= number { return true }
    guard blocks.count > 1 else { return false }
    return blocks[1].left <= block.left && block.right <= blocks[1].right
  }

  private mutating func mark(
    _ block: SequenceRange, from una: SequenceNumber, now: UInt32, _ news: inout AcknowledgmentNews
  ) {
    var start = una
    for index in 0..<count {
      let segment = segment(index)
      let end = segment.pointee.end
      if block.right < end { return }
      if block.left <= start, !segment.pointee.marks.has(.sacked) {
        let octets = end.distance(from: start)
        if !segment.pointee.tellsNoTime { news.sackedRoundTrip = now &- segment.pointee.sentAt }
        noteReordering(segment, octets)
        delivered(segment, now: now)
        markSacked(segment, octets)
        news.delivered &+= octets
        news.sackedMore = true
        if forwardMost < end { forwardMost = end }
      }
      start = end
    }
  }

  /// RFC 8985 6.2 step 3: a segment sent once arrives after one that was sent behind it.
  private mutating func noteReordering(_ segment: UnsafeMutablePointer<SentSegment>, _ octets: UInt32) {
    guard segment.pointee.end < forwardMost, !segment.pointee.marks.has(.wasResent) else { return }
    reorderingSeen = true
    let overtaken = forwardMost.distance(from: segment.pointee.end) &+ octets
    reorderingDegree = larger(reorderingDegree, (overtaken &+ octets &- 1) / larger(octets, 1))
  }

  /// RFC 8985 6.2 step 2: of all segments delivered, the one that was sent last.
  private mutating func delivered(_ segment: UnsafeMutablePointer<SentSegment>, now: UInt32) {
    var roundTrip = now &- segment.pointee.sentAt
    if segment.pointee.marks.has(.wasResent) {
      // Too soon after the retransmission: it is the first transmission that arrived.
      if roundTrip < minimumRTT { return }
    } else if segment.pointee.marks.has(.adopted), minimumRTT != .max {
      roundTrip = larger(roundTrip, minimumRTT)
    }
    rackRTT = roundTrip
    if !rackIsSet || isSentAfter(segment.pointee, rack) {
      rackIsSet = true
      rack = segment.pointee
    }
  }

  /// RFC 8985 6.2: RACK_sent_after. At one time the order of sending tells, and not the number: what is sent again may follow what is new.
  @inline(always)
  func isSentAfter(_ segment: SentSegment, _ other: SentSegment) -> Bool {
    let later = Int32(bitPattern: segment.sentAt &- other.sentAt)
    if later != 0 { return later > 0 }
    let behind = Int16(bitPattern: segment.order &- other.order)
    return behind > 0 || (behind == 0 && segment.end > other.end)
  }
}

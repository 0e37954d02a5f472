/// A connection with its cold structure: what arrives, and what is sent, with recovery and congestion control.
extension Connection {
  var standing: Recovery.Standing {
    Recovery.Standing(
      flight: flight, retransmits: retransmits, withSACK: flags.has(.sackPermitted))
  }

  /// Takes a cold structure, from the established state on. What is in flight was sent when the timer was started, as far as is known.
  mutating func becomeCold(
    _ companion: inout Companion, handle: UInt32, ring: UnsafeMutablePointer<SentSegment>, capacity: UInt32,
    ranges: UnsafeMutablePointer<SequenceRange>,
    _ recovery: UnsafeMutablePointer<Recovery>, _ algorithm: CongestionAlgorithm, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) {
    let size = UInt32(segmentSize)
    recovery.pointee.begin(
      ring: ring, capacity: capacity, ranges: ranges, next: sendUnacknowledged, window: size &* parameters.pointee.initialSegments,
      algorithm: algorithm,
      receiveNext: receiveNext, receiveWindow: receiveWindow(parameters))
    recovery.pointee.adopt(companion, now: now)
    recovery.pointee.largestWindow = sendWindow
    let time = UInt32(truncatingIfNeeded: now.microseconds)
    let sentAt = time &- (flags.has(.timerRunning) ? (now.milliseconds &- timerStart) &* 1_000 : 0)
    var end = sendUnacknowledged
    while end < sendNext, !recovery.pointee.isRingFull {
      end = sendNext.distance(from: end) > size ? end + size : sendNext
      recovery.pointee.append(end: end, now: sentAt)
      recovery.pointee.segment(recovery.pointee.count &- 1).pointee.marks.set(.adopted)
      if retransmits > 0 || flags.has(.recovering) { recovery.pointee.segment(recovery.pointee.count &- 1).pointee.marks.set(.wasResent) }
    }
    // Segments may have become so short since that there are more than entries: the last one has the rest, or that were never sent again.
    if end < sendNext { recovery.pointee.segment(recovery.pointee.count &- 1).pointee.end = sendNext }
    companion.coldHandle = handle
    flags.set(.cold)
    flags.clear(.recovering)
    flags.clear(.timing)
    flags.clear(.timerRunning)
    if flags.has(.persisting) {
      flags.clear(.persisting)
      recovery.pointee.timer = .persist
      recovery.pointee.due = now.microseconds &+ recovery.pointee.backedOffTimeout(retransmits, parameters)
    } else if flight > 0 {
      recovery.pointee.armRetransmission(standing, sinceOldest: true, parameters, now: now.microseconds)
    }
  }

  /// What the window still takes.
  @inline(always)
  func coldWindow(_ cold: UnsafeMutablePointer<Recovery>) -> UInt32 {
    let left = cold.pointee.receiveEdge.distance(from: receiveNext)
    return Int32(bitPattern: left) < 0 ? 0 : left
  }

  /// RFC 9293 3.10.7.4 for a cold connection.
  @inline(never)
  mutating func arriveCold(
    _ segment: UnsafePointer<TCPSegment>, in frame: UnsafeRawPointer, _ companion: inout Companion, _ cold: UnsafeMutablePointer<Recovery>,
    _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Action {
    if flags.has(.timestamps) || segment.pointee.sequence != receiveNext {
      if let refused = refuse(segment, companion, window: coldWindow(cold), now: now) {
        if refused.anomaly == .duplicate || refused.anomaly == .timestampOld { noteDuplicate(segment, cold) }
        return refused
      }
    }
    if !segment.pointee.flags.isPlain { return arriveExceptionally(segment) }
    var action = Action()
    let acknowledged = segment.pointee.acknowledgment.distance(from: sendUnacknowledged)
    if acknowledged > flight {
      if segment.pointee.acknowledgment > sendNext || acknowledged < 0 &- largestWindow {
        return Action(.challenge, .acknowledgmentUnacceptable)
      }
      // Older than SND.UNA: overtaken on its way, but what its SACK blocks say is still true.
      if segment.pointee.options.present.has(.sack), flight > 0 {
        takeAcknowledgment(segment, in: frame, 0, cold, &action, parameters, now: now)
      }
    } else {
      takeAcknowledgment(segment, in: frame, acknowledged, cold, &action, parameters, now: now)
      if flags.has(.finSent), flight == 0, acknowledged > 0 {
        action.events.set(.finAcknowledged)
        if finWasAcknowledged(&action) { return action }
      }
    }
    if segment.pointee.payloadLength > 0 || segment.pointee.flags.has(.fin) { takeText(segment, cold, &action) }
    if flags.has(.timestamps), segment.pointee.sequence <= receiveNext, !flags.has(.owesAcknowledgment),
      cold.pointee.acknowledgmentDue == .max
    {
      companion.timestampRecent = segment.pointee.options.timestampValue
    }
    lastActivity = now.milliseconds
    return action
  }

  /// Octets that came again are told to the peer (RFC 2883).
  private func noteDuplicate(_ segment: UnsafePointer<TCPSegment>, _ cold: UnsafeMutablePointer<Recovery>) {
    guard flags.has(.sackPermitted) else { return }
    let end = segment.pointee.sequence + UInt32(segment.pointee.payloadLength)
    cold.pointee.received.noteDuplicate(SequenceRange(segment.pointee.sequence, end < receiveNext ? end : receiveNext))
  }

  private mutating func takeAcknowledgment(
    _ segment: UnsafePointer<TCPSegment>, in frame: UnsafeRawPointer, _ acknowledged: UInt32, _ cold: UnsafeMutablePointer<Recovery>,
    _ action: inout Action, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) {
    let time = UInt32(truncatingIfNeeded: now.microseconds)
    var news = AcknowledgmentNews()
    let before = sendUnacknowledged
    let flightBefore = flight
    let windowBefore = sendWindow
    // What acknowledges more was sent later, be it behind a gap; of the same acknowledgment, what lies further (RFC 9293 3.10.7.4).
    let sequence = segment.pointee.sequence
    if acknowledged > 0 || (segment.pointee.acknowledgment == before && sequence >= cold.pointee.windowSequence) {
      if sequence > cold.pointee.windowSequence { cold.pointee.windowSequence = sequence }
      sendWindow = UInt32(segment.pointee.window) &<< UInt32(sendScale)
      cold.pointee.largestWindow = larger(cold.pointee.largestWindow, sendWindow)
    }
    news.isDuplicate =
      acknowledged == 0 && flight > 0 && segment.pointee.length == 0 && sendWindow == windowBefore

    let blocks = flags.has(.sackPermitted) ? SACKBlocks(segment, in: frame) : nil
    cold.pointee.takeAcknowledgment(
      segment.pointee.acknowledgment, from: before, to: before + acknowledged, next: sendNext, blocks, now: time, &news)
    if acknowledged > 0 {
      sendUnacknowledged = before + acknowledged
      // It does not fall behind by half of the numbers.
      if cold.pointee.smallEnd < sendUnacknowledged { cold.pointee.smallEnd = sendUnacknowledged }
      retransmits = 0
    }
    measure(news, segment, cold, now: now)
    if cold.pointee.timer == .persist { windowOpened(cold, parameters, now: now) }
    if flightBefore > 0 { recover(&news, echo: echo(segment, news), UInt32(segmentSize), cold, parameters, now: now) }
    if flightBefore > 0 || sendWindow != windowBefore { action.events.set(.maySend) }
    if cold.pointee.pending > 0 { action.events.set(.retransmit) }
  }

  /// RFC 6298 3 and RFC 7323 4.1: a segment sent once tells the time, otherwise the timestamp does.
  private func measure(
    _ news: AcknowledgmentNews, _ segment: UnsafePointer<TCPSegment>, _ cold: UnsafeMutablePointer<Recovery>, now: Moment
  ) {
    let time = UInt32(truncatingIfNeeded: now.microseconds)
    if news.roundTrip != .max {
      cold.pointee.measured(news.roundTrip, now: time)
    } else if news.sackedRoundTrip != .max {
      cold.pointee.measured(news.sackedRoundTrip, now: time)
    } else if news.advanced > 0, flags.has(.timestamps), segment.pointee.options.present.has(.timestamps),
      segment.pointee.options.timestampEcho != 0
    {
      let elapsed = now.milliseconds &- segment.pointee.options.timestampEcho
      if elapsed < 0x10_0000 { cold.pointee.measured(elapsed &* 1_000, isCoarse: true, now: time) }
    }
  }

  /// The timestamp that an acknowledgment of new octets echoes.
  private func echo(_ segment: UnsafePointer<TCPSegment>, _ news: AcknowledgmentNews) -> UInt32? {
    let options = segment.pointee.options
    guard news.advanced > 0, flags.has(.timestamps), options.present.has(.timestamps), options.timestampEcho != 0 else { return nil }
    return options.timestampEcho
  }

  /// Loss detection, then the phase, then the window, then the timer.
  private mutating func recover(
    _ news: inout AcknowledgmentNews, echo: UInt32?, _ size: UInt32, _ cold: UnsafeMutablePointer<Recovery>,
    _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) {
    let withSACK = flags.has(.sackPermitted)
    let time = UInt32(truncatingIfNeeded: now.microseconds)
    cold.pointee.endProbe(una: sendUnacknowledged, news, next: sendNext, size)
    cold.pointee.leavePhase(una: sendUnacknowledged, flight: flight, withSACK: withSACK)
    if news.duplicateOctets > 0 { cold.pointee.undo.noteDuplicates((news.duplicateOctets &+ size &- 1) / size, end: news.duplicateEnd) }
    cold.pointee.undoIfSpurious(una: sendUnacknowledged, echo: echo)
    var wait: UInt32 = 0
    if withSACK {
      cold.pointee.adaptReorderingWindow(news.sawDuplicate, una: sendUnacknowledged, next: sendNext)
      wait = cold.pointee.detectLosses(from: sendUnacknowledged, size, now: time, &news)
    } else {
      cold.pointee.countDuplicates(&news, from: sendUnacknowledged, flight: flight, size)
    }
    if news.foundLoss, cold.pointee.phase == .open || cold.pointee.phase == .reduction {
      cold.pointee.enterReduction(.recovery, una: sendUnacknowledged, next: sendNext, size)
      // PRR goes by what is delivered (RFC 6937 3): without any, the first segment that is missing goes, as it does when the timer finds it.
      if news.delivered == 0 { cold.pointee.congestionWindow = cold.pointee.pipe(flight) &+ size }
    }
    if cold.pointee.phase == .recovery || cold.pointee.phase == .reduction {
      cold.pointee.reduceProportionally(news, flight: flight, size)
    } else {
      cold.pointee.leaveSlowStart(news, una: sendUnacknowledged, next: sendNext, size)
      cold.pointee.grow(news, size, now: now.microseconds)
    }
    cold.pointee.rearm(standing, advanced: news.advanced > 0, wait: wait, parameters, now: now.microseconds)
  }

  /// The window that the persist timer was waiting for.
  private mutating func windowOpened(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) {
    cold.pointee.unansweredProbes = 0
    // Answers do not make probes more frequent (RFC 9293 3.8.6.1), an open window does.
    if sendWindow > 0 { retransmits = 0 }
    if sendWindow == 0 || (flight == 0 && sendWindow < cold.pointee.largestWindow / 2 && sendWindow < UInt32(segmentSize)) {
      let due = now.microseconds &+ cold.pointee.backedOffTimeout(retransmits, parameters)
      // A small window that is told again does not put off what it takes.
      if sendWindow == 0 || due < cold.pointee.due { cold.pointee.due = due }
      return
    }
    cold.pointee.timer = .none
    if flight > 0 {
      // What the probes were made of was not taken: it is sent again.
      if cold.pointee.count > 0 {
        let oldest = cold.pointee.segment(0)
        // The receiver has thrown away what it had (RFC 2018 8).
        if oldest.pointee.marks.has(.sacked) { cold.pointee.forgetSacked() }
        cold.pointee.markLost(oldest, oldest.pointee.end.distance(from: sendUnacknowledged))
      }
      cold.pointee.armRetransmission(standing, parameters, now: now.microseconds)
    }
  }

  /// Text and FIN, in order or not.
  private mutating func takeText(
    _ segment: UnsafePointer<TCPSegment>, _ cold: UnsafeMutablePointer<Recovery>, _ action: inout Action
  ) {
    action.reply = .acknowledge
    if segment.pointee.sequence > receiveNext {
      action.anomaly = .outOfOrder
      if state.takesPayload { keep(segment, cold, &action) }
      return
    }
    guard state.takesPayload else { return }
    if segment.pointee.sequence < receiveNext { noteDuplicate(segment, cold) }
    takePayload(segment, inOrder: false, window: coldWindow(cold), &action)
    if cold.pointee.received.count > 0 || cold.pointee.finIsKept { advanceOverKept(cold, &action) }
  }

  /// A segment that came too early: what of it lies in the window can be kept. The owner keeps it, and says so (`kept`).
  private mutating func keep(_ segment: UnsafePointer<TCPSegment>, _ cold: UnsafeMutablePointer<Recovery>, _ action: inout Action) {
    let ahead = segment.pointee.sequence.distance(from: receiveNext)
    let window = coldWindow(cold)
    guard ahead < window else { return }
    let fits = smaller(UInt32(segment.pointee.payloadLength), window &- ahead)
    if segment.pointee.flags.has(.fin), fits == UInt32(segment.pointee.payloadLength) {
      cold.pointee.finIsKept = true
      cold.pointee.keptFIN = segment.pointee.sequence + fits
    }
    guard fits > 0 else { return }
    let range = SequenceRange(segment.pointee.sequence, segment.pointee.sequence + fits)
    if cold.pointee.received.contains(range) {
      if flags.has(.sackPermitted) { cold.pointee.received.noteDuplicate(range) }
    } else if cold.pointee.received.takes(range) {
      action.setKept(length: UInt16(truncatingIfNeeded: fits))
    }
  }

  /// The owner has kept the octets that `Events.keep` offered.
  func kept(_ segment: UnsafePointer<TCPSegment>, _ action: Action, _ cold: UnsafeMutablePointer<Recovery>) {
    _ = cold.pointee.received.add(
      SequenceRange(segment.pointee.sequence, segment.pointee.sequence + UInt32(action.payloadLength)))
  }

  /// RCV.NXT passes what was kept, and the FIN behind it.
  private mutating func advanceOverKept(_ cold: UnsafeMutablePointer<Recovery>, _ action: inout Action) {
    let stretches = cold.pointee.received.count
    receiveNext = cold.pointee.received.advance(receiveNext)
    // Also what came once more within this segment is kept no longer.
    if cold.pointee.received.count < stretches { action.events.set(.keptInOrder) }
    // It may have come again, too.
    let closes = cold.pointee.keptFIN == receiveNext && !action.events.has(.peerClosed)
    guard cold.pointee.finIsKept, closes || action.events.has(.peerClosed) else { return }
    cold.pointee.finIsKept = false
    if closes { takeFIN(&action) }
  }
}

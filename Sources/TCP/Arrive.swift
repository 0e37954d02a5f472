/// Segment arrives: RFC 9293 3.10.7, in its order, with RFC 5961's checks and RFC 7323's.
extension Connection {
  /// Judges a segment that belongs to this connection, changes its state, and says what is to be done. Costs a few dozen ticks.
  @inline(always)
  ///
  /// - Parameters:
  ///   - frame: what the segment was read from.
  ///   - recoveries: the cold structures that companions name.
  mutating func arrive(
    _ segment: UnsafePointer<TCPSegment>, in frame: UnsafeRawPointer, _ companion: inout Companion,
    _ recoveries: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Action {
    // What is expected next, acknowledges something between SND.UNA and SND.NXT, and has neither SYN nor RST passes every check.
    let acknowledged = segment.pointee.acknowledgment.distance(from: sendUnacknowledged)
    if usually(segment.pointee.sequence == receiveNext), usually(acknowledged <= flight), usually(segment.pointee.flags.isPlain),
      usually(state != .synSent), usually(!flags.has(.notPlain)) || provesItsAge(segment, &companion)
    {
      return process(segment, acknowledged, inOrder: true, &companion, parameters, now: now)
    }
    return examine(segment, in: frame, acknowledged, &companion, recoveries, parameters, now: now)
  }

  /// RFC 7323 5.3 and 4.3, of a segment that begins at RCV.NXT.
  @inline(always)
  private func provesItsAge(_ segment: UnsafePointer<TCPSegment>, _ companion: inout Companion) -> Bool {
    guard !flags.has(.cold), segment.pointee.options.present.has(.timestamps),
      Int32(bitPattern: segment.pointee.options.timestampValue &- companion.timestampRecent) >= 0
    else { return false }
    // The echo is of the first that one acknowledgment answers (RFC 7323 4.3: SEG.SEQ <= Last.ACK.sent).
    if usually(!flags.has(.owesAcknowledgment)) { companion.timestampRecent = segment.pointee.options.timestampValue }
    return true
  }

  /// The checks one after the other, for what does not pass all of them at first sight.
  @inline(never)
  private mutating func examine(
    _ segment: UnsafePointer<TCPSegment>, in frame: UnsafeRawPointer, _ acknowledged: UInt32, _ companion: inout Companion,
    _ recoveries: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Action {
    if flags.has(.cold) {
      return arriveCold(segment, in: frame, &companion, recoveries + Int(companion.coldHandle), parameters, now: now)
    }
    if state == .synSent { return arriveInSynSent(segment, &companion, parameters, now: now) }
    if state == .synReceived, answersSimultaneousOpen(segment, companion) { return establish(segment, &companion, now: now) }
    // First, is it acceptable? (3.10.7.4; RFC 7323 5.3 before it). What begins where we expect it is.
    if flags.has(.timestamps) || segment.pointee.sequence != receiveNext {
      if let refused = refuse(segment, companion, window: receiveWindow(parameters), now: now) { return refused }
    }
    // Second RST, fourth SYN, fifth: a segment without ACK is dropped. (Third, security, is historic.)
    if !segment.pointee.flags.isPlain { return arriveExceptionally(segment) }
    return process(segment, acknowledged, inOrder: false, &companion, parameters, now: now)
  }

  /// Simultaneous open: the peer's SYN once more, with the acknowledgment of ours (RFC 9293 3.5 figure 8). Trimmed to the window it is an ACK.
  private func answersSimultaneousOpen(_ segment: UnsafePointer<TCPSegment>, _ companion: Companion) -> Bool {
    guard segment.pointee.flags.has(.syn), segment.pointee.flags.has(.ack), !segment.pointee.flags.has(.rst),
      segment.pointee.sequence == initialReceive, segment.pointee.acknowledgment == sendNext
    else { return false }
    if !flags.has(.timestamps) { return true }
    return segment.pointee.options.present.has(.timestamps)
      && Int32(bitPattern: segment.pointee.options.timestampValue &- companion.timestampRecent) >= 0
  }

  private mutating func establish(_ segment: UnsafePointer<TCPSegment>, _ companion: inout Companion, now: Moment) -> Action {
    acknowledge(1, &companion, now: now)
    state = .established
    sendWindow = UInt32(segment.pointee.window)  // never scaled in a SYN (RFC 7323 2.2)
    if flags.has(.timestamps) { companion.timestampRecent = segment.pointee.options.timestampValue }
    lastActivity = now.milliseconds
    var action = Action(.acknowledge)
    action.events.set(.established)
    action.events.set(.maySend)
    return action
  }

  /// From the fifth step on.
  ///
  /// - Parameter inOrder: known to begin at RCV.NXT, to acknowledge nothing but what is in flight, and to have proven its age where it must.
  @inline(always)
  private mutating func process(
    _ segment: UnsafePointer<TCPSegment>, _ acknowledged: UInt32, inOrder: Bool, _ companion: inout Companion,
    _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Action {
    var action = Action()
    // Fifth, the ACK field.
    if state == .synReceived {
      // Unacceptable acknowledgment of our SYN: <SEQ=SEG.ACK><CTL=RST>
      guard usually(acknowledged == 1) else { return Action(.reset, .acknowledgmentUnacceptable) }
      state = .established
      action.events.set(.established)
    }
    if !inOrder, acknowledged > flight {
      // It acknowledges something not sent, or is older than SND.UNA. RFC 5961 5: the latter is fine within the window.
      if segment.pointee.acknowledgment > sendNext || acknowledged < 0 &- largestWindow {
        return Action(.challenge, .acknowledgmentUnacceptable)
      }
    } else {
      if acknowledged > 0 {
        acknowledge(acknowledged, &companion, now: now)
        action.events.set(.maySend)
        if rarely(flags.has(.recovering)) { action.events.set(.retransmit) }
        if flags.has(.finSent), flight == 0 {
          action.events.set(.finAcknowledged)
          if finWasAcknowledged(&action) { return action }
        }
      } else if rarely(isDuplicateAcknowledgment(segment)) {
        action.events.set(.duplicateAcknowledgment)
      }
      // SND.WND from the latest segment only: one that begins at RCV.NXT or before and reaches it is, and one that acknowledges more, be it
      // behind a gap (3.10.7.4: SND.WL1, SND.WL2).
      if inOrder || acknowledged > 0 || segment.pointee.sequence <= receiveNext {
        let window = UInt32(segment.pointee.window) &<< UInt32(sendScale)
        if window > sendWindow {
          action.events.set(.maySend)
          if rarely(flags.has(.persisting)) { windowOpened(&action, now: now) }
        }
        sendWindow = window
      }
    }

    // Seventh, the segment text; eighth, the FIN.
    if segment.pointee.payloadLength > 0 || segment.pointee.flags.has(.fin) {
      if !inOrder, segment.pointee.sequence > receiveNext {
        action.reply = .acknowledge  // RFC 5681 4.2: at once, a duplicate
        action.anomaly = .outOfOrder
      } else if state.takesPayload {
        takePayload(segment, inOrder: inOrder, window: receiveWindow(parameters), &action)
      }
    }
    if !inOrder, flags.has(.timestamps), segment.pointee.sequence <= receiveNext, !flags.has(.owesAcknowledgment) {
      companion.timestampRecent = segment.pointee.options.timestampValue
    }
    lastActivity = now.milliseconds
    return action
  }

  /// RFC 5681 2, of a segment that acknowledges SND.UNA.
  @inline(always)
  func isDuplicateAcknowledgment(_ segment: UnsafePointer<TCPSegment>) -> Bool {
    flight > 0 && segment.pointee.length == 0 && sendWindow > 0
      && UInt32(segment.pointee.window) &<< UInt32(sendScale) == sendWindow
  }

  /// The largest window that the peer can have told us, MAX.SND.WND of RFC 5961 5.2 at most.
  @inline(always)
  var largestWindow: UInt32 { TCPHeader.maximumUnscaledWindow &<< UInt32(sendScale) }

  /// New data is acknowledged: RFC 6298 5.2, 5.3.
  @inline(always)
  mutating func acknowledge(_ count: UInt32, _ companion: inout Companion, now: Moment) {
    sendUnacknowledged = sendUnacknowledged + count
    if rarely(retransmits > 0) {
      if sendUnacknowledged == initialSend + 1 { companion.assumeSlowPath() }
      retransmits = 0
    }
    if flags.has(.timing) {
      flags.clear(.timing)
      companion.measured(microseconds: companion.flight(until: now))
    }
    flags.clear(.persisting)
    if flight == 0 {
      flags.clear(.timerRunning)
      flags.clear(.recovering)
    } else {
      startTimer(now: now)
    }
  }

  /// The window that the persist timer was waiting for: what was probed with goes out at once.
  @inline(never)
  mutating func windowOpened(_ action: inout Action, now: Moment) {
    flags.clear(.persisting)
    flags.clear(.timerRunning)
    retransmits = 0
    if flight > 0 {
      startTimer(now: now)
      action.events.set(.retransmit)
    }
  }

  /// True when that closes the connection.
  @inline(always)
  mutating func finWasAcknowledged(_ action: inout Action) -> Bool {
    switch state {
    case .finWait1: state = .finWait2
    case .closing:
      state = .timeWait
      action.events.set(.timeWait)
    case .lastAck:
      state = .closed
      action.events.set(.closed)
      return true
    default: break
    }
    return false
  }

  /// Takes the octets not yet received of a segment that begins at RCV.NXT or before, and its FIN.
  @inline(always)
  mutating func takePayload(
    _ segment: UnsafePointer<TCPSegment>, inOrder: Bool, window: UInt32, _ action: inout Action
  ) {
    action.reply = .acknowledge
    let known = inOrder ? 0 : receiveNext.distance(from: segment.pointee.sequence)
    var count = UInt32(segment.pointee.payloadLength) &- smaller(known, UInt32(segment.pointee.payloadLength))
    let fits = count <= window
    if !fits { count = window }
    if count > 0 {
      action.setPayload(offset: UInt16(truncatingIfNeeded: known), length: UInt16(truncatingIfNeeded: count))
      receiveNext = receiveNext + count
    }
    // A FIN already counted would have made the segment unacceptable, so it is the next octet.
    if segment.pointee.flags.has(.fin), fits { takeFIN(&action) }
  }

  /// RFC 9293 3.10.7.4, eighth step.
  @inline(always)
  mutating func takeFIN(_ action: inout Action) {
    receiveNext = receiveNext + 1
    action.events.set(.peerClosed)
    switch state {
    case .established: state = .closeWait
    case .finWait1: state = .closing  // were our FIN acknowledged, we would be in FIN-WAIT-2 by now
    case .finWait2:
      state = .timeWait
      action.events.set(.timeWait)
    default: break
    }
  }

  /// What we can take beyond RCV.NXT: what the window field says.
  @inline(always)
  func receiveWindow(_ parameters: UnsafePointer<TCPParameters>) -> UInt32 {
    UInt32(windowField(parameters)) &<< UInt32(receiveScale)
  }

  @inline(always)
  func windowField(_ parameters: UnsafePointer<TCPParameters>) -> UInt16 {
    UInt16(truncatingIfNeeded: smaller(parameters.pointee.receiveWindow &>> UInt32(receiveScale), TCPHeader.maximumUnscaledWindow))
  }

  /// The first step for a segment that does not begin at RCV.NXT, or that must prove its age. Nil: acceptable.
  @inline(never)
  mutating func refuse(
    _ segment: UnsafePointer<TCPSegment>, _ companion: Companion, window: UInt32, now: Moment
  ) -> Action? {
    let isReset = segment.pointee.flags.has(.rst)
    if flags.has(.timestamps), !isReset {
      guard segment.pointee.options.present.has(.timestamps) else { return Action(.none, .timestampMissing) }
      if Int32(bitPattern: segment.pointee.options.timestampValue &- companion.timestampRecent) < 0, !isTimestampOutdated(now: now) {
        return Action(.acknowledge, .timestampOld)
      }
    }
    // Also while our window is closed: ACKs and RSTs are taken (RFC 9293 3.10.7.4), of text nothing fits.
    if segment.pointee.sequence == receiveNext { return nil }
    let length = segment.pointee.length
    let beginsInside = segment.pointee.sequence.isInWindow(from: receiveNext, size: window)
    let endsInside = length > 0 && (segment.pointee.sequence + (length &- 1)).isInWindow(from: receiveNext, size: window)
    if beginsInside || endsInside { return nil }
    if isReset { return Action(.none, .resetOutsideWindow) }
    if segment.pointee.flags.has(.syn), state == .synReceived, segment.pointee.sequence == initialReceive, !segment.pointee.flags.has(.ack)
    {
      flags.clear(.timing)  // Karn's algorithm (RFC 6298 3)
      return Action(.synAcknowledge, .duplicate)  // the peer did not get our SYN-ACK
    }
    // An old acknowledgment of ours may still carry news: a zero-window probe's answer is within the window by its number.
    return Action(.acknowledge, segment.pointee.sequence < receiveNext ? .duplicate : .outsideWindow)
  }

  /// After 24 days of silence the peer's clock may have gone half around: TS.Recent says nothing any more (RFC 7323 5.5).
  @inline(always)
  func isTimestampOutdated(now: Moment) -> Bool { now.milliseconds &- lastActivity > 24 * 86_400_000 }

  /// A RST or SYN within the window, or no ACK.
  @inline(never)
  mutating func arriveExceptionally(_ segment: UnsafePointer<TCPSegment>) -> Action {
    if segment.pointee.flags.has(.rst) {
      // RFC 5961 3.2: only the exact number resets.
      guard segment.pointee.sequence == receiveNext else { return Action(.challenge, .resetUnproven) }
      state = .closed
      return Action(.none, .none, .reset)
    }
    if segment.pointee.flags.has(.syn) {
      return Action(.challenge, .synUnexpected)  // RFC 5961 4.2
    }
    return Action(.none, .acknowledgmentMissing)
  }
}

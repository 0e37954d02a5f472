/// Segment arrives: RFC 9293 3.10.7, in its order, with RFC 5961's checks and RFC 7323's.
extension Connection {
  /// Judges a segment that belongs to this connection, changes its state, and says what is to be done. Costs a few dozen ticks.
  @inline(always)
  mutating func arrive(
    _ segment: TCPSegment, _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) -> Action {
    if state == .synSent { return arriveInSynSent(segment, &companion, parameters, now: now) }

    // First, is it acceptable? (3.10.7.4; RFC 7323 5.3 before it). What begins where we expect it is.
    let expected = segment.sequence == receiveNext
    if flags.has(.timestamps) || !expected {
      if let refused = refuse(segment, companion, parameters) { return refused }
    }
    // Second RST, fourth SYN, fifth: a segment without ACK is dropped. (Third, security, is historic.)
    if segment.flags.rawValue & (TCPFlags.rst.rawValue | TCPFlags.syn.rawValue | TCPFlags.ack.rawValue) != TCPFlags.ack.rawValue {
      return arriveExceptionally(segment)
    }
    var action = Action()

    // Fifth, the ACK field.
    let acknowledged = segment.acknowledgment.distance(from: sendUnacknowledged)
    if state == .synReceived {
      // Unacceptable acknowledgment of our SYN: <SEQ=SEG.ACK><CTL=RST>
      guard acknowledged == 1 else { return Action(.reset, .acknowledgmentUnacceptable) }
      state = .established
      action.events.set(.established)
    }
    if acknowledged > flight {
      // It acknowledges something not sent, or is older than SND.UNA. RFC 5961 5: the latter is fine within the window.
      if segment.acknowledgment > sendNext || acknowledged < 0 &- Self.largestWindow {
        return Action(.challenge, .acknowledgmentUnacceptable)
      }
    } else {
      if acknowledged > 0 {
        acknowledge(acknowledged, &companion, parameters, now: now)
        action.events.set(.maySend)
        if flags.has(.recovering) { action.events.set(.retransmit) }
      }
      // SND.WND from the latest segment only: one that begins at RCV.NXT or before and reaches it is (3.10.7.4: SND.WL1, SND.WL2).
      if segment.sequence <= receiveNext {
        let window = UInt32(segment.window) &<< UInt32(sendScale)
        if window > sendWindow {
          action.events.set(.maySend)
          if flags.has(.persisting) { windowOpened(&action, companion, parameters, now: now) }
        }
        sendWindow = window
      }
      if flags.has(.finSent), flight == 0, acknowledged > 0 {
        action.events.set(.finAcknowledged)
        if finWasAcknowledged(&action) { return action }
      }
    }

    // Seventh, the segment text; eighth, the FIN.
    let length = segment.length
    if length > 0 {
      if !expected, segment.sequence > receiveNext {
        action.reply = .acknowledge  // RFC 5681 4.2: at once, a duplicate
        action.anomaly = .outOfOrder
      } else if state.takesPayload {
        takePayload(segment, &action, parameters)
      }
    }
    if flags.has(.timestamps), segment.sequence <= receiveNext { companion.timestampRecent = segment.options.timestampValue }
    lastActivity = now.milliseconds
    return action
  }

  /// The largest window there can be (RFC 7323 2.3).
  static var largestWindow: UInt32 { 65_535 << 14 }

  /// New data is acknowledged: RFC 6298 5.2, 5.3.
  @inline(always)
  mutating func acknowledge(
    _ count: UInt32, _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) {
    sendUnacknowledged = sendUnacknowledged + count
    if retransmits > 0 {
      if sendUnacknowledged == initialSend + 1 { companion.assumeSlowPath() }
      retransmits = 0
    }
    if flags.has(.timing) {
      flags.clear(.timing)
      companion.measured(microseconds: UInt32(truncatingIfNeeded: now.microseconds) &- companion.flightStart)
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
  mutating func windowOpened(
    _ action: inout Action, _ companion: Companion, _ parameters: TCPParameters, now: Moment
  ) {
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
  mutating func takePayload(_ segment: TCPSegment, _ action: inout Action, _ parameters: TCPParameters) {
    action.reply = .acknowledge
    let known = receiveNext.distance(from: segment.sequence)
    var count = UInt32(segment.payloadLength) &- smaller(known, UInt32(segment.payloadLength))
    let window = receiveWindow(parameters)
    let fits = count <= window
    if !fits { count = window }
    if count > 0 {
      action.events.set(.payload)
      action.payloadOffset = UInt16(truncatingIfNeeded: known)
      action.payloadLength = UInt16(truncatingIfNeeded: count)
      receiveNext = receiveNext + count
    }
    // A FIN already counted would have made the segment unacceptable, so it is the next octet.
    guard segment.flags.has(.fin), fits else { return }
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
  func receiveWindow(_ parameters: TCPParameters) -> UInt32 {
    UInt32(windowField(parameters)) &<< UInt32(receiveScale)
  }

  @inline(always)
  func windowField(_ parameters: TCPParameters) -> UInt16 {
    UInt16(truncatingIfNeeded: smaller(parameters.receiveWindow &>> UInt32(receiveScale), TCPHeader.maximumUnscaledWindow))
  }

  /// The first step for a segment that does not begin at RCV.NXT, or that must prove its age. Nil: acceptable.
  @inline(never)
  mutating func refuse(
    _ segment: TCPSegment, _ companion: Companion, _ parameters: TCPParameters
  ) -> Action? {
    let isReset = segment.flags.has(.rst)
    if flags.has(.timestamps), !isReset {
      guard segment.options.present.has(.timestamps) else { return Action(.none, .timestampMissing) }
      if Int32(bitPattern: segment.options.timestampValue &- companion.timestampRecent) < 0 {
        return Action(.acknowledge, .timestampOld)
      }
    }
    let window = receiveWindow(parameters)
    let length = segment.length
    let beginsInside = segment.sequence.isInWindow(from: receiveNext, size: window)
    let endsInside = length > 0 && (segment.sequence + (length &- 1)).isInWindow(from: receiveNext, size: window)
    if beginsInside || endsInside { return nil }
    if isReset { return Action(.none, .resetOutsideWindow) }
    if segment.flags.has(.syn), state == .synReceived, segment.sequence == initialReceive, !segment.flags.has(.ack) {
      flags.clear(.timing)  // Karn's algorithm (RFC 6298 3)
      return Action(.synAcknowledge, .duplicate)  // the peer did not get our SYN-ACK
    }
    // An old acknowledgment of ours may still carry news: a zero-window probe's answer is within the window by its number.
    return Action(.acknowledge, segment.sequence < receiveNext ? .duplicate : .outsideWindow)
  }

  /// A RST or SYN within the window, or no ACK.
  @inline(never)
  mutating func arriveExceptionally(_ segment: TCPSegment) -> Action {
    if segment.flags.has(.rst) {
      // RFC 5961 3.2: only the exact number resets.
      guard segment.sequence == receiveNext else { return Action(.challenge, .resetUnproven) }
      state = .closed
      var action = Action()
      action.events = .reset
      return action
    }
    if segment.flags.has(.syn) {
      // Simultaneous open: the peer's SYN-ACK repeats its SYN and acknowledges ours (RFC 9293 figure 7).
      return Action(.challenge, .synUnexpected)  // RFC 5961 4.2
    }
    return Action(.none, .acknowledgmentMissing)
  }
}

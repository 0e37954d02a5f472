/// The congestion window: slow start, NewReno and CUBIC (RFC 5681, 9438), and proportional rate reduction in recovery (RFC 6937).
extension Recovery {
  /// Of two segments at least (RFC 5681 equation 4).
  private mutating func reducedThreshold(_ segmentSize: UInt32) -> UInt32 {
    let reduced: UInt32
    switch algorithm {
    case .newReno: reduced = congestionWindow / 2
    case .cubic: reduced = cubic.reduce(congestionWindow, segmentSize)
    }
    return larger(reduced, 2 &* segmentSize)
  }

  mutating func enterReduction(_ phase: CongestionPhase, una: SequenceNumber, next: SequenceNumber, _ segmentSize: UInt32) {
    // What a probe has repaired was lost.
    if phase == .recovery { prepareUndo(una: una) } else { undo.isOpen = false }
    repairProbes = 0
    slowStartThreshold = reducedThreshold(segmentSize)
    priorWindow = congestionWindow
    deliveredInReduction = 0
    sentInReduction = 0
    recoveryPoint = next
    probeIsOut = false
    self.phase = phase
  }

  /// RFC 5681 3.1 equation 4, and RFC 6298 5.4 to 5.6 as far as the window is concerned.
  mutating func enterLoss(una: SequenceNumber, next: SequenceNumber, _ segmentSize: UInt32) {
    // Once for each window: a retransmission that is lost again does not halve it again (RFC 5681 3.1).
    if phase != .loss || recoveryPoint <= una {
      prepareUndo(una: una)
      slowStartThreshold = reducedThreshold(segmentSize)
      if algorithm == .cubic { cubic.timedOut() }
      recoveryPoint = next
    }
    congestionWindow = segmentSize
    growth = 0
    probeIsOut = false
    phase = .loss
  }

  /// When everything is acknowledged that was out when the phase began, it is over.
  mutating func leavePhase(una: SequenceNumber, flight: UInt32, withSACK: Bool) {
    guard phase != .open, recoveryPoint <= una else { return }
    // RFC 6582 4: without SACK, duplicates of what was resent could be taken for a new loss.
    if !withSACK, phase == .recovery, recoveryPoint == una, flight > 0 { return }
    if phase != .loss { congestionWindow = slowStartThreshold }
    if phase == .recovery, reorderingPersists > 0 {
      reorderingPersists &-= 1
      if reorderingPersists == 0 { reorderingSteps = 1 }
    }
    phase = .open
    duplicates = 0
    duplicateOctets = 0
    growth = 0
  }

  /// RFC 6937 3.1, with its slow-start bound where something was delivered and nothing lost.
  mutating func reduceProportionally(_ news: AcknowledgmentNews, flight: UInt32, _ segmentSize: UInt32) {
    guard news.delivered > 0, priorWindow > 0 else { return }
    deliveredInReduction &+= news.delivered
    let pipe = pipe(flight)
    var permitted: UInt32
    if pipe > slowStartThreshold {
      let share = UInt64(deliveredInReduction) &* UInt64(slowStartThreshold) &+ UInt64(priorWindow) &- 1
      let due = UInt32(truncatingIfNeeded: share / UInt64(priorWindow))
      permitted = due > sentInReduction ? due &- sentInReduction : 0
      permitted = permitted / segmentSize &* segmentSize &+ (permitted % segmentSize == 0 ? 0 : segmentSize)
    } else {
      let owed = deliveredInReduction > sentInReduction ? deliveredInReduction &- sentInReduction : 0
      permitted = larger(owed, news.delivered)
      if news.advanced > 0, !news.foundLoss { permitted &+= segmentSize }
      permitted = smaller(permitted, slowStartThreshold &- pipe)
    }
    if sentInReduction == 0 { permitted = larger(permitted, segmentSize) }
    congestionWindow = pipe &+ permitted
  }

  /// Slow start and congestion avoidance, of a window that was used.
  mutating func grow(_ news: AcknowledgmentNews, _ segmentSize: UInt32, now: UInt64) {
    guard news.advanced > 0 || phase == .loss, news.delivered > 0 else { return }
    var acknowledged = news.delivered
    if congestionWindow < slowStartThreshold {
      guard isWindowLimited || congestionWindow < 2 &* peakFlight else { return }
      let room = slowStartThreshold &- congestionWindow
      let step = smaller(acknowledged, room)
      congestionWindow = congestionWindow &+ step
      acknowledged &-= step
      if acknowledged == 0 { return }
    } else {
      guard isWindowLimited else { return }
    }
    switch algorithm {
    case .newReno:
      growth &+= acknowledged
      if growth >= congestionWindow {
        growth &-= congestionWindow
        congestionWindow &+= segmentSize
      }
    case .cubic:
      congestionWindow = cubic.grow(congestionWindow, acknowledged, segmentSize, roundTrip: minimumRTT == .max ? 0 : minimumRTT, now: now)
    }
    congestionWindow = smaller(congestionWindow, 1 &<< 30)
  }

  /// RFC 7661 4.2, as Linux does it: remembers whether the window was what limited sending.
  mutating func noteFlight(_ flight: UInt32, una: SequenceNumber, next: SequenceNumber, limited: Bool) {
    if peakEnd <= una || limited || (!isWindowLimited && flight > peakFlight) {
      peakFlight = flight
      peakEnd = next
      isWindowLimited = limited
    }
  }

  /// RFC 5681 4.1: after each timeout's time of silence, half the window, down to the initial one.
  mutating func restartAfterIdle(_ initial: UInt32, now: UInt64, _ parameters: UnsafePointer<TCPParameters>) {
    guard lastSent != 0, now > lastSent else { return }
    let timeout = retransmissionTimeout(parameters)
    var idle = now &- lastSent
    guard idle > timeout else { return }
    let floor = smaller(initial, congestionWindow)
    slowStartThreshold = larger(slowStartThreshold, congestionWindow / 4 &* 3)
    while idle > timeout, congestionWindow > floor {
      idle &-= timeout
      congestionWindow /= 2
    }
    congestionWindow = larger(congestionWindow, floor)
    isWindowLimited = false
    cubic.restart()
  }
}

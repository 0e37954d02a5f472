/// The timers of a cold connection.
extension Connection {
  /// When the next of them is due, in microseconds; `.max`: none is set.
  func coldDeadline(_ cold: UnsafeMutablePointer<Recovery>) -> UInt64 {
    let timer = cold.pointee.timer == .none ? UInt64.max : cold.pointee.due
    return timer < cold.pointee.acknowledgmentDue ? timer : cold.pointee.acknowledgmentDue
  }

  /// Judges them.
  @inline(never)
  mutating func timeoutCold(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> TimeoutAction {
    if cold.pointee.acknowledgmentDue <= now.microseconds {
      cold.pointee.acknowledgmentDue = .max
      return .acknowledge
    }
    guard cold.pointee.timer != .none, cold.pointee.due <= now.microseconds else {
      let look = nextLook(parameters, now: now)
      let deadline = coldDeadline(cold)
      guard deadline != .max else { return .wait(until: look) }
      // Rounded up: a timer is never early.
      let left = UInt32(truncatingIfNeeded: (deadline &- now.microseconds &+ 999) / 1_000)
      return .wait(until: left < look &- now.milliseconds ? now.milliseconds &+ larger(1, left) : look)
    }
    switch cold.pointee.timer {
    case .none: return .wait(until: nextLook(parameters, now: now))
    case .persist: return persistCold(cold, parameters, now: now)
    case .probe:
      cold.pointee.timer = .none
      return .lossProbe
    case .reordering: return reorderingCold(cold, parameters, now: now)
    case .retransmission: return retransmissionCold(cold, parameters, now: now)
    }
  }

  /// RFC 9293 3.8.6.1: kept up as long as the peer answers probes; silence ends it.
  private mutating func persistCold(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> TimeoutAction {
    if retransmits < 12 { retransmits &+= 1 }
    if sendWindow > 0, flight == 0 {
      // Silly window avoidance has waited long enough: the small segment goes (RFC 9293 3.8.6.2.1, the override timeout).
      cold.pointee.timer = .none
      cold.pointee.overridesSmallWindow = true
      retransmits = 0
      return .retransmit
    }
    guard cold.pointee.unansweredProbes < parameters.pointee.dataRetries else { return .exhausted }
    cold.pointee.unansweredProbes &+= 1
    cold.pointee.due = now.microseconds &+ cold.pointee.backedOffTimeout(retransmits, parameters)
    return .probe
  }

  private mutating func reorderingCold(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> TimeoutAction {
    var news = AcknowledgmentNews()
    let time = UInt32(truncatingIfNeeded: now.microseconds)
    let wait = cold.pointee.detectLosses(from: sendUnacknowledged, UInt32(segmentSize), now: time, &news)
    if news.foundLoss, cold.pointee.phase == .open || cold.pointee.phase == .reduction {
      cold.pointee.enterReduction(.recovery, una: sendUnacknowledged, next: sendNext, UInt32(segmentSize))
      // Nothing was delivered by it: the first retransmission goes out all the same (RFC 6937 3.1).
      cold.pointee.congestionWindow = cold.pointee.pipe(flight) &+ UInt32(segmentSize)
    }
    cold.pointee.timer = .reordering
    cold.pointee.rearm(standing, advanced: false, wait: wait, parameters, now: now.microseconds)
    return .retransmit
  }

  /// RFC 6298 5.4 to 5.6.
  private mutating func retransmissionCold(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> TimeoutAction {
    guard flight > 0 else {
      cold.pointee.timer = .none
      return .wait(until: nextLook(parameters, now: now))
    }
    if sendWindow == 0 {
      // The peer has taken back the window of what is in flight (RFC 9293 3.8.6): it is probed, not given up.
      cold.pointee.timer = .persist
      return persistCold(cold, parameters, now: now)
    }
    guard retransmits < parameters.pointee.dataRetries else { return .exhausted }
    retransmits &+= 1
    loseOnTimeout(cold, parameters, now: now)
    return .retransmit
  }

  /// All that is out is taken to be lost, and the timer is started again.
  mutating func loseOnTimeout(_ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment) {
    let size = UInt32(segmentSize)
    cold.pointee.enterLoss(una: sendUnacknowledged, next: sendNext, size)
    cold.pointee.loseOnTimeout(
      from: sendUnacknowledged, withSACK: flags.has(.sackPermitted), now: UInt32(truncatingIfNeeded: now.microseconds))
    // The earliest segment goes out whatever is still on its way (RFC 6298 5.4).
    cold.pointee.congestionWindow = cold.pointee.pipe(flight) &+ size
    cold.pointee.armRetransmission(standing, parameters, now: now.microseconds)
  }
}

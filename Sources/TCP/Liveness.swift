/// Acknowledgments that wait for company, and questions whether the peer is still there. Both need no state of their own: a flag, and the
/// retransmission timer's start while that timer does not run.
extension Connection {
  /// RFC 9293 3.8.6.3, RFC 5681 4.2: whether the acknowledgment of what was just taken may wait. Every second segment's may not, nor that
  /// of a FIN, of what filled a gap, or of anything while something is missing. True: it waits, and something must come due at the end of
  /// `TCPParameters.acknowledgmentDelay`.
  ///
  /// - Parameter isComplete: nothing beyond RCV.NXT has come.
  mutating func delaysAcknowledgment(_ action: Action, isComplete: Bool) -> Bool {
    guard !flags.has(.owesAcknowledgment), isComplete, state == .established || state == .finWait1 || state == .finWait2 else {
      return false
    }
    let events = action.events
    guard events.has(.payload), !events.has(.keptInOrder), !events.has(.peerClosed), !events.has(.established), action.anomaly == .none
    else { return false }
    flags.set(.owesAcknowledgment)
    return true
  }

  /// RFC 9293 3.8.4: milliseconds until the peer is to be asked whether it is still there, 0: now; nil: it is not to be asked, because that
  /// is off, or because what is in flight, or waits for the peer's window, asks already.
  func keepAliveLeft(
    _ recoveries: UnsafeMutablePointer<Recovery>, _ companion: Companion, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  )
    -> UInt32?
  {
    guard parameters.pointee.keepAlive > 0, state == .established || state == .closeWait, flight == 0, !flags.has(.timerRunning)
    else { return nil }
    if flags.has(.cold), recoveries[Int(companion.coldHandle)].timer != .none { return nil }
    let silence = keepAliveSilence(now)
    return silence >= parameters.pointee.keepAlive ? 0 : parameters.pointee.keepAlive &- silence
  }

  /// Since something arrived or was sent, a keep-alive included.
  private func keepAliveSilence(_ now: Moment) -> UInt32 {
    smaller(now.milliseconds &- lastActivity, now.milliseconds &- timerStart)
  }

  /// When to look whether the peer is to be asked; `.max`: never.
  @inline(always)
  func keepAliveLook(_ parameters: UnsafePointer<TCPParameters>, now: Moment) -> UInt32 {
    let interval = parameters.pointee.keepAlive
    if interval == 0 { return .max }
    let silence = keepAliveSilence(now)
    return silence < interval ? interval &- silence : interval
  }

  /// <SEQ=SND.NXT-1><ACK=RCV.NXT><CTL=ACK>: nothing new, so that an answer is due.
  var keepAliveProbe: Transmission {
    var probe = acknowledgment
    probe.sequence = sendNext - 1
    return probe
  }
}

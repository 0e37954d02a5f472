/// SYN-SENT (RFC 9293 3.10.7.3).
extension Connection {
  @inline(always)
  mutating func arriveInSynSent(
    _ segment: UnsafePointer<TCPSegment>, _ companion: inout Companion, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Action {
    let acknowledges = segment.pointee.flags.has(.ack)
    // First, the ACK bit: it must acknowledge our SYN.
    if acknowledges, segment.pointee.acknowledgment != sendNext {
      if segment.pointee.flags.has(.rst) { return Action(.none, .acknowledgmentUnacceptable) }
      hastenSynchronization(companion, parameters, now: now)
      return Action(.reset, .acknowledgmentUnacceptable)
    }
    // Second, the RST bit.
    if segment.pointee.flags.has(.rst) {
      guard acknowledges else { return Action(.none, .resetUnproven) }
      state = .closed
      return Action(.none, .none, .reset)
    }
    // Fourth, the SYN bit; fifth, without it the segment is dropped.
    guard segment.pointee.flags.has(.syn) else { return Action(.none, .acknowledgmentMissing) }
    initialReceive = segment.pointee.sequence
    receiveNext = segment.pointee.sequence + 1
    sendWindow = UInt32(segment.pointee.window)  // never scaled in a SYN (RFC 7323 2.2)
    negotiate(segment.pointee.options, &companion, parameters)

    guard acknowledges else {
      // Simultaneous open.
      state = .synReceived
      lastActivity = now.milliseconds
      return Action(.synAcknowledge)
    }
    acknowledge(1, &companion, now: now)
    state = .established
    lastActivity = now.milliseconds
    // Data or FIN that came with the SYN-ACK: not taken, so that the peer sends it again (RFC 9293 3.10.7.3 permits to queue it).
    var action = Action(.acknowledge)
    action.events.set(.established)
    action.events.set(.maySend)
    return action
  }

  /// The peer still has a connection that was there before, which our RST ends (RFC 9293 3.5.1): our SYN goes again at once and not after its
  /// timeout, but once only.
  private mutating func hastenSynchronization(_ companion: Companion, _ parameters: UnsafePointer<TCPParameters>, now: Moment) {
    guard retransmits == 0, parameters.pointee.synRetries > 0 else { return }
    let start = now.milliseconds &+ 1 &- backedOffTimeout(companion, parameters)
    if Int32(bitPattern: start &- timerStart) < 0 { timerStart = start }
  }
}

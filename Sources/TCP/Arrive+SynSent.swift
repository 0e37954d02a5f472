/// SYN-SENT (RFC 9293 3.10.7.3).
extension Connection {
  @inline(always)
  mutating func arriveInSynSent(
    _ segment: TCPSegment, _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) -> Action {
    let acknowledges = segment.flags.has(.ack)
    // First, the ACK bit: it must acknowledge our SYN.
    if acknowledges, segment.acknowledgment != sendNext {
      return segment.flags.has(.rst)
        ? Action(.none, .acknowledgmentUnacceptable) : Action(.reset, .acknowledgmentUnacceptable)
    }
    // Second, the RST bit.
    if segment.flags.has(.rst) {
      guard acknowledges else { return Action(.none, .resetUnproven) }
      state = .closed
      var action = Action()
      action.events = .reset
      return action
    }
    // Fourth, the SYN bit; fifth, without it the segment is dropped.
    guard segment.flags.has(.syn) else { return Action(.none, .acknowledgmentMissing) }
    initialReceive = segment.sequence
    receiveNext = segment.sequence + 1
    sendWindow = UInt32(segment.window)  // never scaled in a SYN (RFC 7323 2.2)
    negotiate(segment.options, &companion, parameters)

    guard acknowledges else {
      // Simultaneous open.
      state = .synReceived
      lastActivity = now.milliseconds
      return Action(.synAcknowledge)
    }
    acknowledge(1, &companion, parameters, now: now)
    state = .established
    lastActivity = now.milliseconds
    // Data or FIN that came with the SYN-ACK: not taken, so that the peer sends it again (RFC 9293 3.10.7.3 permits to queue it).
    var action = Action(.acknowledge)
    action.events.set(.established)
    action.events.set(.maySend)
    return action
  }
}

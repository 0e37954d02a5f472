/// What a timer that ran out means.
public enum TimeoutAction: Sendable, BitwiseCopyable {
  /// Nothing yet: look again at this millisecond.
  case wait(until: UInt32)
  /// SYN or SYN-ACK is to be sent again.
  case synchronize
  /// The oldest data or FIN is to be sent again: see `retransmitOldest`; of a cold connection, what is lost: see `transmitCold`.
  case retransmit
  /// What was held back can be tried again: see `Connection.holdBack`.
  case resume
  /// The peer's window is closed: see `probe`, and `probeCold`.
  case probe
  /// The last segments in flight may be lost: see `lossProbe`.
  case lossProbe
  /// A delayed acknowledgment is due.
  case acknowledge
  /// The peer is to be asked whether it is still there: see `keepAliveProbe`.
  case keepAlive
  /// As often as permitted, without an answer: give up.
  case exhausted
  /// Silent for too long in its state: give up.
  case idle
}

/// Timers: retransmission (RFC 6298 5.4 to 5.7), persist (RFC 9293 3.8.6.1), and silence.
extension Connection {
  /// Judges the connection's timers.
  mutating func timeout(
    _ companion: Companion, _ recoveries: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> TimeoutAction {
    let idle = parameters.pointee.timeout(state)
    if now.milliseconds &- lastActivity >= idle { return .idle }
    if flags.has(.owesAcknowledgment) {
      flags.clear(.owesAcknowledgment)
      return .acknowledge
    }
    if keepAliveLeft(recoveries, companion, parameters, now: now) == 0 {
      timerStart = now.milliseconds
      return .keepAlive
    }
    if flags.has(.cold) { return timeoutCold(recoveries + Int(companion.coldHandle), parameters, now: now) }
    guard flags.has(.timerRunning) else { return .wait(until: nextLook(parameters, now: now)) }
    let period = backedOffTimeout(companion, parameters)
    guard now.milliseconds &- timerStart >= period else {
      let due = timerStart &+ period
      let look = nextLook(parameters, now: now)
      return .wait(until: due &- now.milliseconds < look &- now.milliseconds ? due : look)
    }
    if flight == 0, !flags.has(.persisting) {
      flags.clear(.timerRunning)
      return .resume
    }
    flags.clear(.timing)  // Karn's algorithm (RFC 6298 3)
    startTimer(now: now)
    let handshake = state == .synSent || state == .synReceived
    if flags.has(.persisting) || (sendWindow == 0 && !handshake) {
      // RFC 9293 3.8.6.1: a connection is kept as long as the peer answers probes; silence ends it. So too when the peer has taken back
      // the window of what is in flight (3.8.6).
      flags.set(.persisting)
      if retransmits < 12 { retransmits &+= 1 }
      return .probe
    }
    guard retransmits < (handshake ? parameters.pointee.synRetries : parameters.pointee.dataRetries) else { return .exhausted }
    retransmits &+= 1
    if handshake { return .synchronize }
    flags.set(.recovering)
    return .retransmit
  }

  /// Our own side has no room to send now. With nothing in flight no arrival would bring the connection back, so the timer does.
  @inline(always)
  mutating func holdBack(now: Moment) {
    if !flags.has(.timerRunning) { startTimer(now: now) }
  }

  /// When to look at the connection again: when it will have been silent for too long, whichever state it is in by then, or for so long
  /// that the peer is to be asked.
  func nextLook(_ parameters: UnsafePointer<TCPParameters>, now: Moment) -> UInt32 {
    let left = parameters.pointee.timeout(state) &- (now.milliseconds &- lastActivity)
    return now.milliseconds &+ smaller(smaller(left, larger(1, parameters.pointee.closingTimeout)), keepAliveLook(parameters, now: now))
  }

  /// The oldest unacknowledged data, a segment of it at most, with the FIN if it follows. Nil when nothing is in flight.
  public mutating func retransmitOldest() -> Transmission? {
    guard flight > 0, state != .synSent, state != .synReceived else { return nil }
    flags.clear(.timing)
    let finOctet = UInt32(flags.rawValue & Flags.finSent.rawValue)
    let octets = flight &- finOctet
    let count = min(octets, UInt32(segmentSize))
    var control: TCPFlags = .ack
    if count > 0, count == octets { control.set(.psh) }
    if finOctet == 1, count == octets { control.set(.fin) }
    return Transmission(
      sequence: sendUnacknowledged, streamOffset: sendUnacknowledged.distance(from: initialSend) &- 1,
      length: UInt16(truncatingIfNeeded: count), control: control, isRetransmission: true)
  }

  /// A zero-window probe: the one octet (or FIN) that waits, sent though the window is closed; sent again when it was sent before.
  public mutating func probe(end: UInt32, finish: Bool) -> Transmission? {
    if flight > 0 { return retransmitOldest() }
    let streamOffset = streamSent
    guard state.maySend, end != streamOffset || finish else { return nil }
    let withFin = end == streamOffset
    let probe = Transmission(
      sequence: sendNext, streamOffset: streamOffset, length: withFin ? 0 : 1, control: withFin ? .finAck : .ack,
      isRetransmission: false)
    if withFin { finishSending() } else { sendNext = sendNext + 1 }
    return probe
  }
}

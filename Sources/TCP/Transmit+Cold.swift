/// What a cold connection sends: what is lost first, then new data, as far as congestion window and peer permit.
extension Connection {
  /// The next segment; nil when there is none to be sent now.
  ///
  /// - Parameters:
  ///   - end: octets of our stream that exist so far.
  ///   - finish: our stream ends there.
  ///   - delaysSmall: a segment that is not full waits while another such is on its way (RFC 896, in Minshall's form).
  @inline(never)
  mutating func transmitCold(
    end: UInt32, finish: Bool, delaysSmall: Bool, _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>,
    now: Moment
  ) -> Transmission? {
    if cold.pointee.pending > 0, let transmission = retransmitLost(cold, parameters, now: now) { return transmission }
    guard state.maySend, cold.pointee.timer != .persist else { return nil }
    let streamOffset = streamSent
    let available = end &- streamOffset
    if available == 0, !finish { return nil }
    let inFlight = flight
    let size = UInt32(segmentSize)
    if inFlight == 0, parameters.pointee.restartsAfterIdle {
      cold.pointee.restartAfterIdle(size &* parameters.pointee.initialSegments, now: now.microseconds, parameters)
    }
    let pipe = cold.pointee.pipe(inFlight)
    let permitted = cold.pointee.congestionWindow > pipe ? cold.pointee.congestionWindow &- pipe : 0
    let usable = sendWindow > inFlight ? sendWindow &- inFlight : 0
    let wanted = smaller(available, size)
    let count = smaller(wanted, usable)
    if count < wanted || (usable == 0 && available > 0) {
      // The peer's window is the bound.
      if inFlight == 0, count == 0 { startPersistingCold(cold, parameters, now: now) }
      // Sender's silly window avoidance (RFC 9293 3.8.6.2.1): less than a segment, and less than half the largest window the peer has offered,
      // waits for the override timeout, which is the persist timer's.
      if count == 0 || inFlight > 0 { return nil }
      if count < cold.pointee.largestWindow / 2, !cold.pointee.overridesSmallWindow {
        startPersistingCold(cold, parameters, now: now)
        return nil
      }
    }
    // A FIN alone is let out whatever the congestion window says: it is the last.
    if count > permitted {
      cold.pointee.noteFlight(inFlight, una: sendUnacknowledged, next: sendNext, limited: true)
      return nil
    }
    guard !cold.pointee.isRingFull else { return nil }
    let withFin = finish && count == available && usable > count
    if count == 0, !withFin {
      if inFlight == 0 { startPersistingCold(cold, parameters, now: now) }
      return nil
    }
    if count < size, delaysSmall, !withFin, inFlight > 0, sendUnacknowledged < cold.pointee.smallEnd { return nil }

    var control: TCPFlags = .ack
    if count > 0, count == available { control.set(.psh) }
    if withFin { control.set(.fin) }
    let transmission = Transmission(
      sequence: sendNext, streamOffset: streamOffset, length: UInt16(truncatingIfNeeded: count), control: control, isRetransmission: false)
    sentNew(count, withFin: withFin, cold, parameters, now: now)
    return transmission
  }

  private mutating func sentNew(
    _ count: UInt32, withFin: Bool, _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) {
    sendNext = sendNext + count
    cold.pointee.overridesSmallWindow = false
    if count < UInt32(segmentSize) { cold.pointee.smallEnd = sendNext }
    if withFin { finishSending() }
    // What is sent after long silence says nothing of the peer's clock.
    if !isTimestampOutdated(now: now) { lastActivity = now.milliseconds }
    cold.pointee.append(end: sendNext, now: UInt32(truncatingIfNeeded: now.microseconds))
    cold.pointee.noteFlight(flight, una: sendUnacknowledged, next: sendNext, limited: false)
    cold.pointee.sentNew(count, standing, parameters, now: now.microseconds)
  }

  /// The oldest lost segment that was not sent again yet.
  private mutating func retransmitLost(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Transmission? {
    var start = sendUnacknowledged
    for index in 0..<cold.pointee.count {
      let segment = cold.pointee.segment(index)
      if segment.pointee.marks.has(.lost), !segment.pointee.marks.has(.resent) {
        let octets = fit(index, start, cold)
        let pipe = cold.pointee.pipe(flight)
        guard pipe &+ octets <= cold.pointee.congestionWindow || pipe == 0 else { return nil }
        return resend(segment, start, octets, cold, parameters, now: now)
      }
      start = segment.pointee.end
    }
    return nil
  }

  /// A segment in flight that has become too long is cut. Octets of what is to be sent of it.
  private func fit(_ index: UInt32, _ start: SequenceNumber, _ cold: UnsafeMutablePointer<Recovery>) -> UInt32 {
    let segment = cold.pointee.segment(index)
    let octets = segment.pointee.end.distance(from: start)
    let finOctet: UInt32 = flags.has(.finSent) && segment.pointee.end == sendNext ? 1 : 0
    guard octets > UInt32(segmentSize) &+ finOctet else { return octets }
    return cold.pointee.split(index, from: start, UInt32(segmentSize))
  }

  private mutating func resend(
    _ segment: UnsafeMutablePointer<SentSegment>, _ start: SequenceNumber, _ octets: UInt32, _ cold: UnsafeMutablePointer<Recovery>,
    _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Transmission {
    let size = UInt32(segmentSize)
    let withFin = flags.has(.finSent) && segment.pointee.end == sendNext && octets <= size &+ 1
    let count = smaller(withFin ? octets &- 1 : octets, size)
    cold.pointee.markResent(segment, octets, now: UInt32(truncatingIfNeeded: now.microseconds))
    cold.pointee.sentAgain(octets, standing, parameters, now: now.microseconds)
    cold.pointee.undo.noteResent(timestamp: now.milliseconds)
    var control: TCPFlags = .ack
    if count > 0, segment.pointee.end == sendNext { control.set(.psh) }
    if withFin { control.set(.fin) }
    return Transmission(
      sequence: start, streamOffset: start.distance(from: initialSend) &- 1, length: UInt16(truncatingIfNeeded: count), control: control,
      isRetransmission: true)
  }

  private func startPersistingCold(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) {
    guard cold.pointee.timer != .persist else { return }
    cold.pointee.timer = .persist
    cold.pointee.due = now.microseconds &+ cold.pointee.backedOffTimeout(0, parameters)
  }

  /// RFC 8985 7.3: a new segment if there is one and the peer takes it, else the last one again. In recovery the oldest that has not arrived.
  mutating func lossProbe(
    end: UInt32, finish: Bool, _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Transmission? {
    guard cold.pointee.count > 0 else { return nil }
    if cold.pointee.isRepairing { return repairProbe(cold, parameters, now: now) }
    let window = cold.pointee.congestionWindow
    cold.pointee.congestionWindow = .max / 2  // a probe may exceed it by one segment
    cold.pointee.probeIsOut = true
    let transmission = transmitCold(end: end, finish: finish, delaysSmall: false, cold, parameters, now: now)
    cold.pointee.congestionWindow = window
    cold.pointee.probeWasRetransmission = transmission == nil
    cold.pointee.probeEnd = sendNext
    cold.pointee.armRetransmission(standing, parameters, now: now.microseconds)
    if let transmission { return transmission }
    let last = cold.pointee.count &- 1
    let start = last == 0 ? sendUnacknowledged : cold.pointee.segment(last &- 1).pointee.end
    let octets = fit(last, start, cold)
    return resend(cold.pointee.segment(last), start, octets, cold, parameters, now: now)
  }

  private mutating func repairProbe(
    _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Transmission? {
    cold.pointee.repairProbes &+= 1
    cold.pointee.armRetransmission(standing, parameters, now: now.microseconds)
    var start = sendUnacknowledged
    for index in 0..<cold.pointee.count {
      if !cold.pointee.segment(index).pointee.marks.has(.sacked) {
        let octets = fit(index, start, cold)
        return resend(cold.pointee.segment(index), start, octets, cold, parameters, now: now)
      }
      start = cold.pointee.segment(index).pointee.end
    }
    return nil
  }

  /// A zero-window probe of a cold connection: the octet (or FIN) that waits; sent again when it was sent before.
  mutating func probeCold(
    end: UInt32, finish: Bool, _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Transmission? {
    if flight > 0 {
      // Karn's rule holds for it, too (RFC 6298 3).
      if cold.pointee.count > 0 { cold.pointee.segment(0).pointee.marks.set(.wasResent) }
      return retransmitOldest()
    }
    let streamOffset = streamSent
    guard state.maySend, end != streamOffset || finish else { return nil }
    let withFin = end == streamOffset
    let probe = Transmission(
      sequence: sendNext, streamOffset: streamOffset, length: withFin ? 0 : 1, control: withFin ? .finAck : .ack, isRetransmission: false)
    let due = cold.pointee.due
    sentNew(withFin ? 0 : 1, withFin: withFin, cold, parameters, now: now)
    cold.pointee.timer = .persist
    cold.pointee.due = due
    return probe
  }
}

/// The sender's timer: retransmission (RFC 6298 5), tail loss probe (RFC 8985 7.2) and reordering (RFC 8985 6.3).
extension Recovery {
  /// What the timers look at in the connection.
  struct Standing {
    var flight: UInt32
    var retransmits: UInt8
    var withSACK: Bool
  }

  /// SND.UNA moved, or a loss was found: RFC 6298 5.2, 5.3.
  ///
  /// - Parameter wait: microseconds after which RACK may find another loss; 0: none.
  mutating func rearm(_ standing: Standing, advanced: Bool, wait: UInt32, _ parameters: UnsafePointer<TCPParameters>, now: UInt64) {
    if advanced { repairProbes = 0 }
    guard standing.flight > 0 else {
      timer = .none
      return
    }
    let hasWaited = timer == .reordering
    if advanced || timer == .none || timer == .reordering {
      armRetransmission(standing, sinceOldest: timer == .probe || timer == .reordering, parameters, now: now)
    }
    if wait > 0 {
      timer = .reordering
      due = now &+ UInt64(wait)
    } else if advanced || isRepairing || hasWaited {
      armProbe(standing, parameters, now: now)
    } else if timer == .probe, !isProbed {
      armRetransmission(standing, sinceOldest: true, parameters, now: now)
    }
  }

  /// RFC 8985 7.2: a tail is probed while nothing tells of a loss; what SACK tells of is RACK's.
  private var isProbed: Bool { (phase == .open || phase == .reduction) && sacked == 0 }

  /// The retransmission may be lost, or all that tells of its arrival, with nothing behind it that RACK could tell it by. It is probed, too, at
  /// intervals that double, as RFC 9002 6.2 does: the retransmission timeout's minimum may be a thousand round trips.
  var isRepairing: Bool { phase == .recovery }
  private static var mostRepairProbes: UInt8 { 6 }

  /// - Parameter sinceOldest: the time runs since the oldest segment was sent, not from now on.
  mutating func armRetransmission(
    _ standing: Standing, sinceOldest: Bool = false, _ parameters: UnsafePointer<TCPParameters>, now: UInt64
  ) {
    let timeout = backedOffTimeout(standing.retransmits, parameters)
    var elapsed: UInt64 = 0
    if sinceOldest, count > 0 { elapsed = UInt64(UInt32(truncatingIfNeeded: now) &- segment(0).pointee.sentAt) }
    timer = .retransmission
    due = elapsed < timeout ? now &+ timeout &- elapsed : now &+ 1
  }

  /// RFC 8985 7.2: PTO is two round trips, and time for a delayed acknowledgment of a single segment; never beyond the retransmission's.
  mutating func armProbe(_ standing: Standing, _ parameters: UnsafePointer<TCPParameters>, now: UInt64) {
    let isMissing = isRepairing ? repairProbes < Self.mostRepairProbes : isProbed && !probeIsOut
    guard standing.withSACK, isMissing, count > 0, timer != .reordering, standing.retransmits == 0 else { return }
    var timeout: UInt64 = 1_000_000
    if smoothedRTT != 0 {
      timeout = UInt64(smoothedRTT) &* 2
      timeout &+= count == 1 && !isRepairing ? UInt64(parameters.pointee.minimumRTO) &* 1_000 : 2_000
    }
    if isRepairing { timeout &<<= UInt64(repairProbes) }
    let elapsed = UInt64(UInt32(truncatingIfNeeded: now) &- segment(0).pointee.sentAt)
    let latest = retransmissionTimeout(parameters)
    let left = elapsed < latest ? latest &- elapsed : 1
    // The retransmission timer is not to be put off by what is no earlier.
    if isRepairing, timeout >= left { return }
    timer = .probe
    due = now &+ (timeout < left ? timeout : left)
  }

  /// New octets went out.
  mutating func sentNew(_ octets: UInt32, _ standing: Standing, _ parameters: UnsafePointer<TCPParameters>, now: UInt64) {
    if count == 1, lastSent != 0 { cubic.wasIdle(now &- lastSent, now: now) }
    lastSent = now
    if phase == .recovery || phase == .reduction { sentInReduction &+= octets }
    if timer == .none || timer == .probe || timer == .persist { armRetransmission(standing, parameters, now: now) }
    armProbe(standing, parameters, now: now)
  }

  mutating func sentAgain(_ octets: UInt32, _ standing: Standing, _ parameters: UnsafePointer<TCPParameters>, now: UInt64) {
    lastSent = now
    if phase == .recovery || phase == .reduction { sentInReduction &+= octets }
    if timer == .none || timer == .probe { armRetransmission(standing, parameters, now: now) }
    if isRepairing { armProbe(standing, parameters, now: now) }
  }

  /// Our own side has no room to send now: a timer brings the connection back, soon, when nothing else will.
  mutating func holdBack(now: Moment) {
    if timer == .none {
      timer = .reordering
      due = now.microseconds &+ 1_000
    }
  }

  /// The acknowledgment that ends a tail loss probe (RFC 8985 7.4).
  mutating func endProbe(una: SequenceNumber, _ news: AcknowledgmentNews, next: SequenceNumber, _ segmentSize: UInt32) {
    guard probeIsOut, probeEnd <= una else { return }
    if !probeWasRetransmission || news.sawDuplicate {
      probeIsOut = false
    } else if probeEnd < una {
      // The probe repaired a loss that nothing else told of.
      enterReduction(.reduction, una: una, next: next, segmentSize)
      congestionWindow = slowStartThreshold
      phase = .open
    } else if news.advanced == 0, !news.sackedMore {
      probeIsOut = false  // both arrived
    }
  }
}

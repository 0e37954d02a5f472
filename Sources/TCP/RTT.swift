/// Round-trip time and retransmission timeout (RFC 6298).
extension Companion {
  /// The clock granularity G, in 1/4 ms.
  static var granularity: UInt32 { 4 }

  /// Takes a measurement in microseconds (RFC 6298 2.2, 2.3).
  @inline(always)
  mutating func measured(microseconds: UInt32) {
    // In 1/8 ms; at least 1, as 0 means that nothing was measured.
    let sample = larger(1, smaller(microseconds / 125, 65_535))
    if smoothedRTT == 0 {
      smoothedRTT = UInt16(truncatingIfNeeded: sample)
      rttVariance = UInt16(truncatingIfNeeded: sample / 4)  // R/2, from eighths to quarters
      return
    }
    let smoothed = UInt32(smoothedRTT)
    // Which of the two is larger nobody can predict: no branch.
    let error = larger(sample, smoothed) &- smaller(sample, smoothed)
    // RTTVAR := 3/4 RTTVAR + 1/4 |SRTT - R|;  SRTT := 7/8 SRTT + 1/8 R
    rttVariance = UInt16(truncatingIfNeeded: smaller((3 &* UInt32(rttVariance) &+ error / 2) / 4, 65_535))
    smoothedRTT = UInt16(truncatingIfNeeded: larger(1, (7 &* smoothed &+ sample) / 8))
  }

  /// RFC 6298 5.7: the SYN or SYN-ACK had to be sent again, and nothing was measured; data begins with 3 s.
  @inline(always)
  mutating func assumeSlowPath() { if smoothedRTT == 0 { rttVariance = 3_000 } }

  /// RTO in milliseconds, before back-off (RFC 6298 2.3, 2.4).
  @inline(always)
  func retransmissionTimeout(_ parameters: UnsafePointer<TCPParameters>) -> UInt32 {
    if smoothedRTT == 0 { return max(max(parameters.pointee.initialRTO, parameters.pointee.minimumRTO), UInt32(rttVariance)) }
    // SRTT + max(G, 4 RTTVAR), in milliseconds; 4 quarters are one millisecond.
    let timeout = (UInt32(smoothedRTT) &+ 7) / 8 &+ max(Self.granularity / 4, UInt32(rttVariance))
    return min(max(timeout, parameters.pointee.minimumRTO), parameters.pointee.maximumRTO)
  }
}

extension Connection {
  /// RTO with back-off, in milliseconds (RFC 6298 5.5).
  @inline(always)
  func backedOffTimeout(_ companion: Companion, _ parameters: UnsafePointer<TCPParameters>) -> UInt32 {
    let timeout = companion.retransmissionTimeout(parameters)
    return min(timeout &<< UInt32(min(retransmits, 12)), parameters.pointee.maximumRTO)
  }

  @inline(always)
  mutating func startTimer(now: Moment) {
    timerStart = now.milliseconds
    flags.set(.timerRunning)
  }

  /// RFC 6298 2, Karn: times the first segment of a flight, and none that was sent again.
  @inline(always)
  mutating func startTiming(_ companion: inout Companion, now: Moment) {
    companion.beginFlight(now)
    flags.set(.timing)
  }
}

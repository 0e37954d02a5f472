/// Round-trip time and retransmission timeout of a cold connection (RFC 6298, in microseconds).
extension Recovery {
  /// For how long a smallest round trip counts.
  private static var minimumRTTLife: UInt32 { 10_000_000 }

  /// - Parameter isCoarse: by the timestamps' clock of milliseconds, which says nothing of how short the shortest is.
  mutating func measured(_ sample: UInt32, isCoarse: Bool = false, now: UInt32) {
    let sample = larger(isCoarse ? 1_000 : 1, sample)
    if (!isCoarse && sample <= minimumRTT) || minimumRTT == .max || now &- minimumRTTAt > Self.minimumRTTLife {
      minimumRTT = sample
      minimumRTTAt = now
    }
    if smoothedRTT == 0 {
      smoothedRTT = sample
      rttVariance = sample / 2
      return
    }
    let error = sample > smoothedRTT ? sample &- smoothedRTT : smoothedRTT &- sample
    rttVariance = rttVariance &- rttVariance / 4 &+ error / 4
    smoothedRTT = larger(1, smoothedRTT &- smoothedRTT / 8 &+ sample / 8)
  }

  /// Goes on with what was measured before.
  mutating func adopt(_ companion: Companion, now: Moment) {
    minimumRTTAt = UInt32(truncatingIfNeeded: now.microseconds)
    if companion.smoothedRTT == 0 {
      rttVariance = UInt32(companion.rttVariance) &* 1_000  // RFC 6298 5.7: see `assumeSlowPath`
      return
    }
    smoothedRTT = UInt32(companion.smoothedRTT) &* 125
    rttVariance = UInt32(companion.rttVariance) &* 250
    minimumRTT = smoothedRTT
  }

  /// RTO before back-off: SRTT + max(minimum, 4 RTTVAR). The minimum is added, as Linux does, not compared: a round trip of just the
  /// minimum would otherwise time out at every delayed acknowledgment.
  ///
  /// It changes nothing, as little as `backedOffTimeout` and `reorderingWindow`; they are mutating so that no copy of the structure is made for them.
  mutating func retransmissionTimeout(_ parameters: UnsafePointer<TCPParameters>) -> UInt64 {
    let minimum = UInt64(parameters.pointee.minimumRTO) &* 1_000
    guard smoothedRTT != 0 else {
      let initial = UInt64(larger(parameters.pointee.initialRTO, UInt32(truncatingIfNeeded: rttVariance / 1_000))) &* 1_000
      return initial > minimum ? initial : minimum
    }
    let spread = UInt64(rttVariance) &* 4
    let timeout = UInt64(smoothedRTT) &+ (spread > minimum ? spread : minimum)
    let maximum = UInt64(parameters.pointee.maximumRTO) &* 1_000
    return timeout < maximum ? timeout : maximum
  }

  /// With back-off (RFC 6298 5.5).
  mutating func backedOffTimeout(_ retransmits: UInt8, _ parameters: UnsafePointer<TCPParameters>) -> UInt64 {
    let maximum = UInt64(parameters.pointee.maximumRTO) &* 1_000
    let timeout = retransmissionTimeout(parameters) &<< UInt64(smaller(UInt32(retransmits), 16))
    return timeout < maximum ? timeout : maximum
  }
}

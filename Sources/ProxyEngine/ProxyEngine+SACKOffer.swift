/// Whether clients are promised SACK before their server is known (RFC 2018 2): not for a while after a server has declined it, as its duplicate
/// acknowledgments would not tell such a client what is missing, and losses be repaired by timeout alone (RFC 6675 5).
extension ProxyEngine {
  /// Milliseconds; afterwards it is tried again.
  private static var sackPause: UInt32 { 60_000 }

  /// What to promise now.
  @inline(__always)
  mutating func offersSACK() -> Bool {
    guard parameters.sackPermitted else { return false }
    return usually(sackPauseEnd == 0) || resumesSACK()
  }

  @inline(never)
  private mutating func resumesSACK() -> Bool {
    guard Int32(bitPattern: moment.milliseconds &- sackPauseEnd) >= 0 else { return false }
    sackPauseEnd = 0
    return true
  }

  /// A server has answered a SYN that permitted SACK.
  @inline(__always)
  mutating func noteSACK(_ isPermitted: Bool) {
    if rarely(!isPermitted) { sackPauseEnd = (moment.milliseconds &+ Self.sackPause) | 1 }
  }
}

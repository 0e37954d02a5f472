import CPacket

/// Initial sequence numbers (RFC 6528): ISN = M + F(4-tuple, secret), M a clock of 4 microseconds, F AES-128 under a key.
public struct InitialSequence: ~Copyable {
  private let schedule = Table<aes_schedule>(count: 1)
  /// What the clock says when a run begins, in its units.
  private let origin: UInt64

  /// - Parameters:
  ///   - key0, key1: the key's octets as they lie in memory, the first eight, and the rest.
  ///   - startMicroseconds: what is added to a run's own time.
  public init(key0: UInt64, key1: UInt64, startMicroseconds: UInt64 = 0) {
    origin = startMicroseconds &>> 2
    aes_expand(schedule.base, key0, key1)
  }

  /// The ISN for the connection with this key at this moment. Costs about 10 ticks.
  @inline(always)
  func number(_ key: FlowKey, now: Moment) -> SequenceNumber {
    let mixed = aes_encrypt(schedule.base, key.addresses, UInt64(key.ports)).low
    return SequenceNumber(UInt32(truncatingIfNeeded: mixed &+ now.microseconds &>> 2 &+ origin))
  }
}

/// Initial sequence numbers (RFC 6528): ISN = M + F(4-tuple, secret), M a clock of 4 microseconds, F SipHash-1-3 under a 128-bit key.
public struct InitialSequence: Sendable, BitwiseCopyable {
  let key0: UInt64
  let key1: UInt64

  public init(key0: UInt64, key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
  }

  /// The ISN for the connection with this key at this moment. Costs about 30 ticks.
  @inline(always)
  func number(_ key: FlowKey, now: Moment) -> SequenceNumber {
    SequenceNumber(UInt32(truncatingIfNeeded: hash(key.addresses, UInt64(key.ports)) &+ now.microseconds &>> 2))
  }

  /// SipHash-1-3 of 12 octets: one compression for each word, the second holding 4 octets and the length.
  @inline(always)
  func hash(_ first: UInt64, _ second: UInt64) -> UInt64 {
    var state = SipState(key0, key1)
    state.compress(first)
    state.compress(second | 12 &<< 56)
    return state.finish()
  }
}

/// The four words of SipHash-1-3 (Aumasson, Bernstein: one round a word, three at the end).
struct SipState {
  private var v0, v1, v2, v3: UInt64

  @inline(always)
  init(_ key0: UInt64, _ key1: UInt64) {
    v0 = key0 ^ 0x736f_6d65_7073_6575
    v1 = key1 ^ 0x646f_7261_6e64_6f6d
    v2 = key0 ^ 0x6c79_6765_6e65_7261
    v3 = key1 ^ 0x7465_6462_7974_6573
  }

  @inline(always)
  mutating func compress(_ word: UInt64) {
    v3 ^= word
    round()
    v0 ^= word
  }

  @inline(always)
  mutating func finish() -> UInt64 {
    v2 ^= 0xff
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  @inline(always)
  private mutating func round() {
    v0 = v0 &+ v1
    v2 = v2 &+ v3
    v1 = v1 &<< 13 | v1 &>> 51
    v3 = v3 &<< 16 | v3 &>> 48
    v1 ^= v0
    v3 ^= v2
    v0 = v0 &<< 32 | v0 &>> 32
    v2 = v2 &+ v1
    v0 = v0 &+ v3
    v1 = v1 &<< 17 | v1 &>> 47
    v3 = v3 &<< 21 | v3 &>> 43
    v1 ^= v2
    v3 ^= v0
    v2 = v2 &<< 32 | v2 &>> 32
  }
}

/// A seeded generator (SplitMix64): the same seed gives the same numbers, in every run and on every machine. Not for secrets.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z &>> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z &>> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z &>> 31
  }

  /// True with the probability `threshold` / 2^32.
  public mutating func happens(_ threshold: UInt64) -> Bool { next() &>> 32 < threshold }

  /// The threshold of `happens` for a probability from 0 to 1.
  public static func threshold(_ probability: Double) -> UInt64 { UInt64(probability * 4_294_967_296) }
}

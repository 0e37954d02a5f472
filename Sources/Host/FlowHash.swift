import CPacket

/// The hash of the flow table: a folded 64 x 64-bit multiplication under two secret words. A few ticks.
struct FlowHash: BitwiseCopyable, Sendable {
  private let secret0: UInt64
  private let secret1: UInt64

  init(secret0: UInt64, secret1: UInt64) {
    self.secret0 = secret0
    self.secret1 = secret1 | 1
  }

  @inline(always)
  func callAsFunction(_ key: FlowKey) -> UInt32 {
    let mixed = multiply_and_fold(key.addresses ^ secret0, UInt64(key.ports) ^ secret1)
    return UInt32(truncatingIfNeeded: mixed ^ mixed &>> 32)
  }
}

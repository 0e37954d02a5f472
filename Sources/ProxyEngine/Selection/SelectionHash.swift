/// How addresses and keys are spread over targets: without secrets, so that every worker, and a proxy started again, says the same.
enum SelectionHash {
  /// A bijection of 32 bits in which each bit depends on every other (two rounds of multiplication and shift).
  @inline(__always)
  static func mix(_ value: UInt32) -> UInt32 {
    var mixed = value
    mixed = (mixed ^ mixed &>> 16) &* 0x7feb_352d
    mixed = (mixed ^ mixed &>> 15) &* 0x846c_a68b
    return mixed ^ mixed &>> 16
  }

  /// A number below `bound`, as a hash lies below 2^32.
  @inline(__always)
  static func scale(_ hash: UInt32, _ bound: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: (UInt64(hash) &* UInt64(bound)) &>> 32)
  }
}

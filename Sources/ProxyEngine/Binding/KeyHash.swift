/// Hashes of the parts of a payload that servers are chosen by: the same on every worker, machine and run. 0 says that there is no key, so no
/// text has it.
struct KeyHash: BitwiseCopyable {
  // FNV-1a of 64 bits, folded: keys are short, and a consistent hash mixes them again.
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ octet: UInt8) { state = (state ^ UInt64(octet)) &* 0x0000_0100_0000_01b3 }

  @inline(__always)
  var value: UInt32 {
    let folded = UInt32(truncatingIfNeeded: state ^ state &>> 32)
    return folded == 0 ? 1 : folded
  }

  /// Of a text as it is; 0 of an empty one.
  @inline(never)
  static func of(_ text: StreamText) -> UInt32 {
    guard text.count > 0 else { return 0 }
    var hash = KeyHash()
    var octets = text.walk()
    for _ in 0..<text.count { hash.add(octets.next()) }
    return hash.value
  }
}

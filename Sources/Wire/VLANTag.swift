/// The tag of a VLAN (IEEE 802.1Q 9.6): 4 octets between MAC addresses and EtherType. It comes off where a worker receives and on where it
/// transmits, so that nothing between knows of it.
public struct VLANTag: Equatable, Sendable, BitwiseCopyable {
  /// TPID and TCI, in memory order.
  private let word: UInt32

  public static var length: Int { 4 }
  public static var identifiers: ClosedRange<UInt16> { 1...4094 }
  private static var protocolIdentifier: UInt32 { 0x8100 }
  /// The TPID and the VLAN identifier: priority and drop eligibility are the sender's affair.
  private static var comparedBits: UInt32 { networkOrder(0xffff_0fff as UInt32) }

  /// Nil: `identifier` stands for no VLAN.
  public init?(_ identifier: UInt16) {
    guard Self.identifiers.contains(identifier) else { return nil }
    word = networkOrder(Self.protocolIdentifier << 16 | UInt32(identifier))
  }

  /// Whether a frame of `count` octets is of this VLAN.
  @inline(__always)
  public func isOn(_ frame: UnsafeRawPointer, count: Int) -> Bool {
    count >= Ethernet.headerLength &+ Self.length && frame.native32(Ethernet.typeOffset) & Self.comparedBits == word
  }

  /// Takes the tag off a frame that has one: it begins `length` octets later.
  @inline(__always)
  public static func remove(from frame: UnsafeMutableRawPointer) {
    let bytes = UnsafeRawPointer(frame)
    let (first, last) = (bytes.native64(0), bytes.native32(8))
    frame.store(first, at: length)
    frame.store(last, at: length &+ 8)
  }

  /// Puts the tag on a frame, which begins `length` octets earlier for it.
  @inline(__always)
  public func insert(into frame: UnsafeMutableRawPointer) {
    let bytes = UnsafeRawPointer(frame)
    let (first, last) = (bytes.native64(0), bytes.native32(8))
    let start = frame - Self.length
    start.store(first, at: 0)
    start.store(last, at: 8)
    start.store(word, at: Ethernet.typeOffset)
  }
}

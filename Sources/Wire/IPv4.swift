/// IPv4 (RFC 791): where its fields are, and its constants.
public enum IPv4 {
  public static var headerLength: Int { 20 }
  public static var protocolICMP: UInt8 { 1 }
  public static var protocolTCP: UInt8 { 6 }
  /// Don't Fragment; with it the identification may be zero (RFC 6864 4.1).
  public static var dontFragment: UInt16 { 0x4000 }
  /// More Fragments and the fragment offset: not zero in a fragment.
  public static var fragmentMask: UInt16 { 0x3fff }
  public static var timeToLive: UInt8 { 64 }

  /// Whether a frame with a whole IPv4 header carries TCP, or a fragment of it.
  @inline(__always)
  static func isTCP(_ frame: UnsafeRawPointer) -> Bool { frame.octet(Ethernet.headerLength &+ 9) == protocolTCP }

  /// The first 4 octets of a header without options, in memory order: version, length.
  @inline(always)
  static func firstWord(totalLength: Int) -> UInt32 { networkOrder(0x4500_0000 | UInt32(truncatingIfNeeded: totalLength)) }

  /// The next 4: identification 0, Don't Fragment.
  @inline(always)
  static var secondWord: UInt32 { networkOrder(UInt32(dontFragment)) }

  /// The 2 before the checksum.
  @inline(always)
  static var timeToLiveAndTCP: UInt16 { networkOrder(UInt16(timeToLive) &<< 8 | UInt16(protocolTCP)) }
}

/// An IPv4 address, numerically as written: 10.0.0.1 is 0x0a000001.
public struct IPv4Address: Hashable, Sendable, BitwiseCopyable, Comparable {
  public var rawValue: UInt32

  @inline(__always)
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  @inline(__always)
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// Whether a host can have it: not "this network", loopback, a group, or reserved (RFC 1122 3.2.1.3, RFC 9293 3.9.2.3).
  @inline(__always)
  public var isOfAHost: Bool {
    let network = rawValue &>> 24
    return network != 0 && network != 127 && network < 224
  }

  // Written out: a derived one is a call.
  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }
}

/// Ethernet II (IEEE 802.3): where its fields are.
public enum Ethernet {
  public static var headerLength: Int { 14 }
  public static var sourceOffset: Int { 6 }
  public static var typeOffset: Int { 12 }
  public static var typeIPv4: UInt16 { 0x0800 }
  public static var typeARP: UInt16 { 0x0806 }

  /// Whether a frame is sent to this station: by its address, by broadcast or by multicast. The frame has a whole header.
  @inline(__always)
  public static func isFor(_ mac: MACAddress, _ frame: UnsafeRawPointer) -> Bool {
    MACAddress(frame.bigEndian64(0) &>> 16) == mac || frame.octet(0) & 1 == 1
  }
}

/// A 48-bit MAC address, the first octet on the wire in the highest bits.
public struct MACAddress: Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt64

  @inline(__always)
  public init(_ rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

  /// The first 8 octets of a frame to this address as they lie in memory, when the two after the address are shifted out.
  @inline(__always)
  public var frameStart: UInt64 { networkOrder(rawValue &<< 16) &<< 16 }

  public static var broadcast: MACAddress { MACAddress(0xffff_ffff_ffff) }

  /// Whether it names one station, as an interface's own address must.
  public var isUnicast: Bool { rawValue >> 40 & 1 == 0 && rawValue != 0 }
}

/// The 14 octets before the IP header, ready to be stored.
public struct LinkHeader: Sendable, BitwiseCopyable {
  /// Destination (6) and the first 2 octets of the source, in memory order.
  let first: UInt64
  /// The source (6) and the EtherType.
  let last: UInt64

  public init(destination: MACAddress, source: MACAddress, type: UInt16 = Ethernet.typeIPv4) {
    first = networkOrder(destination.rawValue << 16 | source.rawValue >> 32)
    last = networkOrder(source.rawValue << 16 | UInt64(type))
  }

  /// What the answers of this station have in common: no destination.
  @inline(__always)
  public static func answers(of mac: MACAddress) -> LinkHeader { LinkHeader(destination: MACAddress(0), source: mac) }

  /// The header of the answer to a frame which was sent to the station that `ours` names: five instructions.
  @inline(__always)
  public init(answering frame: UnsafeRawPointer, as ours: LinkHeader) {
    first = frame.native64(Ethernet.sourceOffset) & 0xffff_ffff_ffff | ours.first
    last = ours.last
  }

  /// The header of the answer to a frame: its source becomes the destination.
  @inline(__always)
  public init(answering frame: UnsafeRawPointer) {
    let destination = frame.native64(0)
    let source = frame.native64(6)
    first = source & 0xffff_ffff_ffff | destination &<< 48
    last = destination & 0xffff_ffff_ffff | UInt64(networkOrder(Ethernet.typeIPv4)) &<< 48
  }

  @inline(__always)
  public func store(to frame: UnsafeMutableRawPointer) {
    frame.store(first, at: 0)
    frame.store(last, at: Ethernet.sourceOffset)
  }
}

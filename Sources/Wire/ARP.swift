/// ARP for IPv4 over Ethernet (RFC 826): the one kind of packet there is of it.
public struct ARPPacket: BitwiseCopyable, Sendable {
  public enum Operation: UInt16, Sendable, BitwiseCopyable {
    case request = 1
    case reply = 2
  }

  public var operation: Operation
  public var senderMAC: MACAddress
  public var senderAddress: IPv4Address
  public var targetMAC: MACAddress
  public var targetAddress: IPv4Address

  /// Octets of the packet behind the Ethernet header.
  public static var length: Int { 28 }
  public static var frameLength: Int { Ethernet.headerLength &+ length }
  /// Hardware Ethernet, protocol IPv4, their address lengths.
  private static var prefix: UInt64 { 0x0001_0800_0604_0000 }

  public init(_ operation: Operation, from mac: MACAddress, _ address: IPv4Address, to targetMAC: MACAddress, _ target: IPv4Address) {
    self.operation = operation
    senderMAC = mac
    senderAddress = address
    self.targetMAC = targetMAC
    targetAddress = target
  }

  /// Reads a frame of `count` octets whose EtherType is ARP's. Nil: too short, or not IPv4 over Ethernet.
  public init?(_ frame: UnsafeRawPointer, count: Int) {
    guard count >= Self.frameLength else { return nil }
    let arp = frame + Ethernet.headerLength
    guard arp.bigEndian64(0) & ~0xffff == Self.prefix, let operation = Operation(rawValue: arp.bigEndian16(6)) else { return nil }
    self.operation = operation
    senderMAC = MACAddress(arp.bigEndian64(8) &>> 16)
    senderAddress = IPv4Address(arp.bigEndian32(14))
    targetMAC = MACAddress(UInt64(arp.bigEndian16(18)) &<< 32 | UInt64(arp.bigEndian32(20)))
    targetAddress = IPv4Address(arp.bigEndian32(24))
  }

  /// Writes the whole frame: a request to everyone, a reply to whom it is for.
  public func write(to frame: UnsafeMutableRawPointer) {
    write(to: frame, linkDestination: operation == .request ? .broadcast : targetMAC)
  }

  /// Writes the whole frame, to a station of the link: a request may go to the one that answered before (RFC 1122 2.3.2.1).
  public func write(to frame: UnsafeMutableRawPointer, linkDestination destination: MACAddress) {
    LinkHeader(destination: destination, source: senderMAC, type: Ethernet.typeARP).store(to: frame)
    let arp = frame + Ethernet.headerLength
    arp.store(networkOrder(Self.prefix | UInt64(operation.rawValue)), at: 0)
    arp.store(networkOrder(senderMAC.rawValue &<< 16 | UInt64(senderAddress.rawValue &>> 16)), at: 8)
    arp.store(networkOrder(UInt16(truncatingIfNeeded: senderAddress.rawValue)), at: 16)
    let target = operation == .request ? 0 : targetMAC.rawValue
    arp.store(networkOrder(UInt16(truncatingIfNeeded: target &>> 32)), at: 18)
    arp.store(networkOrder(UInt32(truncatingIfNeeded: target)), at: 20)
    arp.store(networkOrder(targetAddress.rawValue), at: 24)
  }
}

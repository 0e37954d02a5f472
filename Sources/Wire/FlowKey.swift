/// Addresses and ports of a segment as they lie in its headers, source before destination: read with two loads, compared with two
/// comparisons, turned around with two rotations, and stored as they are.
public struct FlowKey: BitwiseCopyable, Sendable {
  /// Source address in the first four octets, destination address in the last, in memory order.
  var addresses: UInt64
  /// Source port, destination port, in memory order.
  var ports: UInt32

  @inline(always)
  init(addresses: UInt64, ports: UInt32) {
    self.addresses = addresses
    self.ports = ports
  }

  @inline(__always)
  public init(source: IPv4Address, sourcePort: UInt16, destination: IPv4Address, destinationPort: UInt16) {
    addresses = networkOrder(UInt64(source.rawValue) &<< 32 | UInt64(destination.rawValue))
    ports = networkOrder(UInt32(sourcePort) &<< 16 | UInt32(destinationPort))
  }

  /// The key of what goes the other way.
  @inline(__always)
  public var reversed: FlowKey {
    FlowKey(addresses: addresses &<< 32 | addresses &>> 32, ports: ports &<< 16 | ports &>> 16)
  }

  /// Whether both ends are one and the same.
  @inline(__always)
  public var isOfOneEnd: Bool { self == reversed }

  @inline(__always)
  public var source: IPv4Address {
    get { IPv4Address(UInt32(truncatingIfNeeded: networkOrder(addresses) &>> 32)) }
    set { self = FlowKey(source: newValue, sourcePort: sourcePort, destination: destination, destinationPort: destinationPort) }
  }

  @inline(__always)
  public var destination: IPv4Address {
    get { IPv4Address(UInt32(truncatingIfNeeded: networkOrder(addresses))) }
    set { self = FlowKey(source: source, sourcePort: sourcePort, destination: newValue, destinationPort: destinationPort) }
  }

  @inline(__always)
  public var sourcePort: UInt16 {
    get { UInt16(truncatingIfNeeded: networkOrder(ports) &>> 16) }
    set { self = FlowKey(source: source, sourcePort: newValue, destination: destination, destinationPort: destinationPort) }
  }

  @inline(__always)
  public var destinationPort: UInt16 {
    get { UInt16(truncatingIfNeeded: networkOrder(ports)) }
    set { self = FlowKey(source: source, sourcePort: sourcePort, destination: destination, destinationPort: newValue) }
  }

  // Written out: a derived one is a call.
  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.addresses == b.addresses && a.ports == b.ports }
}

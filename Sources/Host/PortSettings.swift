import CPacket

/// The port, one queue pair of it to a worker.
public struct PortSettings: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// DPDK's ring device: queue i transmits to queue i.
    case ring
    /// The in-memory port with the manual clock: one worker, deterministic, any speed.
    case memory
  }

  public var kind = Kind.ring
  /// A Linux interface to use instead.
  public var interface: String?
  /// How that interface is had.
  public var driver = InterfaceDriver.automatic
  /// A virtual device of DPDK's to use instead, with its arguments.
  public var vdev: String?
  /// A PCI device to use instead.
  public var pci: String?
  /// Where frames for other networks than our own go.
  public var gateway: IPv4Address?
  /// Frames that a receive and a transmit queue hold. On a ring both are the same queue: the larger of the two counts.
  public var receiveDescriptors = 1024
  public var transmitDescriptors = 1024
  /// Packet buffers, all queues together.
  public var poolSize = 8192
  /// Buffers that each worker keeps at hand.
  public var cacheSize = 256
  /// Octets of the largest IP packet that the wire carries, both ways. Buffers are as large as that takes.
  public var mtu = 1_500
  /// The VLAN that the port's frames are of; 0: none, they have no tag.
  public var vlan: UInt16 = 0
  /// Use the port's checksum offload where it has one; software otherwise.
  public var checksumOffload = false
  /// Bits of the TCP port that tell the worker it belongs to.
  public var dstPortMask: UInt16 = 0xe000
  public var flowSteering = FlowSteering.port
  /// Nil: the port's own, or `loopedMAC`.
  public var mac: MACAddress?
  /// A Linux interface whose MAC address is taken instead of `mac`.
  public var linuxInterface: String?
  /// A TAP interface that we make: it is given what is not ours, and what the kernel sends through it goes out. Nil: none.
  public var kernelInterface: String?
  /// The network namespace that it is made in; nil: our own.
  public var namespace: String?
  /// Our own network: the server role's address and the prefix length.
  public var address = IPv4Address(0x0a00_0001)
  public var prefixLength = 16
  /// Addresses of the server role besides `address`.
  public var servers: [AddressRange] = []
  /// Addresses the client role uses, first to last, in ranges.
  public var clients: [AddressRange] = [AddressRange(first: IPv4Address(0x0a00_0002), last: IPv4Address(0x0a00_0ffe))]

  public init() {}

  /// The MAC address on a wire that has nobody else on it.
  public static var loopedMAC: MACAddress { MACAddress(0x02_00_00_00_00_01) }

  /// Whether what is sent comes back to us.
  public var isLooped: Bool { device == nil }

  /// The port's name where there are others on the wire; nil on a looped one.
  public var device: String? { interface ?? vdev.map { String($0.prefix { $0 != "," }) } ?? pci }

  /// Whether each worker has addresses of its own.
  var steersByAddress: Bool { flowSteering == .address && !isLooped }

  /// The client addresses of each worker, where each has its own.
  public func addressShares(workers: Int) throws(SteeringError) -> AddressShares {
    try AddressShares(
      clients.map { $0.first...$0.last }, try AddressSteering(own: address, prefixLength: prefixLength, workers: workers))
  }

  /// The last of the addresses that are the workers' own: with steering by address each has one.
  public func lastOwnAddress(_ workers: Int) -> IPv4Address {
    steersByAddress ? IPv4Address(address.rawValue + UInt32(max(workers, 1) - 1)) : address
  }

  /// The addresses that are ours, whichever worker has them.
  func ourAddresses(workers: Int) -> [AddressRange] { [AddressRange(first: address, last: lastOwnAddress(workers))] + clients }

  /// Whether an address lies in our own network.
  public func isOnLink(_ other: IPv4Address) -> Bool {
    (other.rawValue ^ address.rawValue) >> UInt32(32 - prefixLength) == 0
  }
}

extension PortSettings {
  /// The largest MSS for this MTU: it does not count options (RFC 6691).
  public var largestSegment: Int { mtu - IPv4.headerLength - TCPHeader.length }

  /// Octets of the longest frame: a tag may be on it, and behind it a sequence that the device has checked.
  private var longestFrame: Int { Ethernet.headerLength + VLANTag.length + mtu + 4 }

  /// Octets before a frame that Linux keeps for XDP programs in each buffer that AF_XDP lends it (XDP_PACKET_HEADROOM).
  private static let headroomOfXDP = 256

  /// Octets of room in a packet buffer. NICs divide memory in powers of two.
  public var bufferRoom: Int {
    var frame = (longestFrame + 63) / 64 * 64
    if interface != nil { frame += Self.headroomOfXDP }
    if pci != nil { while frame.nonzeroBitCount > 1 { frame += 1 << frame.trailingZeroBitCount } }
    return max(Int(PACKET_HEADROOM) + frame, Int(PACKET_ROOM))
  }

  /// Whom frames to an address are sent to: itself, or the gateway.
  public func nextHop(to address: IPv4Address) -> IPv4Address { isOnLink(address) ? address : gateway ?? address }
}

/// How arriving connections find their worker.
public enum FlowSteering: String, Sendable, CaseIterable {
  /// By bits of the destination port.
  case port = "Port"
  /// By destination address, one to a worker.
  case address = "Ip"
}

/// Addresses from `first` to `last`, both included.
public struct AddressRange: Sendable, Hashable, BitwiseCopyable {
  public var first: IPv4Address
  public var last: IPv4Address

  public init(first: IPv4Address, last: IPv4Address) {
    self.first = first
    self.last = last
  }

  public var count: Int { Int(last.rawValue) - Int(first.rawValue) + 1 }
}

import CPacket

/// What a worker leaves to its port: constant for a run. Without any, one comparison a burst and one a segment sent are all that is left of it.
struct OffloadPlan: Sendable, BitwiseCopyable {
  /// Some of the received frames' checksums are verified by the port.
  let verifies: Bool
  /// The port computes TCP's in what is sent; and IPv4's too.
  let sumsTCP: Bool
  private let flags: UInt64
  private let linkLength: UInt32

  /// - Parameter isTagged: frames get a VLAN tag before the port sees them.
  init(_ checksums: ChecksumOffloads, isTagged: Bool) {
    verifies = checksums.contains(.receivedIPv4) || checksums.contains(.receivedTCP)
    // IPv4's alone would spare twenty octets of sum; no port is known that has only that.
    sumsTCP = checksums.contains(.sentTCP)
    flags = UInt64(PACKET_IS_IPV4) | UInt64(PACKET_SUM_TCP) | (checksums.contains(.sentIPv4) ? UInt64(PACKET_SUM_IPV4) : 0)
    linkLength = UInt32(Ethernet.headerLength + (isTagged ? VLANTag.length : 0))
  }

  /// What is left to be verified of a received frame: a port says of each what it has done, and what it has found wrong is looked at again, so
  /// that it gets its name where all others do.
  @inline(always)
  func verification(of packet: PacketPointer) -> ChecksumVerification {
    let flags = packet.pointee.ol_flags
    guard verifies, flags & UInt64(PACKET_TCP_VERIFIED) != 0 else { return .software }
    return flags & UInt64(PACKET_IPV4_VERIFIED) != 0 ? .byPort : .headerOnly
  }

  /// Turns the sums of a segment of ours, ready to be sent, into what the port begins with.
  @inline(never)
  func leaveSums(_ packet: borrowing Packet) {
    PartialChecksum.leave(packet.bytes, withHeader: flags & UInt64(PACKET_SUM_IPV4) != 0)
    packet.leaveSums(flags, linkLength: linkLength, networkLength: UInt32(truncatingIfNeeded: IPv4.headerLength))
  }
}

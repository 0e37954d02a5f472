/// Checksums that are left to a device: what lies in the field is the sum of the pseudo-header alone. We leave ours to a port that computes
/// them; a local Linux stack leaves its own to a device which is not there.
public enum PartialChecksum {
  private static var protocolUDP: UInt8 { 17 }
  private static var udpHeaderLength: Int { 8 }

  /// Leaves the TCP checksum of a segment of ours, whose IPv4 header has no options, to the port; `withHeader`: that header's as well.
  @inline(__always)
  static func leave(_ frame: UnsafeMutableRawPointer, withHeader: Bool) {
    let ip = frame + Ethernet.headerLength
    let header = UnsafeRawPointer(ip)
    var pseudoHeader = ChecksumSum(header.native64(12))
    let length = header.bigEndian16(2) &- UInt16(truncatingIfNeeded: IPv4.headerLength)
    pseudoHeader.add(networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | UInt32(length)))
    ip.store(pseudoHeader.folded, at: IPv4.headerLength &+ 16)
    if withHeader { ip.store(0 as UInt16, at: 10) }
  }

  /// Completes the checksum of a frame of `count` octets, when it is TCP or UDP in IPv4 and lacks nothing else; any other stays as it is.
  /// True if it did.
  @discardableResult
  public static func complete(_ frame: UnsafeMutableRawPointer, count: Int) -> Bool {
    let bytes = UnsafeRawPointer(frame)
    guard count >= Ethernet.headerLength &+ IPv4.headerLength, bytes.bigEndian16(Ethernet.typeOffset) == Ethernet.typeIPv4 else {
      return false
    }
    let ip = bytes + Ethernet.headerLength
    let headerLength = Int(ip.octet(0) & 0xf) &* 4
    let totalLength = Int(ip.bigEndian16(2))
    guard ip.octet(0) &>> 4 == 4, headerLength >= IPv4.headerLength, Ethernet.headerLength &+ totalLength <= count,
      ip.bigEndian16(6) & IPv4.fragmentMask == 0
    else { return false }
    let protocolNumber = ip.octet(9)
    let isTCP = protocolNumber == IPv4.protocolTCP
    let length = totalLength &- headerLength
    guard isTCP || protocolNumber == protocolUDP, length >= (isTCP ? TCPHeader.length : udpHeaderLength) else { return false }
    let field = isTCP ? 16 : 6
    let message = ip + headerLength
    var pseudoHeader = ChecksumSum(ip.native64(12))
    pseudoHeader.add(networkOrder(UInt32(protocolNumber) &<< 16 | UInt32(truncatingIfNeeded: length)))
    guard message.native16(field) == pseudoHeader.folded else { return false }
    // With the field in it, the sum is that of pseudo-header and message.
    var sum = ChecksumSum()
    sum.add(message, count: length)
    // UDP: none is written as 0 (RFC 768).
    let complete = sum.field
    (frame + (Ethernet.headerLength &+ headerLength)).store(complete == 0 && !isTCP ? 0xffff : complete, at: field)
    return true
  }
}

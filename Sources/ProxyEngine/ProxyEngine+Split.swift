import CPacket

/// Servers that take shorter segments than the client was told before its server was known.
extension ProxyEngine {
  /// Sends a segment, whose header is the server's leg's already, in parts of the size that the server takes (RFC 9293 3.7.1).
  @inline(never)
  mutating func sendSplit<Port: PacketPort & ~Copyable>(
    _ connection: UnsafePointer<ProxyConnection>, _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet,
    _ io: inout PacketQueue<Port>
  ) {
    let tcp = HeaderRewriter.tcpOffset(UnsafeRawPointer(packet.bytes))
    let payload = Int(segment.pointee.payloadOffset)
    let count = Int(segment.pointee.payloadLength)
    // The MSS counts options as data (RFC 6691 2).
    let most = Int(connection.pointee.serverMSS) &- (payload &- tcp &- TCPHeader.length)
    if count <= most {
      let length = packet.length
      return io.send(packet, length: length)
    }
    var offset = 0
    while offset < count {
      let length = smaller(most, count &- offset)
      guard let part = allocate(&io) else { break }
      part.bytes.copyMemory(from: packet.bytes, byteCount: payload)
      (part.bytes + payload).copyMemory(from: packet.bytes + payload + offset, byteCount: length)
      Self.describePart(part.bytes, tcp, segment.pointee, offset: offset, length: length, isLast: offset &+ length == count)
      part.side = isSplit ? 1 : 0
      io.send(part, length: payload &+ length)
      offset &+= length
    }
    io.free(packet)
  }

  /// Makes a copy of a segment's header that of a part of it: its number and length, FIN and PSH at the last one only, urgent data where it is.
  private static func describePart(
    _ frame: UnsafeMutableRawPointer, _ tcp: Int, _ segment: TCPSegment, offset: Int, length: Int, isLast: Bool
  ) {
    let bytes = UnsafeRawPointer(frame)
    let ip = Ethernet.headerLength
    let total = Int(segment.payloadOffset) &- ip &+ length
    frame.store(networkOrder(UInt16(truncatingIfNeeded: total)), at: ip &+ 2)
    frame.store(0 as UInt16, at: ip &+ 10)
    var header = ChecksumSum()
    header.add(bytes + ip, count: tcp &- ip)
    frame.store(header.field, at: ip &+ 10)

    frame.store(networkOrder(bytes.bigEndian32(tcp &+ 4) &+ UInt32(truncatingIfNeeded: offset)), at: tcp &+ 4)
    var flags = bytes.octet(tcp &+ 13)
    if !isLast { flags &= ~(TCPFlags.fin.rawValue | TCPFlags.psh.rawValue) }
    if offset > 0 { flags &= ~TCPFlags.cwr.rawValue }
    let urgent = Int(bytes.bigEndian16(tcp &+ 18))
    if flags & TCPFlags.urg.rawValue != 0 {
      if urgent > offset {
        frame.store(networkOrder(UInt16(truncatingIfNeeded: urgent &- offset)), at: tcp &+ 18)
      } else {
        flags &= ~TCPFlags.urg.rawValue
        frame.store(0 as UInt16, at: tcp &+ 18)
      }
    }
    frame.store(flags, at: tcp &+ 13)
    frame.store(0 as UInt16, at: tcp &+ 16)
    let segmentLength = UInt32(truncatingIfNeeded: ip &+ total &- tcp)
    var sum = ChecksumSum(bytes.native64(ip &+ 12))
    sum.add(networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | segmentLength))
    sum.add(bytes + tcp, count: Int(segmentLength))
    frame.store(sum.field, at: tcp &+ 16)
  }
}

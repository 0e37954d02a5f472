/// Writes TCP/IPv4 frames. Headers are composed in registers, summed there and stored once.
public enum FrameWriter {
  /// Octets from the frame's start to the payload of a segment with these options.
  @inline(always)
  static func payloadOffset(_ options: TCPOptions) -> Int {
    Ethernet.headerLength &+ IPv4.headerLength &+ TCPHeader.length &+ options.encodedLength
  }

  /// Writes the headers of `segment` at `frame`, with both checksums; the payload (`segment.payloadLength` octets) already lies behind
  /// the headers. `segment.payloadOffset` is not read. Returns the frame's length.
  @inline(always)
  static func write(_ segment: TCPSegment, link: LinkHeader, to frame: UnsafeMutableRawPointer) -> Int {
    link.store(to: frame)
    let ip = frame + Ethernet.headerLength
    let tcp = ip + IPv4.headerLength

    var tcpSum = ChecksumSum()
    let optionsLength = segment.options.write(to: tcp + TCPHeader.length, sum: &tcpSum)
    let payloadLength = Int(segment.payloadLength)
    let segmentLength = TCPHeader.length &+ optionsLength &+ payloadLength
    let totalLength = IPv4.headerLength &+ segmentLength
    let source = networkOrder(segment.source.rawValue)
    let destination = networkOrder(segment.destination.rawValue)

    let ipFirst = IPv4.firstWord(totalLength: totalLength)
    let ipSecond = UInt32(IPv4.timeToLive) &<< 24 | UInt32(IPv4.protocolTCP) &<< 16
    var ipSum = ChecksumSum()
    ipSum.add(ipFirst)
    ipSum.add(networkOrder(ipSecond))
    ipSum.add(source)
    ipSum.add(destination)
    ip.store(ipFirst, at: 0)
    ip.store(networkOrder(ipSecond) | UInt32(ipSum.field) &<< 16, at: 8)
    ip.store(UInt64(source) | UInt64(destination) &<< 32, at: 12)

    let ports = UInt32(segment.sourcePort) &<< 16 | UInt32(segment.destinationPort)
    let tcpFirst = networkOrder(UInt64(ports) &<< 32 | UInt64(segment.sequence.rawValue))
    let dataOffset = UInt64(truncatingIfNeeded: (TCPHeader.length &+ optionsLength) &>> 2)
    let tcpSecond =
      networkOrder(
        UInt64(segment.acknowledgment.rawValue) &<< 32 | dataOffset &<< 28 | UInt64(segment.flags.rawValue) &<< 16
          | UInt64(segment.window))
    tcpSum.add(tcpFirst)
    tcpSum.add(tcpSecond)
    tcpSum.add(source)
    tcpSum.add(destination)
    tcpSum.add(field: UInt16(IPv4.protocolTCP))
    tcpSum.add(field: UInt16(truncatingIfNeeded: segmentLength))
    if payloadLength > 0 {
      tcpSum.add(UnsafeRawPointer(tcp + TCPHeader.length + optionsLength), count: payloadLength)
    }
    tcp.store(tcpFirst, at: 0)
    tcp.store(tcpSecond, at: 8)
    tcp.store(UInt32(tcpSum.field), at: 16)  // the urgent pointer behind it is zero
    return Ethernet.headerLength &+ totalLength
  }
}

/// Writes TCP/IPv4 frames. Headers are composed in registers, summed there and stored once.
public enum FrameWriter {
  /// Octets from the frame's start to the payload of a segment with these options.
  @inline(always)
  static func payloadOffset(_ options: TCPOptions) -> Int {
    Ethernet.headerLength &+ IPv4.headerLength &+ TCPHeader.length &+ options.encodedLength
  }

  /// Writes the IPv4 and TCP headers of `segment` behind the link header at `frame`, with both checksums; the payload
  /// (`segment.payloadLength` octets) already lies behind them. `segment.payloadOffset` is not read. Returns the frame's length.
  @inline(always)
  static func write(_ segment: TCPSegment, to frame: UnsafeMutableRawPointer) -> Int {
    let ip = frame + Ethernet.headerLength
    let tcp = ip + IPv4.headerLength
    var tcpSum = ChecksumSum()
    let optionsLength = segment.options.write(to: tcp + TCPHeader.length, sum: &tcpSum)
    let payloadLength = Int(segment.payloadLength)
    let segmentLength = TCPHeader.length &+ optionsLength &+ payloadLength
    let totalLength = IPv4.headerLength &+ segmentLength
    // Both addresses as they lie in memory, source first.
    let addresses = networkOrder(UInt64(segment.source.rawValue) &<< 32 | UInt64(segment.destination.rawValue))

    let ipFirst = IPv4.firstWord(totalLength: totalLength)
    let ipSecond = networkOrder(UInt32(IPv4.timeToLive) &<< 24 | UInt32(IPv4.protocolTCP) &<< 16)
    var ipSum = ChecksumSum(ipFirst)
    ipSum.add(addresses)
    ipSum.add(ipSecond)
    ip.store(ipFirst, at: 0)
    ip.store(ipSecond | networkOrder(UInt32(networkOrder(ipSum.field))), at: 8)
    ip.store(addresses, at: 12)

    let ports = UInt32(segment.sourcePort) &<< 16 | UInt32(segment.destinationPort)
    let tcpFirst = networkOrder(UInt64(ports) &<< 32 | UInt64(segment.sequence.rawValue))
    let dataOffset = UInt64(truncatingIfNeeded: (TCPHeader.length &+ optionsLength) &>> 2)
    let tcpSecond =
      networkOrder(
        UInt64(segment.acknowledgment.rawValue) &<< 32 | dataOffset &<< 28 | UInt64(segment.flags.rawValue) &<< 16
          | UInt64(segment.window))
    // Pseudo-header: addresses, and protocol and length, which as numbers are one 32-bit word.
    tcpSum.add(networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | UInt32(truncatingIfNeeded: segmentLength)))
    tcpSum.add(addresses)
    tcpSum.add(tcpFirst)
    tcpSum.add(tcpSecond)
    if payloadLength > 0 {
      tcpSum.add(UnsafeRawPointer(tcp + TCPHeader.length + optionsLength), count: payloadLength)
    }
    tcp.store(tcpFirst, at: 0)
    tcp.store(tcpSecond, at: 8)
    tcp.store(UInt32(tcpSum.field), at: 16)  // the urgent pointer behind it is zero
    return Ethernet.headerLength &+ totalLength
  }
}

/// Why a frame could not be read. Each is a drop counter and its text.
public enum ParseFailure: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case frameTooShort
  case unknownEtherType
  case ipHeaderInvalid
  case ipTruncated
  case ipChecksum
  case ipFragment
  case unknownProtocol
  case tcpHeaderInvalid
  case tcpOptionsInvalid
  case tcpChecksum
}

/// What a frame turned out to be.
public enum FrameKind: Sendable, BitwiseCopyable {
  case tcp
  case arp
  case icmp
  case unreadable(ParseFailure)
}

/// Which sums the parser checks itself.
public enum ChecksumVerification: Sendable {
  case software
  /// The IPv4 header's only: the port has checked TCP's, or a Linux stack has left it to a device which is not there (`parseUnsummed`).
  case headerOnly
  /// None: the port has found both right.
  case byPort
}

/// The one place that reads untrusted bytes: every length is checked with `guard`, once.
public enum FrameParser {
  /// Reads a frame of `count` octets. On `.tcp`, `segment` is filled in completely; otherwise it is undefined.
  /// Octets after the IP packet (Ethernet padding) are ignored.
  @inline(always)
  static func parse(
    _ frame: UnsafeRawPointer, count: Int, verify: ChecksumVerification, into segment: inout TCPSegment
  ) -> FrameKind {
    if parsePlain(frame, count: count, verify: verify, into: &segment) { return .tcp }
    return parseAny(frame, count: count, verify: verify, into: &segment)
  }

  /// Reads what nearly every frame is, with few comparisons: TCP in IPv4 without options, whole, sound, and with no TCP options or those
  /// of a usual SYN, or timestamps. False: it is something else, or there is something wrong with it.
  @inline(always)
  static func parsePlain(
    _ frame: UnsafeRawPointer, count: Int, verify: ChecksumVerification, into segment: inout TCPSegment
  ) -> Bool {
    let ip = Ethernet.headerLength
    let tcp = ip &+ IPv4.headerLength
    guard usually(count >= tcp &+ TCPHeader.length) else { return false }
    // EtherType, version and header length; flags and fragment offset, protocol.
    let kind = frame.native64(Ethernet.typeOffset) & networkOrder(0xffff_ff00_0000_0000 as UInt64)
    let protocolWord = frame.native32(ip &+ 6) & networkOrder(UInt32(IPv4.fragmentMask) &<< 16 | 0xff)
    guard usually(kind == networkOrder(0x0800_4500_0000_0000 as UInt64)), usually(protocolWord == networkOrder(UInt32(IPv4.protocolTCP)))
    else { return false }
    let totalLength = Int(frame.bigEndian16(ip &+ 2))
    let segmentLength = totalLength &- IPv4.headerLength
    let headerLength = Int(frame.octet(tcp &+ 12) &>> 2) & 0x3c
    guard usually(ip &+ totalLength <= count), usually(headerLength >= TCPHeader.length), usually(headerLength <= segmentLength)
    else { return false }

    // Stored before the sums are looked at, so that no more than the sums is kept in registers.
    segment.key = FlowKey(addresses: frame.native64(ip &+ 12), ports: frame.native32(tcp))
    segment.sequence = SequenceNumber(frame.bigEndian32(tcp &+ 4))
    segment.acknowledgment = SequenceNumber(frame.bigEndian32(tcp &+ 8))
    segment.flags = TCPFlags(rawValue: frame.octet(tcp &+ 13))
    segment.window = frame.bigEndian16(tcp &+ 14)
    segment.payloadOffset = UInt16(truncatingIfNeeded: tcp &+ headerLength)
    segment.payloadLength = UInt16(truncatingIfNeeded: segmentLength &- headerLength)
    segment.options.present = TCPOptions.Present(rawValue: 0)
    if verify != .byPort {
      let addresses = frame.native64(ip &+ 12)
      let header = ChecksumSum(frame.native64(ip), addresses, last: UInt64(frame.native32(ip &+ 8)))
      guard usually(header.isWhole) else { return false }
      if verify == .software {
        let pseudo = networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | UInt32(truncatingIfNeeded: segmentLength))
        var sum = ChecksumSum(
          addresses, frame.native64(tcp), frame.native64(tcp &+ 8), last: UInt64(pseudo) &+ UInt64(frame.native32(tcp &+ 16)))
        if segmentLength > TCPHeader.length { sum.add(frame + (tcp &+ TCPHeader.length), count: segmentLength &- TCPHeader.length) }
        guard usually(sum.isWhole) else { return false }
      }
    }
    if headerLength > TCPHeader.length {
      guard segment.options.readUsual(frame + (tcp &+ TCPHeader.length), count: headerLength &- TCPHeader.length) else { return false }
    }
    return true
  }

  /// Reads any frame, one thing after the other, and says what is wrong with it.
  @inline(never)
  static func parseAny(
    _ frame: UnsafeRawPointer, count: Int, verify: ChecksumVerification, into segment: inout TCPSegment
  ) -> FrameKind {
    guard count >= Ethernet.headerLength + IPv4.headerLength else { return tooShort(frame, count) }
    let etherType = frame.bigEndian16(Ethernet.typeOffset)
    guard etherType == Ethernet.typeIPv4 else { return otherEtherType(etherType) }

    let ip = frame + Ethernet.headerLength
    let word0 = ip.native64(0)
    let word1 = ip.native64(8)
    let word2 = ip.native32(16)
    let versionAndLength = ip.octet(0)
    let ipHeaderLength = Int(versionAndLength & 0xf) &* 4
    guard versionAndLength &>> 4 == 4, ipHeaderLength >= IPv4.headerLength else { return .unreadable(.ipHeaderInvalid) }
    let totalLength = Int(ip.bigEndian16(2))
    guard totalLength >= ipHeaderLength, Ethernet.headerLength &+ totalLength <= count else {
      return .unreadable(.ipTruncated)
    }
    if verify != .byPort {
      var sum = ChecksumSum()
      sum.add(word0)
      sum.add(word1)
      sum.add(word2)
      if ipHeaderLength > IPv4.headerLength { sum.add(ip + IPv4.headerLength, count: ipHeaderLength &- IPv4.headerLength) }
      guard sum.folded == 0xffff else { return .unreadable(.ipChecksum) }
    }
    guard ip.bigEndian16(6) & IPv4.fragmentMask == 0 else { return .unreadable(.ipFragment) }
    let protocolNumber = ip.octet(9)
    guard protocolNumber == IPv4.protocolTCP else {
      return protocolNumber == IPv4.protocolICMP ? .icmp : .unreadable(.unknownProtocol)
    }

    let segmentLength = totalLength &- ipHeaderLength
    guard segmentLength >= TCPHeader.length else { return .unreadable(.tcpHeaderInvalid) }
    let tcp = ip + ipHeaderLength
    let headerLength = Int(tcp.octet(12) &>> 4) &* 4
    guard headerLength >= TCPHeader.length, headerLength <= segmentLength else { return .unreadable(.tcpHeaderInvalid) }
    if verify == .software {
      var sum = ChecksumSum()
      sum.add(ip.native64(12))  // both addresses
      sum.add(networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | UInt32(truncatingIfNeeded: segmentLength)))
      sum.add(tcp, count: segmentLength)
      guard sum.folded == 0xffff else { return .unreadable(.tcpChecksum) }
    }

    segment.key = FlowKey(addresses: ip.native64(12), ports: tcp.native32(0))
    segment.sequence = SequenceNumber(tcp.bigEndian32(4))
    segment.acknowledgment = SequenceNumber(tcp.bigEndian32(8))
    segment.flags = TCPFlags(rawValue: tcp.octet(13))
    segment.window = tcp.bigEndian16(14)
    segment.payloadOffset = UInt16(truncatingIfNeeded: Ethernet.headerLength &+ ipHeaderLength &+ headerLength)
    segment.payloadLength = UInt16(truncatingIfNeeded: segmentLength &- headerLength)
    segment.options = TCPOptions()
    if headerLength > TCPHeader.length {
      guard segment.options.read(tcp + TCPHeader.length, count: headerLength &- TCPHeader.length) else {
        return .unreadable(.tcpOptionsInvalid)
      }
    }
    return .tcp
  }

  /// Reads a TCP frame whose checksum is only the sum of its pseudo-header: what Linux leaves there for a device that offloads checksums, and
  /// what arrives through one that is none (veth). False: it is no such frame.
  static func parseUnsummed(_ frame: UnsafeRawPointer, count: Int, into segment: inout TCPSegment) -> Bool {
    guard case .tcp = parseAny(frame, count: count, verify: .headerOnly, into: &segment) else { return false }
    let ip = frame + Ethernet.headerLength
    let ipHeaderLength = Int(ip.octet(0) & 0xf) &* 4
    let segmentLength = UInt32(ip.bigEndian16(2)) &- UInt32(truncatingIfNeeded: ipHeaderLength)
    var sum = ChecksumSum(ip.native64(12))
    sum.add(networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | segmentLength))
    return (ip + ipHeaderLength).native16(16) == sum.folded
  }

  private static func tooShort(_ frame: UnsafeRawPointer, _ count: Int) -> FrameKind {
    guard count >= Ethernet.headerLength else { return .unreadable(.frameTooShort) }
    let etherType = frame.bigEndian16(Ethernet.typeOffset)
    return etherType == Ethernet.typeARP || etherType == Ethernet.typeIPv4
      ? .unreadable(.frameTooShort) : .unreadable(.unknownEtherType)
  }

  private static func otherEtherType(_ type: UInt16) -> FrameKind {
    type == Ethernet.typeARP ? .arp : .unreadable(.unknownEtherType)
  }
}

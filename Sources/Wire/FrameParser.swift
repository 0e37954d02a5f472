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
  /// The port has checked them, and dropped or marked what was wrong.
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
    if verify == .software {
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

    segment.source = IPv4Address(ip.bigEndian32(12))
    segment.destination = IPv4Address(networkOrder(word2))
    segment.sourcePort = tcp.bigEndian16(0)
    segment.destinationPort = tcp.bigEndian16(2)
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

  @inline(never)
  static func tooShort(_ frame: UnsafeRawPointer, _ count: Int) -> FrameKind {
    guard count >= Ethernet.headerLength else { return .unreadable(.frameTooShort) }
    let etherType = frame.bigEndian16(Ethernet.typeOffset)
    return etherType == Ethernet.typeARP || etherType == Ethernet.typeIPv4
      ? .unreadable(.frameTooShort) : .unreadable(.unknownEtherType)
  }

  @inline(never)
  static func otherEtherType(_ type: UInt16) -> FrameKind {
    type == Ethernet.typeARP ? .arp : .unreadable(.unknownEtherType)
  }
}

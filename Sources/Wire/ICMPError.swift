/// An ICMP message that tells of a segment of ours what became of it (RFC 792): why, and which segment.
public struct ICMPError: Sendable, BitwiseCopyable {
  public enum Kind: Sendable, BitwiseCopyable, Equatable {
    /// Destination unreachable: code 4, with the MTU of the next hop (RFC 1191 4); 0: a router that does not say.
    case fragmentationNeeded(mtu: UInt16)
    case networkUnreachable
    case hostUnreachable
    case protocolUnreachable
    case portUnreachable
    /// RFC 1122 3.2.2.1 codes 9 and 10, RFC 1812 5.2.7.1 code 13.
    case prohibited
    case otherwiseUnreachable
    case timeExceeded
    case parameterProblem
  }

  public let kind: Kind
  /// Of the connection, as its answers would have it: the source is the remote end.
  public let key: FlowKey
  public let sequence: SequenceNumber
  /// Whom the message is for.
  public let receiver: IPv4Address
  /// Octets of the whole IP packet that the message is about.
  public let packetLength: UInt16

  private static var headerLength: Int { 8 }
  /// Of the segment's header, what every router quotes (RFC 792).
  private static var quotedLength: Int { 8 }

  /// Reads a frame that `FrameParser` has found to be ICMP. Nil: it is another message, about no TCP segment, or its checksum is wrong.
  public init?(_ frame: UnsafeRawPointer) {
    let ip = frame + Ethernet.headerLength
    let ipHeaderLength = Int(ip.octet(0) & 0xf) &* 4
    let length = Int(ip.bigEndian16(2)) &- ipHeaderLength
    let message = ip + ipHeaderLength
    guard length >= Self.headerLength + IPv4.headerLength + Self.quotedLength, let kind = Self.kind(message) else { return nil }
    let quoted = message + Self.headerLength
    let quotedHeaderLength = Int(quoted.octet(0) & 0xf) &* 4
    guard quoted.octet(0) &>> 4 == 4, quotedHeaderLength >= IPv4.headerLength,
      length >= Self.headerLength &+ quotedHeaderLength &+ Self.quotedLength, quoted.octet(9) == IPv4.protocolTCP,
      quoted.bigEndian16(6) & 0x1fff == 0
    else { return nil }
    var sum = ChecksumSum()
    sum.add(message, count: length)
    guard sum.folded == 0xffff else { return nil }
    self.kind = kind
    receiver = IPv4Address(ip.bigEndian32(16))
    let segment = quoted + quotedHeaderLength
    key = FlowKey(addresses: quoted.native64(12), ports: segment.native32(0)).reversed
    sequence = SequenceNumber(segment.bigEndian32(4))
    packetLength = quoted.bigEndian16(2)
  }

  private static func kind(_ message: UnsafeRawPointer) -> Kind? {
    switch (message.octet(0), message.octet(1)) {
    case (3, 0), (3, 6): .networkUnreachable
    case (3, 1), (3, 7): .hostUnreachable
    case (3, 2): .protocolUnreachable
    case (3, 3): .portUnreachable
    case (3, 4): .fragmentationNeeded(mtu: message.bigEndian16(6))
    case (3, 9), (3, 10), (3, 13): .prohibited
    case (3, _): .otherwiseUnreachable
    case (11, _): .timeExceeded
    case (12, _): .parameterProblem
    default: nil  // a source quench is ignored (RFC 6633 4)
    }
  }
}

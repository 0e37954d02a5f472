/// ICMP echo (RFC 792).
public enum ICMP {
  private static var echoRequest: UInt8 { 8 }
  private static var headerLength: Int { 8 }

  /// Makes an echo request its own answer, in place: addresses change places, the type becomes 0, both checksums follow. False, and nothing
  /// done, when the frame, which `FrameParser` has found to be ICMP, is none or its checksum is wrong.
  public static func answerEcho(_ frame: UnsafeMutableRawPointer) -> Bool {
    let ip = frame + Ethernet.headerLength
    let ipHeaderLength = Int(ip.load(as: UInt8.self) & 0xf) &* 4
    let length = Int(UnsafeRawPointer(ip).bigEndian16(2)) &- ipHeaderLength
    guard length >= headerLength else { return false }
    let icmp = ip + ipHeaderLength
    let message = UnsafeRawPointer(icmp)
    guard message.octet(0) == echoRequest, message.octet(1) == 0 else { return false }
    var sum = ChecksumSum()
    sum.add(message, count: length)
    guard sum.folded == 0xffff else { return false }

    icmp.store(UInt32(0), at: 0)  // type and code of an answer, and no checksum yet
    var answer = ChecksumSum()
    answer.add(message, count: length)
    icmp.store(answer.field, at: 2)
    let addresses = UnsafeRawPointer(ip).native64(12)
    ip.store(addresses &<< 32 | addresses &>> 32, at: 12)
    ip.store(IPv4.timeToLive, at: 8)  // a datagram of our own (RFC 1122 3.2.1.7)
    ip.store(UInt16(0), at: 10)
    var header = ChecksumSum()
    header.add(UnsafeRawPointer(ip), count: ipHeaderLength)
    ip.store(header.field, at: 10)
    LinkHeader(answering: UnsafeRawPointer(frame)).store(to: frame)
    return true
  }
}

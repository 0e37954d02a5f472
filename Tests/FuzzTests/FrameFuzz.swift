#if FUZZING
  import Glibc
#else
  import Glibc

  @testable import TCPEngine
#endif

/// Octets as a frame: read in every way there is, as it is and with its checksums put right, which a fuzzer would never guess.
enum FrameFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> String? {
    // Not longer than the frame, so that a reader that goes too far is found out by the address sanitizer.
    let frame = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count, alignment: 1)
    defer { frame.deallocate() }
    frame.copyMemory(from: input)
    guard let start = frame.baseAddress else { return read(input.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!, 0) }
    if let problem = read(start, frame.count) { return problem }
    guard mend(frame) else { return nil }
    return read(start, frame.count) ?? change(frame)
  }

  private static func read(_ frame: UnsafeRawPointer, _ count: Int) -> String? {
    var kinds: [FrameKind] = []
    for verify in [ChecksumVerification.software, .headerOnly, .byPort] {
      var (plain, any) = (TCPSegment(), TCPSegment())
      let isPlain = FrameParser.parsePlain(frame, count: count, verify: verify, into: &plain)
      let kind = FrameParser.parseAny(frame, count: count, verify: verify, into: &any)
      kinds.append(kind)
      if isPlain, let problem = difference(plain, any, kind) { return "\(verify): \(problem)" }
      if case .tcp = kind, Int(any.payloadOffset) + Int(any.payloadLength) > count { return "\(verify): payload beyond the frame" }
    }
    if case .tcp = kinds[0] {} else { return readOther(frame, count, kinds[0]) }
    guard case .tcp = kinds[1], case .tcp = kinds[2] else { return "refused only where less is checked" }
    return nil
  }

  /// What is plainly TCP must be the same thing to the thorough reader.
  private static func difference(_ plain: TCPSegment, _ any: TCPSegment, _ kind: FrameKind) -> String? {
    guard case .tcp = kind else { return "plainly TCP, but then \(kind)" }
    let isSame =
      plain.key == any.key && plain.sequence == any.sequence && plain.acknowledgment == any.acknowledgment
      && plain.flags.rawValue == any.flags.rawValue && plain.window == any.window && plain.payloadOffset == any.payloadOffset
      && plain.payloadLength == any.payloadLength && plain.options.present.rawValue == any.options.present.rawValue
    return isSame ? nil : "read in two ways: \(plain), \(any)"
  }

  private static func readOther(_ frame: UnsafeRawPointer, _ count: Int, _ kind: FrameKind) -> String? {
    switch kind {
    case .arp:
      guard let arp = ARPPacket(frame, count: count) else { return nil }
      var octets = [UInt8](repeating: 0, count: ARPPacket.frameLength)
      let again = octets.withUnsafeMutableBytes { bytes in
        arp.write(to: bytes.baseAddress!)
        return ARPPacket(bytes.baseAddress!, count: bytes.count)
      }
      guard let again, again.senderMAC == arp.senderMAC, again.senderAddress == arp.senderAddress, again.targetAddress == arp.targetAddress
      else { return "ARP is not written as it was read" }
      return nil
    case .icmp:
      _ = ICMPError(frame)
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
      defer { copy.deallocate() }
      copy.copyMemory(from: UnsafeRawBufferPointer(start: frame, count: count))
      guard ICMP.answerEcho(copy.baseAddress!) else { return nil }
      var segment = TCPSegment()
      guard case .icmp = FrameParser.parseAny(copy.baseAddress!, count: count, verify: .software, into: &segment) else {
        return "the answer to an echo is no ICMP"
      }
      return nil
    default: return nil
    }
  }

  /// Puts the checksums of an IPv4 frame right, as far as the frame reaches. False: there are none.
  private static func mend(_ frame: UnsafeMutableRawBufferPointer) -> Bool {
    guard frame.count >= 34, frame[12] == 8, frame[13] == 0 else { return false }
    let headerLength = Int(frame[14] & 0xf) * 4
    guard headerLength >= 20, 14 + headerLength <= frame.count else { return false }
    store(0, frame, 24)
    store(~sum(frame, 14, headerLength), frame, 24)
    let totalLength = Int(frame[16]) << 8 | Int(frame[17])
    let length = totalLength - headerLength
    let start = 14 + headerLength
    guard length > 0, start + length <= frame.count else { return true }
    switch frame[23] {
    case 1 where length >= 4:
      store(0, frame, start + 2)
      store(~sum(frame, start, length), frame, start + 2)
    case 6 where length >= 20:
      store(0, frame, start + 16)
      store(~sum(frame, start, length, from: pseudoHeader(frame, length)), frame, start + 16)
    default: break
    }
    return true
  }

  /// A segment whose sum is left to a device is known for one, and completed.
  private static func change(_ frame: UnsafeMutableRawBufferPointer) -> String? {
    let start = frame.baseAddress!
    var segment = TCPSegment()
    guard case .tcp = FrameParser.parseAny(start, count: frame.count, verify: .software, into: &segment) else {
      PartialChecksum.complete(start, count: frame.count)
      return nil
    }
    let headerLength = Int(frame[14] & 0xf) * 4
    let length = Int(frame[16]) << 8 | Int(frame[17])
    store(UInt16(fold(pseudoHeader(frame, length - headerLength))), frame, 14 + headerLength + 16)
    var again = TCPSegment()
    guard FrameParser.parseUnsummed(start, count: frame.count, into: &again), again.key == segment.key else {
      return "a segment without a sum is not known for one"
    }
    guard PartialChecksum.complete(start, count: frame.count) else { return "the sum was not completed" }
    guard case .tcp = FrameParser.parseAny(start, count: frame.count, verify: .software, into: &again) else {
      return "the completed sum is wrong"
    }
    return nil
  }

  // The checksum once more, octet by octet: what the parser's own is compared with.

  private static func pseudoHeader(_ frame: UnsafeMutableRawBufferPointer, _ length: Int) -> UInt32 {
    var total = UInt32(frame[23]) + UInt32(length)
    for offset in stride(from: 26, to: 34, by: 2) { total += UInt32(frame[offset]) << 8 | UInt32(frame[offset + 1]) }
    return total
  }

  private static func sum(_ frame: UnsafeMutableRawBufferPointer, _ start: Int, _ count: Int, from: UInt32 = 0) -> UInt16 {
    var total = from
    for offset in 0..<count { total += offset & 1 == 0 ? UInt32(frame[start + offset]) << 8 : UInt32(frame[start + offset]) }
    return UInt16(fold(total))
  }

  private static func fold(_ total: UInt32) -> UInt32 {
    var total = total
    while total >> 16 != 0 { total = total & 0xffff + total >> 16 }
    return total
  }

  private static func store(_ value: UInt16, _ frame: UnsafeMutableRawBufferPointer, _ offset: Int) {
    frame[offset] = UInt8(value >> 8)
    frame[offset + 1] = UInt8(value & 0xff)
  }
}

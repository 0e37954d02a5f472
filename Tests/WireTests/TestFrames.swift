import Testing

@testable import TCPEngine

/// The Internet checksum as RFC 1071 section 1 says it: 16-bit words, most significant octet first, in one's complement addition.
func plainChecksum(_ octets: some Sequence<UInt8>) -> UInt16 {
  let octets = Array(octets)
  var sum: UInt32 = 0
  for index in stride(from: 0, to: octets.count, by: 2) {
    sum += UInt32(octets[index]) << 8 | (index + 1 < octets.count ? UInt32(octets[index + 1]) : 0)
    if sum > 0xffff { sum = (sum & 0xffff) + 1 }
  }
  return ~UInt16(sum)
}

/// A frame as plain octets, to be spoilt; sums are set by the plain implementation.
struct RawFrame {
  var octets: [UInt8]

  static let ip = Ethernet.headerLength
  var tcp: Int { Self.ip + Int(octets[Self.ip] & 15) * 4 }

  /// Link header, IPv4 header with `ipOptions`, TCP header with `tcpOptions`, payload; every field another value.
  init(ipOptions: [UInt8] = [], tcpOptions: [UInt8] = [], payload: [UInt8] = []) {
    let total = 20 + ipOptions.count + 20 + tcpOptions.count + payload.count
    octets = [0x02, 0, 0, 0, 0, 0xaa, 0x02, 0, 0, 0, 0, 0xbb, 0x08, 0x00]
    octets += [0x40 | UInt8(5 + ipOptions.count / 4), 0, UInt8(total >> 8), UInt8(total & 255), 0x12, 0x34, 0x40, 0, 63, 6, 0, 0]
    octets += [10, 1, 2, 3, 192, 168, 77, 88] + ipOptions
    octets += [0x9c, 0x41, 0x01, 0xbb, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0xf0, 0x0d, UInt8(5 + tcpOptions.count / 4) << 4, 0x18]
    octets += [0xab, 0xcd, 0, 0, 0, 0] + tcpOptions + payload
    setChecksums()
  }

  mutating func set(_ offset: Int, _ value: UInt16) {
    octets[offset] = UInt8(value >> 8)
    octets[offset + 1] = UInt8(value & 255)
  }

  mutating func setIPChecksum() {
    set(Self.ip + 10, 0)
    set(Self.ip + 10, plainChecksum(octets[Self.ip..<min(tcp, octets.count)]))
  }

  mutating func setChecksums() {
    setIPChecksum()
    let end = Self.ip + (Int(octets[Self.ip + 2]) << 8 | Int(octets[Self.ip + 3]))
    guard end <= octets.count, tcp + 18 <= end else { return }
    set(tcp + 16, 0)
    let length = end - tcp
    let pseudoHeader = octets[Self.ip + 12..<Self.ip + 20] + [0, 6, UInt8(length >> 8), UInt8(length & 255)]
    set(tcp + 16, plainChecksum(pseudoHeader + octets[tcp..<end]))
  }
}

/// A parse of octets that lie before an inaccessible page.
func parse(_ octets: [UInt8], verify: ChecksumVerification = .software) -> (kind: FrameKind, segment: TCPSegment) {
  let memory = GuardedMemory(octets)
  var segment = TCPSegment()
  let kind = FrameParser.parse(memory.bytes, count: memory.count, verify: verify, into: &segment)
  expectBothReadersAgree(memory, verify)
  return (kind, segment)
}

/// What is read at first sight, the thorough reader reads alike.
private func expectBothReadersAgree(_ memory: GuardedMemory, _ verify: ChecksumVerification) {
  var plain = TCPSegment()
  var thorough = TCPSegment()
  guard FrameParser.parsePlain(memory.bytes, count: memory.count, verify: verify, into: &plain) else { return }
  #expect(FrameParser.parseAny(memory.bytes, count: memory.count, verify: verify, into: &thorough).isTCP)
  #expect(plain.key == thorough.key && plain.sequence == thorough.sequence && plain.acknowledgment == thorough.acknowledgment)
  #expect(plain.flags == thorough.flags && plain.window == thorough.window && plain.options == thorough.options)
  #expect(plain.payloadOffset == thorough.payloadOffset && plain.payloadLength == thorough.payloadLength)
}

extension FrameKind {
  var failure: ParseFailure? {
    if case .unreadable(let failure) = self { failure } else { nil }
  }
  var isTCP: Bool {
    if case .tcp = self { true } else { false }
  }
  var isARP: Bool {
    if case .arp = self { true } else { false }
  }
  var isICMP: Bool {
    if case .icmp = self { true } else { false }
  }
}

func randomOctets(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
  (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
}

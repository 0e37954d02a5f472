import Testing

@testable import TCPEngine

@Suite struct ICMPErrorTests {
  /// From 10.0.0.9 to 10.0.0.1, about the first octets of a packet from there: RFC 792, RFC 1191 4.
  private static func message(_ type: UInt8, _ code: UInt8, mtu: UInt16 = 0, about packet: [UInt8]) -> [UInt8] {
    var ip: [UInt8] = [0x45, 0, 0, UInt8(28 + packet.count), 0, 7, 0, 0, 64, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1]
    var icmp: [UInt8] = [type, code, 0, 0, 0, 0, UInt8(mtu >> 8), UInt8(mtu & 255)] + packet
    func put(_ sum: UInt16, _ at: Int, _ octets: inout [UInt8]) { (octets[at], octets[at + 1]) = (UInt8(sum >> 8), UInt8(sum & 255)) }
    put(plainChecksum(ip), 10, &ip)
    put(plainChecksum(icmp), 2, &icmp)
    return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0] + ip + icmp
  }

  /// What a router quotes at least: the IPv4 header, and 8 octets.
  private static func quote(ipOptions: [UInt8] = []) -> [UInt8] {
    Array(RawFrame(ipOptions: ipOptions, payload: [UInt8](repeating: 7, count: 100)).octets[14..<14 + 28 + ipOptions.count])
  }

  private static func read(_ octets: [UInt8]) -> ICMPError? {
    let memory = GuardedMemory(octets)
    return withExtendedLifetime(memory) { ICMPError(memory.bytes) }
  }

  @Test(arguments: [[], [1, 1, 1, 0]] as [[UInt8]]) func saysWhichSegment(ipOptions: [UInt8]) throws {
    let octets = Self.message(3, 4, mtu: 1_006, about: Self.quote(ipOptions: ipOptions))
    #expect(parse(octets).kind.isICMP)
    let error = try #require(Self.read(octets))
    #expect(error.kind == .fragmentationNeeded(mtu: 1_006))
    #expect(error.key.source == IPv4Address(0xc0a8_4d58) && error.key.destination == IPv4Address(0x0a01_0203))
    #expect(error.key.sourcePort == 443 && error.key.destinationPort == 40_001)
    #expect(error.sequence == SequenceNumber(0xdead_beef) && error.packetLength == UInt16(140 + ipOptions.count))
  }

  @Test func kinds() {
    let kinds: [(UInt8, UInt8, ICMPError.Kind)] = [
      (3, 0, .networkUnreachable), (3, 1, .hostUnreachable), (3, 2, .protocolUnreachable), (3, 3, .portUnreachable),
      (3, 5, .otherwiseUnreachable), (3, 6, .networkUnreachable), (3, 7, .hostUnreachable), (3, 9, .prohibited), (3, 10, .prohibited),
      (3, 13, .prohibited), (11, 0, .timeExceeded), (12, 0, .parameterProblem),
    ]
    for (type, code, kind) in kinds { #expect(Self.read(Self.message(type, code, about: Self.quote()))?.kind == kind) }
    // Echo, its answer, a redirect, a source quench (RFC 6633).
    for type in [8, 0, 5, 4] as [UInt8] { #expect(Self.read(Self.message(type, 0, about: Self.quote())) == nil) }
  }

  @Test func aQuoteThatIsTooShortIsNone() {
    for count in 0..<28 { #expect(Self.read(Self.message(3, 4, about: Array(Self.quote()[..<count]))) == nil) }
    #expect(Self.read(Self.message(3, 4, about: Array(Self.quote(ipOptions: [1, 1, 1, 0])[..<28]))) == nil)
  }

  @Test(arguments: [0, 6, 7, 9]) func aQuoteOfSomethingElseIsNone(octet: Int) {
    var quote = Self.quote()
    quote[octet] ^= octet == 6 ? 0x1f : 0x13
    #expect(Self.read(Self.message(3, 4, about: quote)) == nil)
  }

  @Test func aWrongChecksumIsNoticed() {
    let octets = Self.message(3, 4, mtu: 600, about: Self.quote())
    for bit in 34 * 8..<octets.count * 8 {
      var spoilt = octets
      spoilt[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(Self.read(spoilt) == nil)
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct NeighbourFrameTests {
  static let ours = MACAddress(0x02_00_00_00_00_01)
  static let theirs = MACAddress(0x02_00_00_00_00_02)

  /// A request as RFC 826 lays it out, written octet by octet.
  static let request: [UInt8] =
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6]
    + [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]

  @Test func aRequestIsWrittenAsTheRFCSays() {
    let memory = GuardedMemory([UInt8](repeating: 0xee, count: ARPPacket.frameLength))
    ARPPacket(.request, from: Self.ours, IPv4Address(0x0a00_0001), to: Self.theirs, IPv4Address(0x0a00_0002)).write(to: memory.bytes)
    #expect(Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count)) == Self.request)
  }

  @Test func aReplyIsReadBack() throws {
    let memory = GuardedMemory([UInt8](repeating: 0, count: ARPPacket.frameLength))
    ARPPacket(.reply, from: Self.theirs, IPv4Address(0x0a00_0002), to: Self.ours, IPv4Address(0x0a00_0001)).write(to: memory.bytes)
    let arp = try #require(ARPPacket(memory.bytes, count: memory.count))
    #expect(arp.operation == .reply && arp.senderMAC == Self.theirs && arp.senderAddress == IPv4Address(0x0a00_0002))
    #expect(arp.targetMAC == Self.ours && arp.targetAddress == IPv4Address(0x0a00_0001))
    #expect(linkHeaderText(memory) == "02:00:00:00:00:01 02:00:00:00:00:02 0x806")
  }

  private func linkHeaderText(_ memory: GuardedMemory) -> String {
    let bytes = UnsafeRawPointer(memory.bytes)
    let type = String(bytes.bigEndian16(12), radix: 16)
    return "\(MACAddress(bytes.bigEndian64(0) >> 16)) \(MACAddress(bytes.bigEndian64(4) & 0xffff_ffff_ffff)) 0x\(type)"
  }

  @Test(arguments: 0..<ARPPacket.frameLength)
  func aShortOneIsNone(count: Int) {
    let memory = GuardedMemory(Array(Self.request[..<count]))
    #expect(ARPPacket(memory.bytes, count: memory.count) == nil)
  }

  @Test(arguments: [14, 15, 16, 17, 18, 19, 20])
  func anotherKindIsNone(octet: Int) {
    var octets = Self.request
    octets[octet] ^= 0x10
    let memory = GuardedMemory(octets)
    #expect(ARPPacket(memory.bytes, count: memory.count) == nil)
  }

  /// An echo request from 10.0.0.2 to 10.0.0.1, `data` behind its header.
  static func echo(_ data: [UInt8], type: UInt8 = 8) -> [UInt8] {
    var frame: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
    var ip: [UInt8] = [0x45, 0, 0, UInt8(28 + data.count), 0, 7, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1]
    var icmp: [UInt8] = [type, 0, 0, 0, 0x12, 0x34, 0, 1] + data
    func put(_ sum: UInt16, _ at: Int, _ octets: inout [UInt8]) { (octets[at], octets[at + 1]) = (UInt8(sum >> 8), UInt8(sum & 255)) }
    put(plainChecksum(ip), 10, &ip)
    put(plainChecksum(icmp), 2, &icmp)
    frame += ip + icmp
    return frame
  }

  @Test(arguments: [0, 1, 7, 8, 56])
  func echoIsAnswered(count: Int) {
    let data = (0..<count).map { UInt8($0 * 37 & 255) }
    let memory = GuardedMemory(Self.echo(data))
    #expect(ICMP.answerEcho(memory.bytes))
    let answer = Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count))
    #expect(Array(answer[0..<12]) == [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1])
    #expect(Array(answer[26..<34]) == [10, 0, 0, 1, 10, 0, 0, 2])
    #expect(answer[34] == 0 && answer[35] == 0 && Array(answer[38...]) == [0x12, 0x34, 0, 1] + data)
    #expect(plainChecksum(answer[14..<34]) == 0 && plainChecksum(answer[34...]) == 0)
  }

  @Test func whatIsNoEchoRequestStaysAsItIs() {
    var wrong = Self.echo([1, 2, 3])
    wrong[40] ^= 1
    for octets in [Self.echo([1], type: 0), Self.echo([1], type: 13), wrong] {
      let memory = GuardedMemory(octets)
      #expect(!ICMP.answerEcho(memory.bytes))
      #expect(Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count)) == octets)
    }
  }
}

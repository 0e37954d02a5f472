import Testing

@testable import TCPEngine

@Suite struct PartialChecksumTests {
  /// What is left to a device is what `complete` takes for left; completed, it is as it was.
  @Test(arguments: [0, 1, 2, 7, 500, 1_460]) func whatIsLeftCanBeCompleted(length: Int) {
    let frame = RawFrame(payload: (0..<length).map { UInt8($0 & 255) })
    let memory = GuardedMemory(frame.octets)
    PartialChecksum.leave(memory.bytes, withHeader: false)
    let left = Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count))
    let segmentLength = frame.octets.count - frame.tcp
    let pseudoHeader = frame.octets[26..<34] + [0, 6, UInt8(segmentLength >> 8), UInt8(segmentLength & 255)]
    let sum = ~plainChecksum(pseudoHeader)
    #expect(left[frame.tcp + 16] == UInt8(sum >> 8) && left[frame.tcp + 17] == UInt8(sum & 255))
    #expect(PartialChecksum.complete(memory.bytes, count: memory.count))
    #expect(Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count)) == frame.octets)
  }

  @Test func theHeadersSumIsLeftTooWhenAsked() {
    let frame = RawFrame(payload: [1, 2, 3])
    let memory = GuardedMemory(frame.octets)
    PartialChecksum.leave(memory.bytes, withHeader: true)
    let left = Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count))
    #expect(left[24] == 0 && left[25] == 0)
  }

  /// What a port has verified is not looked at again; the rest is.
  @Test func whatAPortHasVerified() {
    var tcp = RawFrame(payload: [1, 2, 3])
    tcp.octets[tcp.tcp + 16] ^= 1
    var both = tcp
    both.octets[RawFrame.ip + 10] ^= 1
    #expect(parse(tcp.octets).kind.failure == .tcpChecksum)
    #expect(parse(tcp.octets, verify: .headerOnly).kind.isTCP)
    #expect(parse(both.octets, verify: .headerOnly).kind.failure == .ipChecksum)
    #expect(parse(both.octets, verify: .byPort).kind.isTCP)
  }
}

import Testing

@testable import TCPEngine

@Suite struct VLANTagTests {
  /// IEEE 802.1Q 9.6: TPID 0x8100 behind the addresses, then priority (3 bits), drop eligibility (1), identifier (12).
  private static func tagged(_ frame: [UInt8], _ identifier: UInt16, priority: UInt8 = 0) -> [UInt8] {
    frame[..<12] + [0x81, 0x00, priority << 4 | UInt8(identifier >> 8), UInt8(identifier & 255)] + frame[12...]
  }

  @Test(arguments: [1, 5, 255, 256, 4_094] as [UInt16]) func isWrittenAsTheStandardSays(identifier: UInt16) throws {
    let frame = RawFrame(payload: [1, 2, 3]).octets
    let memory = GuardedMemory([0xee, 0xee, 0xee, 0xee] + frame)
    try #require(VLANTag(identifier)).insert(into: memory.bytes + 4)
    #expect(Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count)) == Self.tagged(frame, identifier))
  }

  @Test(arguments: [0, 7, 15] as [UInt8]) func comesOffAgain(priority: UInt8) throws {
    let frame = RawFrame(payload: [1, 2, 3]).octets
    let memory = GuardedMemory(Self.tagged(frame, 77, priority: priority))
    #expect(try #require(VLANTag(77)).isOn(memory.bytes, count: memory.count))
    VLANTag.remove(from: memory.bytes)
    #expect(Array(UnsafeRawBufferPointer(start: memory.bytes + 4, count: frame.count)) == frame)
  }

  @Test func isNotOnOthers() throws {
    let tag = try #require(VLANTag(77))
    let frame = RawFrame().octets
    for octets in [frame, Self.tagged(frame, 78), Self.tagged(frame, 0), Self.tagged(frame, 77 | 0x800)] {
      let memory = GuardedMemory(octets)
      #expect(!tag.isOn(memory.bytes, count: memory.count))
    }
    for count in 0..<18 {
      let memory = GuardedMemory(Self.tagged(frame, 77)[..<count])
      #expect(!tag.isOn(memory.bytes, count: memory.count))
    }
  }

  @Test(arguments: [0, 4_095, 4_096, .max] as [UInt16]) func somethingElseIsNoVLAN(identifier: UInt16) {
    #expect(VLANTag(identifier) == nil)
  }
}

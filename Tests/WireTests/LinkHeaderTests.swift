import Testing

@testable import TCPEngine

@Suite struct LinkHeaderTests {
  private func stored(_ header: LinkHeader) -> [UInt8] {
    let memory = GuardedMemory([UInt8](repeating: 0xee, count: 14))
    header.store(to: memory.bytes)
    return Array(UnsafeRawBufferPointer(start: memory.bytes, count: 14))
  }

  @Test func octetsInOrder() {
    let header = LinkHeader(destination: MACAddress(0x0102_0304_0506), source: MACAddress(0x1112_1314_1516), type: Ethernet.typeARP)
    #expect(stored(header) == [1, 2, 3, 4, 5, 6, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 8, 6])
  }

  @Test func theAnswerGoesBack() {
    // The memory ends with the header: no more than its 14 octets may be read.
    let memory = GuardedMemory([1, 2, 3, 4, 5, 6, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0xab, 0xcd])
    #expect(stored(LinkHeader(answering: memory.bytes)) == [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 1, 2, 3, 4, 5, 6, 8, 0])
  }

  @Test func theAnswerToAnAnswerIsTheFrame() {
    let frame = LinkHeader(destination: MACAddress(0xfffe_fdfc_fbfa), source: MACAddress(0x8081_8283_8485))
    let answer = GuardedMemory(stored(frame))
    let again = GuardedMemory(stored(LinkHeader(answering: answer.bytes)))
    #expect(stored(LinkHeader(answering: again.bytes)) == stored(frame))
  }
}

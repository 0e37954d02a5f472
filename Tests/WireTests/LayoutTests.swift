import Testing

@testable import TCPEngine

/// What lies in connections, tables and registers by the million.
@Suite struct LayoutTests {
  @Test func sizes() {
    #expect(MemoryLayout<SequenceNumber>.size == 4)
    #expect(MemoryLayout<IPv4Address>.size == 4)
    #expect(MemoryLayout<MACAddress>.size == 8)
    #expect(MemoryLayout<TCPFlags>.size == 1)
    #expect(MemoryLayout<TCPOptions>.size == 12)
    #expect(MemoryLayout<TCPSegment>.size == 40)
    #expect(MemoryLayout<LinkHeader>.size == 16)
    #expect(MemoryLayout<ChecksumSum>.size == 8)
    #expect(MemoryLayout<ParseFailure>.size == 1)
    #expect(MemoryLayout<FrameKind>.size == 1)
  }
}

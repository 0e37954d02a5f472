import Testing

@testable import TCPEngine

@Suite struct LDAPBindResponseTests {
  private func read(_ octets: some Collection<UInt8>) -> LDAPBindResponse? {
    withOctets(octets) { LDAPBindResponse.read($0, count: $1).value }
  }

  private func success(_ id: UInt32) -> [UInt8] {
    let room = GuardedMemory([UInt8](repeating: 0xee, count: LDAPBindResponse.longestSuccess))
    let count = LDAPBindResponse.writeSuccess(to: room.bytes, messageID: id)
    return Array(UnsafeRawBufferPointer(start: room.bytes, count: count))
  }

  @Test func isReadBeforeAllOfItHasCome() {
    let octets = LDAPText.bindResponse(77, code: 49, text: String(repeating: "x", count: 200))
    let response = LDAPBindResponse(length: octets.count, messageID: 77, resultCode: 49)
    for count in 0..<octets.count { #expect(read(octets[..<count]) == (count < 12 ? nil : response)) }
    #expect(read(octets) == response)
  }

  @Test func otherMessagesAreNone() {
    for octets in [LDAPText.bind("cn=a"), LDAPText.unbind(), Array("HTTP/1.1 400".utf8), [0x30, 12, 2, 1, 1, 0x78, 7]] {
      withOctets(octets) { bytes, count in
        if case .different = LDAPBindResponse.read(bytes, count: count) { return }
        Issue.record("\(octets)")
      }
    }
  }

  @Test(arguments: [0, 1, 127, 128, 255, 256, 32_767, 32_768, 0x7f_ffff, 0x80_0000, 0x7fff_ffff] as [UInt32])
  func isWrittenAsASN1DoesIt(_ id: UInt32) {
    #expect(success(id) == LDAPText.bindResponse(Int32(id), code: 0))
    #expect(read(success(id)) == LDAPBindResponse(length: success(id).count, messageID: id, resultCode: 0))
  }
}

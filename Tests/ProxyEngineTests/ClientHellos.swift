@testable import TCPEngine

/// ClientHellos as clients send them, and ones made up piece by piece.
enum Hellos {
  private static func octets(_ text: String) -> [UInt8] {
    RuleSettings.octets(hexadecimal: text.filter { !$0.isNewline })!
  }

  /// RFC 8448 3: a TLS 1.3 client, server name "server".
  static let rfc8448 = octets(
    """
    16030100c4010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b
    0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4
    bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040805080604010501060102
    010402050206020202002d00020101001c00024001
    """)

  /// OpenSSL 3, server name "www.example.org", protocols "h2" and "http/1.1", padded to 517 octets.
  static let openSSL =
    octets(
      """
      1603010200010001fc03034a28e08dd903fcc229b376592ba90203672c6fe0e1a2c9b1b7d5515c4802e3a22005645e5d1be091e0ebbff08c9825f4ca
      7b037b663d43bd31438853888a19f20b0024130213031301c02cc030c02bc02fcca9cca8c024c028c023c027009f009e006b006700ff0100018f0000
      0014001200000f7777772e6578616d706c652e6f7267000b000403000102000a00160014001d0017001e001900180100010101020103010400230000
      0010000e000c02683208687474702f312e310016000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601
      030303010302040205020602002b00050403040303002d00020101003300260024001d00208fcfaa4120ac4b4eede75fc03202eb3f27c743d1568f52
      76446e35064b5d8a5b001500cc
      """) + [UInt8](repeating: 0, count: 0xcc)

  static func number(_ value: Int, octets: Int) -> [UInt8] {
    (0..<octets).map { UInt8(truncatingIfNeeded: value >> (8 * (octets - 1 - $0))) }
  }

  static func vector(_ content: [UInt8], lengthOctets: Int) -> [UInt8] { number(content.count, octets: lengthOctets) + content }

  static func extensionOf(_ type: Int, _ data: [UInt8]) -> [UInt8] { number(type, octets: 2) + vector(data, lengthOctets: 2) }

  static func serverName(_ name: String) -> [UInt8] {
    extensionOf(0, vector([0] + vector(Array(name.utf8), lengthOctets: 2), lengthOctets: 2))
  }

  static func protocols(_ names: [[UInt8]]) -> [UInt8] {
    extensionOf(16, vector(names.flatMap { vector($0, lengthOctets: 1) }, lengthOctets: 2))
  }

  static func protocols(_ names: String...) -> [UInt8] { protocols(names.map { Array($0.utf8) }) }

  /// A key share as ML-KEM-768 with X25519 needs it, beside one of GREASE (RFC 8701).
  static var largeKeyShare: [UInt8] {
    let grease = number(0x2a2a, octets: 2) + vector([0], lengthOctets: 2)
    let share: [UInt8] = .init(repeating: 0xab, count: 1_216)
    let shares = grease + number(0x11ec, octets: 2) + vector(share, lengthOctets: 2)
    return extensionOf(51, vector(shares, lengthOctets: 2))
  }

  /// A handshake message; `version` is that of the hello.
  static func message(_ extensions: [[UInt8]]?, version: Int = 0x0303) -> [UInt8] {
    var body = number(version, octets: 2) + [UInt8](repeating: 7, count: 32) + vector(.init(repeating: 9, count: 32), lengthOctets: 1)
    body += vector([0x1a, 0x1a, 0x13, 0x01], lengthOctets: 2) + vector([0], lengthOctets: 1)
    if let extensions { body += vector(extensions.flatMap { $0 }, lengthOctets: 2) }
    return [1] + vector(body, lengthOctets: 3)
  }

  /// A message in records of so many octets each.
  static func records(_ message: [UInt8], _ size: Int = 1 << 14, version: Int = 0x0301) -> [UInt8] {
    var all: [UInt8] = []
    for start in stride(from: 0, to: message.count, by: size) {
      all += [22] + number(version, octets: 2)
      all += vector(Array(message[start..<min(start + size, message.count)]), lengthOctets: 2)
    }
    return all
  }
}

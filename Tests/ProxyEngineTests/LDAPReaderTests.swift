import SwiftASN1
import Testing

@testable import TCPEngine

@Suite struct LDAPReaderTests {
  struct Request: Equatable {
    var length: Int
    var id: UInt32
    var operation: LDAPOperation
    var name = ""
    var version: UInt32 = 0
    var isSASL = false
    var isAnonymous = false
  }

  enum Answer: Equatable {
    case needMore
    case request(Request)
    case different
  }

  static func read(_ octets: some Collection<UInt8>) -> Answer { withOctets(octets, answer) }

  private static func answer(_ bytes: UnsafeRawPointer, _ count: Int) -> Answer {
    switch LDAPReader.read(bytes, count: count) {
    case .needMore: return .needMore
    case .different: return .different
    case .found(let found):
      #expect(found.name.isEmpty || found.name.end <= count)
      let name = UnsafeRawBufferPointer(start: bytes + Int(found.name.offset), count: Int(found.name.count))
      return .request(
        Request(
          length: found.length, id: found.messageID, operation: found.operation, name: String(decoding: name, as: UTF8.self),
          version: found.version, isSASL: found.isSASL, isAnonymous: found.isAnonymous))
    }
  }

  private func read(_ octets: [UInt8]) -> Answer { Self.read(octets) }

  @Test func binds() {
    var octets = LDAPText.bind(id: 7, "uid=x,dc=b", password: "secret")
    #expect(read(octets) == .request(Request(length: octets.count, id: 7, operation: .bind, name: "uid=x,dc=b", version: 3)))
    octets = LDAPText.bind(id: 7, "uid=x,dc=b", password: "secret", version: 2)
    #expect(read(octets) == .request(Request(length: octets.count, id: 7, operation: .bind, name: "uid=x,dc=b", version: 2)))
    octets = LDAPText.saslBind(id: 0x7fff_ffff, "", mechanism: "EXTERNAL")
    #expect(read(octets) == .request(Request(length: octets.count, id: 0x7fff_ffff, operation: .bind, version: 3, isSASL: true)))
  }

  @Test func anonymousBinds() {
    func isAnonymous(_ octets: [UInt8]) -> Bool? {
      if case .request(let request) = read(octets) { request.isAnonymous } else { nil }
    }
    #expect(isAnonymous(LDAPText.bind("")) == true)
    #expect(isAnonymous(LDAPText.bind("cn=x")) == false)
    #expect(isAnonymous(LDAPText.bind("", password: "x")) == false)
    #expect(isAnonymous(LDAPText.bind("", version: 2)) == false)
    #expect(isAnonymous(LDAPText.saslBind("", mechanism: "ANONYMOUS")) == false)
    #expect(isAnonymous(LDAPText.bind("", controls: [])) == true)
    #expect(isAnonymous(LDAPText.bind("", controls: [("1.2.3", nil), ("1.2.4", false)])) == true)
    #expect(isAnonymous(LDAPText.bind("", controls: [("1.2.3", nil), ("1.2.4", true)])) == false)
  }

  @Test func otherRequests() {
    var octets = LDAPText.search(id: 300, base: "ou=a,dc=b")
    #expect(read(octets) == .request(Request(length: octets.count, id: 300, operation: .search, name: "ou=a,dc=b")))
    octets = LDAPText.unbind(id: 3)
    #expect(read(octets) == .request(Request(length: 7, id: 3, operation: .unbind)))
    octets = LDAPText.extended(id: 1, "1.3.6.1.4.1.1466.20037")
    #expect(read(octets) == .request(Request(length: octets.count, id: 1, operation: .startTLS)))
    octets = LDAPText.extended(id: 1, "1.3.6.1.4.1.1466.20036")
    #expect(read(octets) == .request(Request(length: octets.count, id: 1, operation: .other)))
    octets = LDAPText.compare(id: 9)
    #expect(read(octets) == .request(Request(length: octets.count, id: 9, operation: .other)))
  }

  /// A search is told before its filter has come.
  @Test func aSearchWithALongFilter() {
    let octets = LDAPText.search(base: "dc=b", filter: String(repeating: "x", count: 50_000))
    #expect(octets.count > 50_000)
    #expect(Self.read(octets.prefix(30)) == .request(Request(length: octets.count, id: 2, operation: .search, name: "dc=b")))
  }

  /// Windows writes lengths in four octets.
  @Test func lengthsOfFourOctets() {
    let octets: [UInt8] =
      [0x30, 0x84, 0, 0, 0, 0x14, 2, 1, 5, 0x60, 0x84, 0, 0, 0, 0xb, 2, 1, 3, 4, 4] + Array("dc=b".utf8) + [0x80, 0]
    #expect(read(octets) == .request(Request(length: octets.count, id: 5, operation: .bind, name: "dc=b", version: 3)))
  }

  static let messages: [[UInt8]] = [
    LDAPText.bind("uid=x,dc=b", password: "secret"), LDAPText.bind(""), LDAPText.bind("", controls: [("1.2.3", true), ("1.2", nil)]),
    LDAPText.saslBind(id: 1_000, "cn=a", mechanism: "GSSAPI"), LDAPText.search(base: "ou=a,dc=b"), LDAPText.search(base: ""),
    LDAPText.search(id: 70_000, base: String(repeating: "dc=x,", count: 60)), LDAPText.unbind(), LDAPText.compare(),
    LDAPText.extended("1.3.6.1.4.1.1466.20037"),
  ]

  @Test(arguments: messages) func inPieces(_ octets: [UInt8]) {
    let whole = read(octets)
    guard case .request = whole else {
      Issue.record("no request")
      return
    }
    for count in 0..<octets.count {
      let part = Self.read(octets[..<count])
      #expect(part == .needMore || part == whole, "\(count)")
    }
    #expect(Self.read(octets + [1, 2, 3]) == whole)
  }

  @Test func whatIsNoRequestIsToldEarly() {
    for octets in [
      [0x31], [0x16, 3], [0x30, 0x80], [0x30, 0x85], [0x30, 0xff], [0x30, 0x83, 1, 0, 0, 0], [0x30, 3, 4], [0x30, 3, 2, 2],
      [0x30, 12, 2, 0],
      [0x30, 12, 2, 5], [0x30, 12, 2, 1, 0x80], [0x30, 12, 2, 1, 1, 0x61, 7], [0x30, 12, 2, 1, 1, 0x60, 8], [0x30, 12, 2, 1, 1, 0x7f],
      [0x30, 12, 2, 1, 1, 0x60, 7, 4], [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 2], [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 3],
      [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x81, 0], [0x30, 13, 2, 1, 1, 0x60, 8, 2, 1, 3, 4, 0, 0x80, 0, 0],
      [0x30, 14, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0, 4], [0x30, 6, 2, 1, 1, 0x42, 1], [0x30, 0x24, 0x24],
    ] as [[UInt8]] { #expect(read(octets) == .different, "\(octets)") }
  }

  // MARK: swift-asn1 as the judge

  /// What swift-asn1 makes of a message; nil: no request, or not one that LDAP allows.
  private func judged(_ octets: [UInt8]) -> Request? {
    guard let root = try? BER.parse(octets), let parts = children(root), root.identifier == .sequence, parts.count >= 2, parts.count <= 3,
      let id = number(parts[0], .integer)
    else { return nil }
    if parts.count == 3, !areControls(parts[2]) { return nil }
    var request = Request(length: octets.count, id: id, operation: .other)
    let operation = parts[1].identifier
    guard operation.tagClass == .application else { return nil }
    switch (operation.tagNumber, children(parts[1])) {
    case (0, .some(let fields)):
      guard fields.count == 3, let version = number(fields[0], .integer), let name = text(fields[1]) else { return nil }
      let isSimple = fields[2].identifier == LDAPText.context(0) && children(fields[2]) == nil
      request.isSASL = fields[2].identifier == LDAPText.context(3) && children(fields[2]) != nil
      guard isSimple || request.isSASL else { return nil }
      (request.operation, request.version, request.name) = (.bind, version, name)
      let isCritical =
        parts.count == 3
        && children(parts[2])!.contains { control in
          let parts = children(control)!
          return parts.count > 1 && parts[1].identifier == .boolean && parts[1].encodedBytes.last != 0
        }
      request.isAnonymous = isSimple && version == 3 && name.isEmpty && isEmpty(fields[2]) && !isCritical
    case (2, nil):
      guard isEmpty(parts[1]) else { return nil }
      request.operation = .unbind
    case (3, .some(let fields)):
      guard let base = fields.first.flatMap(text) else { return nil }
      (request.operation, request.name) = (.search, base)
    case (23, .some(let fields)):
      guard let name = fields.first, name.identifier == LDAPText.context(0), case .primitive(let oid) = name.content else { return nil }
      if String(decoding: oid, as: UTF8.self) == "1.3.6.1.4.1.1466.20037" { request.operation = .startTLS }
    case (6, .some), (8, .some), (12, .some), (14, .some), (10, nil), (16, nil): break
    default: return nil
    }
    return request
  }

  private func children(_ node: ASN1Node) -> [ASN1Node]? {
    if case .constructed(let nodes) = node.content { Array(nodes) } else { nil }
  }

  private func isEmpty(_ node: ASN1Node) -> Bool {
    if case .primitive(let octets) = node.content { octets.isEmpty } else { false }
  }

  private func number(_ node: ASN1Node, _ identifier: ASN1Identifier) -> UInt32? {
    guard node.identifier == identifier, let value = try? Int64(berEncoded: node), value >= 0, value < 1 << 31 else { return nil }
    return UInt32(value)
  }

  private func text(_ node: ASN1Node) -> String? {
    guard node.identifier == .octetString, case .primitive(let octets) = node.content else { return nil }
    return String(decoding: octets, as: UTF8.self)
  }

  private func areControls(_ node: ASN1Node) -> Bool {
    guard node.identifier == LDAPText.context(0), let controls = children(node) else { return false }
    return controls.allSatisfy { control in
      guard control.identifier == .sequence, let parts = children(control), let type = parts.first, text(type) != nil else { return false }
      guard parts.count > 1, parts[1].identifier == .boolean else { return true }
      guard case .primitive(let octets) = parts[1].content else { return false }
      return octets.count == 1
    }
  }

  @Test(arguments: messages) func theJudgeAgrees(_ octets: [UInt8]) {
    #expect(judged(octets).map(Answer.request) == read(octets))
  }

  /// Messages with an octet changed: what the judge takes for a request is read so. It is stricter than we inside of what we do not look
  /// into, and about numbers that could be shorter.
  @Test(arguments: messages) func mutations(_ octets: [UInt8]) {
    var (taken, refused) = (0, 0)
    for offset in octets.indices.prefix(60) {
      for value in Self.tellingValues + (0..<8).map({ octets[offset] ^ 1 << $0 }) {
        var broken = octets
        broken[offset] = value
        let answer = broken.withUnsafeBytes { Self.answer($0.baseAddress!, $0.count) }
        // The judge is given just the message.
        let message = if case .request(let request) = answer { Array(broken.prefix(request.length)) } else { broken }
        if let judged = judged(message) {
          taken += 1
          #expect(answer == .request(judged), "\(offset): \(value)")
        } else if answer == .different {
          refused += 1
        }
      }
    }
    #expect(taken > 0 && refused > 0)
  }

  private static let tellingValues: [UInt8] = [
    0, 1, 2, 4, 10, 0x1f, 0x30, 0x42, 0x60, 0x63, 0x77, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa3, 0xff,
  ]
}

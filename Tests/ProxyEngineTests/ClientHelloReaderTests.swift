import Testing

@testable import TCPEngine

@Suite struct ClientHelloReaderTests {
  enum Part: Equatable {
    case needMore
    case absent
    case text(String)
  }

  enum Answer: Equatable {
    case needMore
    case hello(Part, Part)
    case different
  }

  static func read(_ octets: some Collection<UInt8>) -> Answer {
    func part(_ part: ClientHello.Part) -> Part {
      switch part {
      case .needMore: return .needMore
      case .absent: return .absent
      case .present(let text):
        var walk = text.walk()
        return .text(String(decoding: (0..<text.count).map { _ in walk.next() }, as: UTF8.self))
      }
    }
    return withOctets(octets) { bytes, count in
      switch ClientHelloReader.read(bytes, count: count) {
      case .needMore: .needMore
      case .different: .different
      case .found(let hello): .hello(part(hello.serverName), part(hello.protocols))
      }
    }
  }

  @Test func helloOfRFC8448() { #expect(Self.read(Hellos.rfc8448) == .hello(.text("server"), .absent)) }

  @Test func helloOfOpenSSL() {
    #expect(Hellos.openSSL.count == 517)
    #expect(Self.read(Hellos.openSSL) == .hello(.text("www.example.org"), .text("\u{2}h2\u{8}http/1.1")))
  }

  static let grease = Hellos.extensionOf(0x3a3a, [])
  static let large = Hellos.message([
    grease, Hellos.largeKeyShare, Hellos.extensionOf(0xfe0d, .init(repeating: 1, count: 400)),
    Hellos.protocols([[0x4a, 0x4a], Array("h2".utf8)]), Hellos.serverName("a.example.org"), Hellos.extensionOf(0x8a8a, [0]),
  ])

  @Test func largeHelloWithGREASE() {
    #expect(Self.large.count > 1_700)
    #expect(Self.read(Hellos.records(Self.large)) == .hello(.text("a.example.org"), .text("\u{2}JJ\u{2}h2")))
  }

  @Test(arguments: [1, 2, 3, 7, 100, 1_000]) func inRecordsOfAnySize(_ size: Int) {
    #expect(Self.read(Hellos.records(Self.large, size)) == .hello(.text("a.example.org"), .text("\u{2}JJ\u{2}h2")))
  }

  @Test(arguments: [0x0300, 0x0301, 0x0302, 0x0303, 0x0304]) func ofAnyVersion(_ version: Int) {
    let message = Hellos.message([Hellos.serverName("x")], version: min(version, 0x0303))
    #expect(Self.read(Hellos.records(message, version: version)) == .hello(.text("x"), .absent))
  }

  @Test func withoutExtensions() {
    #expect(Self.read(Hellos.records(Hellos.message(nil))) == .hello(.absent, .absent))
    #expect(Self.read(Hellos.records(Hellos.message([]))) == .hello(.absent, .absent))
    #expect(Self.read(Hellos.records(Hellos.message([Hellos.extensionOf(0, [0, 0])]))) == .hello(.absent, .absent))
  }

  @Test func otherKindsOfNamesArePassedOver() {
    let names = [5, 0, 2, 1, 2, 0, 0, 1, 0x61, 0, 0, 1, 0x62] as [UInt8]
    let message = Hellos.message([Hellos.extensionOf(0, Hellos.vector(names, lengthOctets: 2))])
    #expect(Self.read(Hellos.records(message)) == .hello(.text("a"), .absent))
  }

  @Test func theFirstOfTwoCounts() {
    let message = Hellos.message([Hellos.serverName("a"), Hellos.serverName("b"), Hellos.protocols("x"), Hellos.protocols("y")])
    #expect(Self.read(Hellos.records(message)) == .hello(.text("a"), .text("\u{1}x")))
  }

  /// Once something is told, more octets do not change it.
  @Test(arguments: [Hellos.rfc8448, Hellos.openSSL, Hellos.records(large), Hellos.records(large, 50)]) func inPieces(_ octets: [UInt8]) {
    guard case .hello(let name, let protocols) = Self.read(octets) else {
      Issue.record("no hello")
      return
    }
    for count in 0..<octets.count {
      switch Self.read(octets[..<count]) {
      case .different: Issue.record("\(count) octets are refused")
      case .needMore: #expect(count < 11)
      case .hello(let early, let offered):
        #expect(early == .needMore || early == name)
        #expect(offered == .needMore || offered == protocols)
      }
    }
  }

  @Test func whatIsNoHelloIsToldEarly() {
    for octets in [
      [21], [23], [0x47], [22, 2], [22, 4], [22, 3, 1, 0, 0], [22, 3, 1, 0x40, 1], [22, 3, 1, 0, 100, 2],
      [22, 3, 1, 0, 100, 1, 0, 0, 1, 3, 3],
      [22, 3, 1, 0, 100, 1, 0, 0, 90, 2, 0], [22, 3, 1, 0, 1, 1, 23], [0x80, 0x2e, 1, 3, 1],
    ] as [[UInt8]] { #expect(Self.read(octets) == .different, "\(octets)") }
  }

  /// Lengths that do not fit end the hello where they stand.
  @Test func wrongLengthsEndAHello() {
    let message = Hellos.message([Hellos.protocols("h2"), Hellos.serverName("example.org")])
    #expect(message.count == 110)
    for (offset, octet) in [
      // Session, cipher suites, compression, extensions.
      (38, 33), (38, 31), (71, 1), (72, 0), (72, 3), (77, 0), (80, 0),
      // The protocols: extension, list, name.
      (84, 6), (86, 2), (87, 3), (87, 0),
      // The server's name: extension, list, type, name.
      (93, 17), (95, 13), (96, 1), (98, 12), (98, 0),
    ] as [(Int, UInt8)] {
      var broken = message
      broken[offset] = octet
      let answer = Self.read(Hellos.records(broken))
      #expect(answer != .hello(.text("example.org"), .text("\u{2}h2")), "\(offset): \(answer)")
    }
    var longer = Self.read(Hellos.records(Hellos.message([Hellos.extensionOf(16, [0, 3, 1, 0x61, 5])])))
    #expect(longer == .hello(.absent, .absent))
    longer = Self.read(Hellos.records(Hellos.message([Hellos.extensionOf(16, [0, 1, 0])])))
    #expect(longer == .hello(.absent, .absent))
  }
}

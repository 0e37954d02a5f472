import Testing

@testable import TCPEngine

@Suite struct HTTPConnectionFieldTests {
  private func read(_ text: String) -> Reading<HTTPConnectionField> {
    Array(text.utf8).withUnsafeBytes { HTTPConnectionField.read($0.baseAddress!, count: $0.count) }
  }

  /// The value that was found, white space and all.
  private func value(_ text: String) -> String? {
    guard case .found(let field) = read(text) else { return nil }
    let start = Int(field.value.offset)
    return String(decoding: Array(text.utf8)[start..<start + Int(field.value.count)], as: UTF8.self)
  }

  @Test func theLastOfThemCounts() {
    #expect(value("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == "")
    #expect(value("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n") == " keep-alive")
    #expect(value("GET / HTTP/1.0\nCONNECTION:close\nconnection:\tTE , x \n\nConnection: no field\r\n\r\n") == "\tTE , x ")
    #expect(value("GET / HTTP/1.1\r\nConnections: a\r\nConnection : b\r\n\r\n") == "")
  }

  @Test(arguments: [
    ("close", [true, false, true]), (" Close\t", [true, false, true]), ("CLOSE", [true, false, true]), ("close, TE", [true, false, true]),
    ("keep-alive", [false, false, false]), ("clos", [false, false, true]), ("closed", [false, false, true]), ("", [false, false, false]),
    (" , ,", [false, false, false]), (" Keep-Alive , keep-alive", [false, false, false]), ("keep-alive, TE", [false, false, true]),
    ("TE,close", [true, false, true]), ("Upgrade", [false, true, true]), ("keep-alive,\tupgrade", [false, true, true]),
    ("Upgrade, HTTP2-Settings", [false, true, true]), ("upgraded", [false, false, true]),
    ("close\r\nX: a\r\nConnection: keep-alive", [true, false, false]), ("TE\r\nconnection: keep-alive", [false, false, false]),
    ("keep-alive\r\nConnection: upgrade", [false, true, true]),
  ])
  func options(_ value: String, _ expected: [Bool]) {
    guard case .found(let field) = read("GET / HTTP/1.1\r\nConnection:\(value)\r\n\r\n") else {
      Issue.record("not found")
      return
    }
    #expect([field.closes, field.upgrades, field.hasOthers] == expected)
  }

  @Test func whatIsNotWholeWaits() {
    let text = "POST /a HTTP/1.1\r\nHost: b\r\nConnection: keep-alive\r\n\r\n"
    for count in 0..<text.utf8.count { #expect(read(String(decoding: text.utf8.prefix(count), as: UTF8.self)).isOpen, "\(count)") }
    #expect(!read(text).isOpen)
    #expect(read("SSH-2.0\r\n\r\n") == .different)
  }

  /// RFC 9112 5.2: the field before goes on, so that it would not end where it seems to.
  @Test(arguments: ["Connection: keep-alive,\r\n foo", "Connection: TE\n\tfoo", "X: y\r\n z", " x"]) func foldedLinesAreLeftAlone(
    _ fields: String
  ) {
    #expect(read("GET / HTTP/1.1\r\n\(fields)\r\n\r\n") == .different)
  }

  @Test func nothingBeyondIsRead() {
    let text = Array("GET / HTTP/1.1\r\nConnection: keep-alive\r\n".utf8)
    for count in 0...text.count {
      let memory = GuardedMemory(text.prefix(count))
      #expect(HTTPConnectionField.read(memory.bytes, count: count).isOpen)
    }
  }
}

extension Reading where Value == HTTPConnectionField {
  fileprivate static func == (first: Self, second: Self) -> Bool {
    switch (first, second) {
    case (.found(let one), .found(let other)): one == other
    case (.needMore, .needMore), (.different, .different): true
    default: false
    }
  }
}

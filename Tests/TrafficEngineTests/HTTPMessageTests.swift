import Testing

@testable import TCPEngine

/// What is sent: bodies, chunks, requests and queues of answers, each the same from every place on.
@Suite struct HTTPMessageTests {
  static func octets(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
    var memory = [UInt8](repeating: 0xee, count: count + 16)
    memory.withUnsafeMutableBytes { write($0.baseAddress! + 8) }
    #expect(memory.prefix(8).allSatisfy { $0 == 0xee } && memory.suffix(8).allSatisfy { $0 == 0xee }, "written beyond its room")
    return Array(memory[8..<count + 8])
  }

  static func line(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 15 - digits.count) + digits + "\n"
  }

  static func body(_ count: Int) -> [UInt8] { Array((0...count / 16).flatMap { Array(line($0).utf8) }.prefix(count)) }

  @Test func bodiesTellTheirPlaces() {
    let whole = Self.body(5_000)
    for (from, count) in [(0, 5_000), (0, 1), (15, 2), (16, 16), (7, 100), (4_090, 900), (33, 0), (160, 1_460), (1_000, 1_461)] {
      #expect(Self.octets(count) { HTTPBody.write(UInt32(from), into: $0, count: count) } == Array(whole[from..<from + count]))
    }
    for place in [0xabc_def0, 1_999_999_984] {
      #expect(Self.octets(16) { HTTPBody.write(UInt32(place), into: $0, count: 16) } == Array(Self.line(place / 16).utf8))
    }
  }

  @Test func everyWrongOctetIsSeen() {
    for from in [0, 3, 16] {
      var octets = Array(Self.body(200)[from...])
      #expect(octets.withUnsafeBytes { HTTPBody.matches(UInt32(from), $0.baseAddress!, count: $0.count) })
      for index in octets.indices {
        octets[index] ^= 1
        #expect(!octets.withUnsafeBytes { HTTPBody.matches(UInt32(from), $0.baseAddress!, count: $0.count) }, "\(index)")
        octets[index] ^= 1
      }
    }
  }

  static func chunked(_ body: Int, _ size: Int) -> [UInt8] {
    var text: [UInt8] = []
    let octets = Self.body(body)
    for from in stride(from: 0, to: body, by: size) {
      let count = min(size, body - from)
      text += Array("\(String(count, radix: 16))\r\n".utf8) + octets[from..<from + count] + Array("\r\n".utf8)
    }
    return text + Array("0\r\n\r\n".utf8)
  }

  @Test(arguments: [(0, 10), (1, 1), (10, 10), (10, 3), (100, 16), (100, 17), (100, 1_000), (50, 1)]) func chunks(_ body: Int, _ size: Int)
  {
    let expected = Self.chunked(body, size)
    let chunks = HTTPChunks(body: body, size: size)
    #expect(Int(chunks.length) == expected.count && HTTPChunks.length(of: body, size: size) == expected.count)
    for from in 0..<expected.count {
      for count in [1, 2, 7, expected.count - from] where from + count <= expected.count {
        #expect(Self.octets(count) { chunks.write(UInt32(from), into: $0, count: count) } == Array(expected[from..<from + count]))
      }
    }
  }

  static func answers(_ body: Int, chunk: Int = 0) -> HTTPAnswers {
    var settings = HTTPSettings()
    settings.bodySize = body
    settings.chunkSize = chunk
    return HTTPAnswers(settings)
  }

  @Test(arguments: [0, 7]) func answersInAnyOrder(chunk: Int) {
    let answers = Self.answers(20, chunk: chunk)
    let kinds = [HTTPAnswers.whole, HTTPAnswers.whole, HTTPAnswers.head, HTTPAnswers.wholeOld, HTTPAnswers.whole | HTTPAnswers.closing]
    var stream: [UInt8] = []
    var queue = HTTPAnswerQueue()
    for kind in kinds {
      let fits = queue.append(kind, answers)
      #expect(fits)
      let length = Int(answers[kind].pointee.length)
      var from = 0
      while from < length {
        let step = min(5, length - from)
        var written = 0
        stream += Self.octets(step) { written = answers.write(kind, from: UInt32(from), into: $0, room: step) }.prefix(written)
        from += written
      }
    }
    let fits = queue.append(HTTPAnswers.badRequest, answers)
    #expect(!fits, "four runs of a kind are all there is room for")
    let end = queue.give(sent: 0)
    #expect(Int(end) == stream.count)
    let text = String(decoding: stream, as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.contains("Connection: close") && text.contains("Content-Length: 20"))
    var forgotten = 0
    for acknowledged in 0...stream.count {
      queue.forget(acknowledged: UInt32(acknowledged), answers)
      forgotten = max(forgotten, acknowledged)
      for count in [1, 9, stream.count - acknowledged] where count > 0 && acknowledged + count <= stream.count {
        let octets = Self.octets(count) { queue.write(offset: UInt32(acknowledged), into: $0, count: count, answers) }
        #expect(octets == Array(stream[acknowledged..<acknowledged + count]), "\(acknowledged) \(count)")
      }
    }
    let fitsNow = queue.append(HTTPAnswers.badRequest, answers)
    #expect(fitsNow && forgotten == stream.count)
  }

  @Test func whatIsAsOldAsHTTP10KnowsNoChunks() {
    let answers = Self.answers(20, chunk: 7)
    for kind in [HTTPAnswers.wholeOld, HTTPAnswers.headOld] {
      for closing in [0, HTTPAnswers.closing] {
        let length = Int(answers[kind | closing].pointee.length)
        let text = String(
          decoding: Self.octets(length) { _ = answers.write(kind | closing, from: 0, into: $0, room: length) }, as: UTF8.self)
        #expect(text.contains("Content-Length: 20\r\n") && !text.contains("chunked"), "RFC 9112 6.1")
        #expect(text.contains(closing > 0 ? "Connection: close" : "Connection: keep-alive"))
      }
    }
  }

  /// Offsets come around, and more is owed than offsets can say.
  @Test func manyLargeAnswers() {
    let answers = Self.answers(2_000_000_000)
    let each = UInt64(answers[HTTPAnswers.whole].pointee.length)
    var queue = HTTPAnswerQueue()
    for _ in 0..<10 {
      let fits = queue.append(HTTPAnswers.whole, answers)
      #expect(fits)
    }
    var sent: UInt64 = 0
    while true {
      let end = queue.give(sent: UInt32(truncatingIfNeeded: sent))
      let ahead = UInt64(end &- UInt32(truncatingIfNeeded: sent))
      if ahead == 0 { break }
      #expect(ahead <= 1 << 30)
      // The last octets before and the first of what was sent next.
      let count = Int(min(ahead, 20))
      let octets = Self.octets(count) { queue.write(offset: UInt32(truncatingIfNeeded: sent), into: $0, count: count, answers) }
      let place = UInt32(sent % each)
      var expected: [UInt8] = []
      while expected.count < count {
        let at = (place &+ UInt32(expected.count)) % UInt32(each)
        expected += Self.octets(1) { _ = answers.write(HTTPAnswers.whole, from: at, into: $0, room: 1) }
      }
      #expect(octets == expected, "\(sent)")
      sent += min(ahead, 777_777_777)
      queue.forget(acknowledged: UInt32(truncatingIfNeeded: sent), answers)
    }
    #expect(sent == 10 * each && queue.isSettled(acknowledged: UInt32(truncatingIfNeeded: sent)))
    #expect(!queue.isSettled(acknowledged: UInt32(truncatingIfNeeded: sent) &- 1))
  }

  @Test func requestTexts() {
    var settings = HTTPSettings()
    settings.headers = ["X-One: 1", "user-agent: me"]
    settings.path = "/a?b"
    settings.requestBodySize = 5
    settings.method = "POST"
    func text(_ port: UInt16, _ host: String?) -> String {
      settings.host = host
      let text = HTTPRequest(settings, target: Target(id: "a", address: IPv4Address(0x0a00_0002), port: port)).lastText
      return String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: Int(text.count)), as: UTF8.self)
    }
    #expect(
      text(80, nil)
        == "POST /a?b HTTP/1.1\r\nHost: 10.0.0.2\r\nAccept: */*\r\nContent-Length: 5\r\nConnection: close\r\nX-One: 1\r\nuser-agent: me\r\n\r\n"
    )
    #expect(text(8080, nil).contains("\r\nHost: 10.0.0.2:8080\r\n") && text(80, "web").contains("\r\nHost: web\r\n"))
  }
}

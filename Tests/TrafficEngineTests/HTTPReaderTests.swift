import Testing

@testable import TCPEngine

/// Messages of HTTP/1.1, whole and cut at every place.
@Suite struct HTTPReaderTests {
  static let words = HTTPWords()

  /// What a text was read as.
  struct Reading: Equatable {
    var codes: [UInt16] = []
    var persists: [Bool] = []
    var interim = 0
    var body: [UInt8] = []
    var isMalformed = false
    var isComplete = true
    var place = HTTPReader.Place.version
  }

  /// Reads a text in pieces that end at these places.
  static func read(_ text: String, cuts: [Int] = [], requests: Bool = false, head: Bool = false) -> Reading {
    let octets = Array(text.utf8)
    var reading = Reading()
    func start() -> HTTPReader { requests ? HTTPReader() : HTTPReader(responseToHead: head) }
    var reader = start()
    var from = 0
    for cut in cuts + [octets.count] {
      // A piece has memory of its own, so that nothing beyond it can be read.
      let piece = Array(octets[from..<cut])
      from = cut
      piece.withUnsafeBytes { bytes in
        var at = 0
        while at < bytes.count, !reading.isMalformed {
          let step = reader.read(bytes.baseAddress! + at, count: bytes.count - at, words)
          #expect(step.count > 0)
          if step.event == .body { reading.body += bytes[at..<at + step.count] }
          if step.event == .interim { reading.interim += 1 }
          if step.event == .malformed { reading.isMalformed = true }
          at += step.count
          if reader.isFinished {
            reading.codes.append(reader.code)
            reading.persists.append(reader.persists)
            reader = start()
          }
        }
      }
    }
    reading.isComplete = reader.isAtStart
    reading.place = reader.place
    return reading
  }

  /// Every cut in two, and octet by octet, is read as the whole is.
  static func readEveryWay(_ text: String, requests: Bool = false, head: Bool = false, _ location: SourceLocation = #_sourceLocation)
    -> Reading
  {
    let whole = read(text, requests: requests, head: head)
    let count = text.utf8.count
    for cut in 0...count {
      #expect(read(text, cuts: [cut], requests: requests, head: head) == whole, "cut at \(cut)", sourceLocation: location)
    }
    #expect(read(text, cuts: Array(0..<count), requests: requests, head: head) == whole, sourceLocation: location)
    return whole
  }

  static func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

  @Test func lengthGiven() {
    let reading = Self.readEveryWay(
      "HTTP/1.1 200 OK\r\nServer: x\r\nCONTENT-length:  5 \r\n\r\nhelloHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    #expect(reading.codes == [200, 404] && reading.persists == [true, true] && Self.text(reading.body) == "hello")
    #expect(reading.isComplete && !reading.isMalformed)
  }

  @Test func chunks() {
    let reading = Self.readEveryWay(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 99\r\n\r\n"
        + "5\r\nhello\r\n00000A;name=\"a b\";x\r\n, world...\r\n1 \r\n!\r\n0;last\r\nTrailer: a\r\nOther: b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    )
    #expect(reading.codes == [200, 204] && Self.text(reading.body) == "hello, world...!" && reading.isComplete && !reading.isMalformed)
  }

  @Test func emptyChunkedBody() {
    let reading = Self.readEveryWay("HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n0\r\n\r\n")
    #expect(reading.codes == [200] && reading.body.isEmpty && reading.isComplete)
  }

  @Test func interimResponses() {
    let reading = Self.readEveryWay(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    #expect(reading.codes == [200] && reading.interim == 2 && Self.text(reading.body) == "ok")
  }

  @Test func statusesWithoutBody() {
    let reading = Self.readEveryWay("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    #expect(reading.codes == [304, 204] && reading.isComplete)
    let toHead = Self.readEveryWay(
      "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head: true)
    #expect(toHead.codes == [200, 200] && toHead.isComplete)
  }

  @Test func untilTheConnectionCloses() {
    let reading = Self.readEveryWay("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nall the rest\r\n")
    #expect(reading.codes.isEmpty && reading.place == .untilClose && Self.text(reading.body) == "all the rest\r\n")
  }

  @Test func persistence() {
    func persists(_ version: String, _ connection: String) -> Bool {
      Self.readEveryWay("\(version) 200 OK\r\nConnection: \(connection)\r\nContent-Length: 0\r\n\r\n").persists == [true]
    }
    #expect(persists("HTTP/1.1", "Keep-Alive") && persists("HTTP/1.1", "upgrade") && persists("HTTP/1.0", "keep-alive"))
    #expect(!persists("HTTP/1.1", "close") && !persists("HTTP/1.1", "upgrade,CLOSE") && !persists("HTTP/1.0", "x, y"))
    #expect(persists("HTTP/1.1", "closed") && persists("HTTP/1.1", "clos"))
    func chunked(_ version: String) -> [Bool] {
      Self.readEveryWay("\(version) 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").persists
    }
    #expect(chunked("HTTP/1.1") == [true] && chunked("HTTP/1.0") == [false], "RFC 9112 6.1")
  }

  @Test func bareLineFeedsAndNoReason() {
    let reading = Self.readEveryWay("HTTP/1.1 200\nContent-Length: 1\n\naHTTP/1.1 201 \r\nContent-Length: 1\r\n\r\nb")
    #expect(reading.codes == [200, 201] && Self.text(reading.body) == "ab")
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "SSH-2.0-OpenSSH\r\n",
    "HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.x 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
    "HTTP/1.1 200 OK\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length:\r\nX: y\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length:\r\n \r\n\r\n",
    "HTTP/1.1 100 OK\r\nX: y\r\n\r\n z\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\rx", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\rx",
  ])
  func malformedResponses(_ text: String) {
    #expect(Self.readEveryWay(text).isMalformed)
  }

  @Test func requests() {
    let reading = Self.readEveryWay(
      "\r\n\nGET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nHEAD * HTTP/1.0\r\n\r\nPOST / HTTP/1.1\r\nHost:\r\nContent-Length: 3\r\n\r\nabc"
        + "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nhost:a.b:80\r\n\r\n2\r\nde\r\n0\r\n\r\n"
        + "get / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\nDELETE / HTTP/1.1\nHost: a\n\n",
      requests: true)
    #expect(
      reading.codes == [HTTPWords.get, HTTPWords.head, HTTPWords.post, HTTPWords.post, 0, 0]
        && reading.persists == [true, false, true, true, false, true] && Self.text(reading.body) == "abcde" && reading.isComplete)
  }

  /// RFC 9112 3.2, RFC 3986 3.2.2
  @Test(arguments: [
    ("Host: a", true), ("Host:a.example:8080 ", true), ("Host:", true), ("Host: :80", true), ("Host: a:", true),
    ("HOST: 10.0.0.1:80", true),
    ("Host: [2001:db8::1]:80", true), ("Host: [::1]", true), ("Host: a_b~%20!$&'()*+,;=", true), ("X: y", false),
    ("Host: a\r\nHost: a", false), ("Host: a b", false), ("Host: a/b", false), ("Host: a?", false), ("Host: u@a", false),
    ("Host: a:b", false), ("Host: a:80:80", false), ("Host: [::1", false), ("Host: [::1]a", false), ("Host: [::1] :80", false),
    ("Host: [: :1]", false), ("Host: \"a\"", false), ("Host: a]", false), ("Host: ]", false),
  ])
  func aRequestNamesOneHost(_ field: String, _ isRight: Bool) {
    let reading = Self.readEveryWay("GET / HTTP/1.1\r\n\(field)\r\n\r\n", requests: true)
    #expect(reading.isMalformed != isRight && reading.codes.isEmpty != isRight)
    // An old client need not, but may not name two.
    let isMissing = field.hasPrefix("X")
    #expect(Self.readEveryWay("GET / HTTP/1.0\r\n\(field)\r\n\r\n", requests: true).isMalformed != (isRight || isMissing))
    // To a response it means nothing.
    #expect(!Self.readEveryWay("HTTP/1.1 204 No\r\n\(field)\r\n\r\n").isMalformed)
  }

  /// RFC 9110 5.5, RFC 9112 2.2: NUL, and a carriage return that ends no line, have no place in what is read over; other controls may stay.
  @Test(arguments: ["\0", "\rb", "\r\r"]) func controlsInWhatIsReadOver(_ control: String) {
    func response(_ reason: String = "", _ value: String = "", _ rest: String = "", _ trailer: String = "") -> String {
      "HTTP/1.1 200 O\(reason)K\r\nServer: a b c d e\(value)fghijk\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\(rest)y\r\na\r\n0\r\nT: \(trailer)z\r\n\r\n"
    }
    for place in 0..<4 {
      let texts = (0..<4).map { $0 == place ? control : "" }
      #expect(Self.readEveryWay(response(texts[0], texts[1], texts[2], texts[3])).isMalformed, "place \(place)")
    }
    #expect(Self.readEveryWay("GET / HTTP/1.1\r\nHost: a\r\nX: 012345678\(control)9\r\n\r\n", requests: true).isMalformed)
    #expect(Self.readEveryWay("HTTP/1.1 200\(control)\r\n\r\n").isMalformed)
    #expect(Self.readEveryWay("HTTP/1.1 200 OK\r\nConnection: a\0, close\r\n\r\n").isMalformed)
    let reading = Self.readEveryWay(response("\t\u{1}\u{b}", "\t\t\u{c}\u{1f}\u{7f}\u{80}", "\t", "\u{8}\t"))
    #expect(reading.codes == [200] && Self.text(reading.body) == "a" && reading.isComplete)
  }

  /// RFC 9112 5.2
  @Test func foldedLinesOfResponses() {
    let reading = Self.readEveryWay(
      "HTTP/1.1 200 OK\r\nServer: x\r\n y\r\n\tz\r\nContent-Length:\r\n  \r\n 3\r\n \r\nConnection: keep-alive,\r\n close\r\n\r\nabc")
    #expect(reading.codes == [200] && reading.persists == [false] && Self.text(reading.body) == "abc" && reading.isComplete)
    let chunked = Self.readEveryWay(
      "HTTP/1.1 200 OK\nTransfer-Encoding: gzip,\n\tchunked\nX:\n \n\n1\na\n0\n\nHTTP/1.1 204 No\r\n\r\n")
    #expect(chunked.codes == [200, 204] && Self.text(chunked.body) == "a" && chunked.isComplete)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nX: a\r\n b\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "GET /\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET / HTTP/3.0\r\n\r\n",
    "GET /a b HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}",
    "GET /\u{7f} HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n",
  ])
  func malformedRequests(_ text: String) {
    #expect(Self.readEveryWay(text, requests: true).isMalformed)
  }

  @Test func expectations() {
    func expects(_ value: String) -> Bool {
      var reader = HTTPReader()
      let octets = Array("POST / HTTP/1.1\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 9\r\n\r\n".utf8)
      _ = octets.withUnsafeBytes { reader.read($0.baseAddress!, count: $0.count, Self.words) }
      return reader.expectsContinue && reader.hasBody
    }
    #expect(expects("100-continue") && expects("100-Continue") && !expects("100") && !expects("200-ok"))
  }

  @Test(arguments: [65_000, 65_536, 65_537, 200_000]) func linesAreLimited(_ size: Int) {
    let start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
    for field in ["", "\r\nName: some value"] {
      let room = size - start.utf8.count - 4
      let fields = String(repeating: field, count: room / (field.utf8.count + 1))
      let padding = fields + String(repeating: "a", count: room - fields.utf8.count)
      for cuts in [[], [1], [size / 2], [size - 2]] {
        let reading = Self.read(start + padding + "\r\n\r\n", cuts: cuts)
        #expect(reading.isMalformed == (size > 65_536), "\(size) \(field) \(cuts)")
      }
    }
    let long = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: size) + "\r\na\r\n0\r\n\r\n"
    #expect(Self.read(long).isMalformed == (size + 4 > 65_536))
  }

  /// Many chunks have more lines than a message may have fields.
  @Test func linesOfChunksAreCountedEach() {
    let chunks = String(repeating: "1;0123456789\r\na\r\n", count: 10_000)
    let reading = Self.read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n", cuts: [100, 5_000, 77_777])
    #expect(reading.codes == [200] && reading.body.count == 10_000)
  }

  @Test func bodyLongerThanFourGibibytes() {
    var reader = HTTPReader(responseToHead: false)
    let octets = Array("HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n".utf8)
    octets.withUnsafeBytes { bytes in
      let fields = reader.read(bytes.baseAddress!, count: bytes.count, Self.words)
      #expect(fields.event == .fields && reader.remaining == 5_000_000_000)
      // Only counted: the octets are not looked at.
      for _ in 0..<5 {
        #expect(!reader.isFinished)
        let step = reader.read(bytes.baseAddress!, count: 1_000_000_000, Self.words)
        #expect(step.count == 1_000_000_000)
      }
      #expect(reader.isFinished)
    }
  }
}

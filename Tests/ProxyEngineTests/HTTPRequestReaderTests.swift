import Testing

@testable import TCPEngine

@Suite struct HTTPRequestReaderTests {
  struct Request: Equatable {
    var method = ""
    var path = ""
    var host = ""
  }

  enum Answer: Equatable {
    case needMore
    case found(Request)
    case different
  }

  static func read(_ octets: some Collection<UInt8>) -> Answer {
    withOctets(octets) { bytes, count in
      func text(_ range: OctetRange) -> String {
        String(decoding: UnsafeRawBufferPointer(start: bytes + Int(range.offset), count: Int(range.count)), as: UTF8.self)
      }
      switch HTTPRequestReader.readLine(bytes, count: count) {
      case .needMore: return .needMore
      case .different: return .different
      case .found(let line):
        switch HTTPRequestReader.readHost(bytes, count: count, line) {
        case .needMore: return .needMore
        case .different: return .different
        case .found(let host): return .found(Request(method: text(line.method), path: text(line.path), host: text(host)))
        }
      }
    }
  }

  private func read(_ text: String) -> Answer { Self.read(Array(text.utf8)) }

  private func request(_ method: String, _ path: String, _ host: String) -> Answer {
    .found(Request(method: method, path: path, host: host))
  }

  static let good: [(text: String, method: String, path: String, host: String)] = [
    ("GET /where?q=now HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "GET", "/where", "www.example.org"),
    ("GET / HTTP/1.1\r\nhOsT:www.example.org:8080\r\n\r\n", "GET", "/", "www.example.org"),
    ("GET / HTTP/1.1\r\nHost: \t example.org \t \r\n\r\n", "GET", "/", "example.org"),
    ("GET / HTTP/1.1\nHost: example.org\n\n", "GET", "/", "example.org"),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "a"),
    ("GET / HTTP/1.1\r\nUser-Agent: x y: z\r\nHosts: not\r\nXost: not\r\nHost: a\r\n\r\n", "GET", "/", "a"),
    ("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "GET", "/", "[2001:db8::1]"),
    ("GET / HTTP/1.1\r\nHost: \r\n\r\n", "GET", "/", ""),
    ("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", "GET", "/", ""),
    ("GET / HTTP/1.0\r\n\r\n", "GET", "/", ""),
    ("GET / HTTP/1.0\n\n", "GET", "/", ""),
    (
      "GET http://www.example.org/pub/WWW/TheProject.html HTTP/1.1\r\nHost: other\r\n\r\n", "GET", "/pub/WWW/TheProject.html",
      "www.example.org"
    ),
    ("GET HTTPS://www.example.org:443?x HTTP/1.1\r\nHost: other\r\n\r\n", "GET", "/", "www.example.org"),
    ("GET http://example.org HTTP/1.1\r\n\r\n", "GET", "/", "example.org"),
    ("CONNECT www.example.com:80 HTTP/1.1\r\nHost: other\r\n\r\n", "CONNECT", "", "www.example.com"),
    ("OPTIONS * HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "OPTIONS", "*", "www.example.org"),
    ("M-SEARCH /a#b HTTP/1.1\r\nHost: x\r\n\r\n", "M-SEARCH", "/a", "x"),
    ("GET /caf\u{e9} HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/caf\u{e9}", "x"),
    // What follows the Host field is the server's business.
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n folded\r\n", "GET", "/", "a"),
  ]

  @Test func theirHost() {
    for one in Self.good { #expect(read(one.text) == request(one.method, one.path, one.host), "\(one.text)") }
  }

  @Test func inPieces() {
    for one in Self.good {
      let octets = Array(one.text.utf8)
      let whole = Self.read(octets)
      for count in 0..<octets.count {
        let part = Self.read(octets[..<count])
        #expect(part == .needMore || part == whole, "\(one.text.prefix(count))")
      }
    }
  }

  @Test(arguments: [
    "GET  / HTTP/1.1\r\n", " GET / HTTP/1.1\r\n", "GET /\r\n", "GET / HTTP/2.0\r\n", "GET / HTTP/1.x\r\n", "GET / http/1.1\r\n",
    "GET / HTTP/1.11\r\n", "GET / HTTP/1.1 \r\n", "GET / HTTP/1.1\rX", "GET /\u{7f} HTTP/1.1\r\n", "G@T / HTTP/1.1\r\n",
    "GET\t/ HTTP/1.1\r\n",
    "GET path HTTP/1.1\r\n", "GET http:/x HTTP/1.1\r\n", "GET http:///x HTTP/1.1\r\n", "GET ://x/ HTTP/1.1\r\n",
    "GET http://user@example.org/ HTTP/1.1\r\n", "CONNECT :80 HTTP/1.1\r\n", "CONNECT a:b HTTP/1.1\r\n", "CONNECT [::1 HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}", "SSH-2.0-OpenSSH_9.2p1\r\n",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "GET / HTTP/1.1\r\nHost : a\r\n", "GET / HTTP/1.1\r\n Host: a\r\n", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\nHost: a\r\n",
    "GET / HTTP/1.1\r\n: a\r\n", "GET / HTTP/1.1\r\nno colon\r\n", "GET / HTTP/1.1\r\n\rX", "GET / HTTP/1.1\r\nHost: a b\r\n",
    "GET / HTTP/1.1\r\nHost: a/b\r\n", "GET / HTTP/1.1\r\nHost: u@a\r\n", "GET / HTTP/1.1\r\nHost: a:8x\r\n",
    "GET / HTTP/1.1\r\nHost: a\rb\r\n",
    "GET / HTTP/1.1\r\nHost: [::1\r\n",
  ]) func isRefused(_ text: String) { #expect(read(text) == .different) }

  @Test(arguments: ["", "\r\n", "G", "GET", "GET ", "GET /", "GET / ", "GET / HTTP/1.", "GET / HTTP/1.1", "GET / HTTP/1.1\r", "POST"])
  func isWaitedFor(_ text: String) { #expect(read(text) == .needMore) }
}

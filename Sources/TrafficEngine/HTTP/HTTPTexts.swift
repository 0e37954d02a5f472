/// The request that a client sends to a target, again and again; the last of a connection says that it is.
struct HTTPRequest: BitwiseCopyable, Sendable {
  let text: HTTPText
  let lastText: HTTPText

  init(_ settings: HTTPSettings, target: Target) {
    func text(isLast: Bool) -> HTTPText {
      let given = settings.headers
      func isGiven(_ name: String) -> Bool { given.contains { $0.lowercased().hasPrefix(name.lowercased() + ":") } }
      var lines = ["\(settings.method) \(settings.path) HTTP/1.1", "Host: \(settings.host ?? target.host)"]
      if !isGiven("User-Agent") { lines.append("User-Agent: trafficengine") }
      if !isGiven("Accept") { lines.append("Accept: */*") }
      if settings.requestBodySize > 0 { lines.append("Content-Length: \(settings.requestBodySize)") }
      if isLast { lines.append("Connection: close") }
      return HTTPText((lines + given).map { $0 + "\r\n" }.joined() + "\r\n")
    }
    self.text = text(isLast: false)
    lastText = text(isLast: true)
  }
}

extension Target {
  /// As the Host field has it (RFC 9110 7.2).
  fileprivate var host: String { port == WorkloadKind.http.defaultPort ? "\(address)" : "\(address):\(port)" }
}

/// What a server answers, by kind. Kinds are numbers so that they can be kept in a few bits.
struct HTTPAnswers: BitwiseCopyable, @unchecked Sendable {
  typealias Kind = UInt32

  enum Form: UInt8, BitwiseCopyable {
    case noBody
    case plain
    case chunked
  }

  struct Answer: BitwiseCopyable, Sendable {
    let text: HTTPText
    let form: Form
    /// Octets of it all.
    let length: UInt32
  }

  // In pairs: the connection goes on; it closes behind the answer.
  static var whole: Kind { 0 }
  /// To HTTP/1.0, which knows no chunks.
  static var wholeOld: Kind { 2 }
  static var head: Kind { 4 }
  static var headOld: Kind { 6 }
  static var closing: Kind { 1 }
  static var proceed: Kind { 8 }
  static var badRequest: Kind { 9 }
  static var notImplemented: Kind { 10 }
  static var kinds: Int { 11 }

  private let table: UnsafePointer<Answer>
  let chunks: HTTPChunks

  init(_ settings: HTTPSettings) {
    let isChunked = settings.chunkSize > 0
    let chunks = HTTPChunks(body: settings.bodySize, size: isChunked ? settings.chunkSize : max(1, settings.bodySize))
    self.chunks = chunks

    func answer(_ status: String, _ fields: [String], _ form: Form = .noBody) -> Answer {
      let text = HTTPText((["HTTP/1.1 \(status)"] + fields).map { $0 + "\r\n" }.joined() + "\r\n")
      let body =
        switch form {
        case .noBody: UInt32(0)
        case .plain: UInt32(settings.bodySize)
        case .chunked: chunks.length
        }
      return Answer(text: text, form: form, length: text.count + body)
    }
    func ok(closes: Bool, chunked: Bool, _ form: Form) -> Answer {
      answer(
        "200 OK",
        [
          "Server: trafficengine", "Content-Type: text/plain", "Connection: \(closes ? "close" : "keep-alive")",
          chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(settings.bodySize)",
        ], form)
    }
    let refusal = ["Server: trafficengine", "Connection: close", "Content-Length: 0"]
    let answers =
      [false, true].map { ok(closes: $0, chunked: isChunked, isChunked ? .chunked : .plain) }
      + [false, true].map { ok(closes: $0, chunked: false, .plain) } + [false, true].map { ok(closes: $0, chunked: isChunked, .noBody) }
      + [false, true].map { ok(closes: $0, chunked: false, .noBody) }
      + [answer("100 Continue", []), answer("400 Bad Request", refusal), answer("501 Not Implemented", refusal)]
    let table = UnsafeMutablePointer<Answer>.allocate(capacity: Self.kinds)
    for (index, answer) in answers.enumerated() { (table + index).initialize(to: answer) }
    self.table = UnsafePointer(table)
  }

  @inline(always)
  subscript(kind: Kind) -> UnsafePointer<Answer> { table + Int(kind) }

  /// Writes a part of an answer, `room` octets at most. How many these were.
  @inline(always)
  func write(_ kind: Kind, from offset: UInt32, into bytes: UnsafeMutableRawPointer, room: Int) -> Int {
    let answer = self[kind]
    let head = answer.pointee.text.count
    if offset < head { return answer.pointee.text.write(from: offset, into: bytes, room: room) }
    let count = smaller(Int(answer.pointee.length &- offset), room)
    if answer.pointee.form == .chunked {
      chunks.write(offset &- head, into: bytes, count: count)
    } else {
      HTTPBody.write(offset &- head, into: bytes, count: count)
    }
    return count
  }
}

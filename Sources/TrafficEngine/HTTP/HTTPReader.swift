/// Reads HTTP/1.1 messages (RFC 9112) as they come, cut anywhere: nothing is kept of them but this value.
///
/// What it takes beyond the letter of the RFC: a bare LF as a line's end (2.2), white space around values. What it refuses, though others
/// may take it: two Content-Length fields, a Content-Length beside a transfer coding in a request, folded lines in a request.
struct HTTPReader: BitwiseCopyable, Sendable {
  enum Place: UInt8, BitwiseCopyable {
    // A response's first line.
    case version
    case reason
    // A request's first line.
    case method
    case target
    case requestVersion
    // Fields.
    case lineStart
    case name
    case length
    case tokens
    case host
    case value
    case fieldsEnd
    // Between the octets of a chunked body, and after them.
    case chunkSize
    case chunkExtension
    case chunkEnd
    case trailerStart
    case trailer
    case trailersEnd
    // The octets of a body: text ends here.
    case body
    case chunk
    case untilClose
    // The message has ended.
    case finished
    case malformed
  }

  /// What was read in one go.
  struct Step: BitwiseCopyable {
    enum Event: UInt8, BitwiseCopyable {
      /// Nothing of note.
      case more
      /// All fields; a body may follow.
      case fields
      /// All fields of an interim response (1xx); the response follows.
      case interim
      /// Octets of the body.
      case body
      case malformed
    }
    var event: Event
    var count: Int

    @inline(always)
    init(_ event: Event, _ count: Int) {
      self.event = event
      self.count = count
    }
  }

  private enum Coding: UInt8, BitwiseCopyable {
    case none
    case chunked
    case other
  }

  /// Octets left of the body, or of the chunk; while it is read, the number.
  private(set) var remaining: UInt64 = 0
  /// Octets of the body so far, modulo 2^32.
  private(set) var bodyRead: UInt32 = 0
  /// Octets of lines so far: of the first line and fields, of a chunk's line, of the trailers.
  private var lineOctets: UInt32 = 0
  private var candidates: HTTPWords.Candidates = 0
  /// A response's status code; a request's method as a word, 0 for any other.
  private(set) var code: UInt16 = 0
  private(set) var place: Place
  /// How far a word or line has come.
  private var position: UInt8 = 0
  /// The field whose value is read, or was last, as a word.
  private var field = Self.noField
  private var coding = Coding.none
  private let isRequest: Bool
  /// To a HEAD request, so that no body follows.
  private let answersHead: Bool
  private(set) var isOld = false
  private var closes = false
  private var keepsAlive = false
  private var hasLength = false
  private var hasHost = false
  /// The client waits for a 100 before it sends the body.
  private(set) var expectsContinue = false

  /// There was no field yet.
  private static var noField: UInt8 { 128 }

  /// Lines of a message may take this many octets in sum.
  static var lineLimit: UInt32 { 65_536 }

  /// Before a response.
  @inline(always)
  init(responseToHead: Bool) {
    place = .version
    isRequest = false
    answersHead = responseToHead
  }

  /// Before a request.
  @inline(always)
  init() {
    place = .method
    isRequest = true
    answersHead = false
  }

  /// Nothing of the message has come.
  @inline(always)
  var isAtStart: Bool { (place == .method || place == .version) && position == 0 }

  @inline(always)
  var isFinished: Bool { place == .finished }

  /// A body of unknown length follows, or is being read.
  @inline(always)
  var hasBody: Bool { place == .body || place == .chunkSize }

  /// Whether the connection may carry another message after this one (RFC 9112 9.3).
  @inline(always)
  var persists: Bool { !closes && (keepsAlive || !isOld) && place != .untilClose }

  /// Reads on; the message must not have ended. At least one octet is taken when there is one.
  @inline(never)
  mutating func read(_ bytes: UnsafeRawPointer, count: Int, _ words: HTTPWords) -> Step {
    switch place {
    case .body, .chunk: takeBody(count)
    case .untilClose: takeUntilClose(count)
    default: readLines(bytes, count, words)
    }
  }

  @inline(always)
  private mutating func takeBody(_ count: Int) -> Step {
    let taken = remaining < UInt64(truncatingIfNeeded: count) ? Int(truncatingIfNeeded: remaining) : count
    remaining &-= UInt64(truncatingIfNeeded: taken)
    bodyRead &+= UInt32(truncatingIfNeeded: taken)
    if remaining == 0 { enter(place == .body ? .finished : .chunkEnd) }
    return Step(.body, taken)
  }

  @inline(always)
  private mutating func takeUntilClose(_ count: Int) -> Step {
    bodyRead &+= UInt32(truncatingIfNeeded: count)
    return Step(.body, count)
  }

  @inline(always)
  private mutating func enter(_ next: Place) {
    place = next
    position = 0
  }

  private static var lineFeed: UInt8 { 0x0a }
  private static var carriageReturn: UInt8 { 0x0d }

  @inline(always)
  private mutating func readLines(_ bytes: UnsafeRawPointer, _ count: Int, _ words: HTTPWords) -> Step {
    var at = 0
    while at < count {
      if position == 0, place == .value || place == .reason {
        // What nobody asks for: on to the line's end, or what is not of it.
        let skipped = bytes.distance(toLessThan: Self.carriageReturn &+ 1, from: at, end: count)
        lineOctets &+= UInt32(truncatingIfNeeded: skipped)
        at &+= skipped
        if at == count { break }
      }
      let octet = bytes.octet(at)
      at &+= 1
      lineOctets &+= 1
      if lineOctets > Self.lineLimit { return fail(at) }
      var isRight = true
      switch place {
      case .version: isRight = readVersion(octet)
      case .method: isRight = readMethod(octet, words)
      case .target: isRight = readTarget(octet)
      case .requestVersion: isRight = readRequestVersion(octet)
      case .reason, .value: isRight = readIgnored(octet, before: .lineStart)
      case .lineStart:
        if octet == Self.lineFeed { return endFields(at) }
        isRight = octet > 0x20 ? startLine(octet, words) : startBlankLine(octet)
      case .fieldsEnd:
        if octet == Self.lineFeed { return endFields(at) }
        isRight = false
      case .name: isRight = readName(octet, words)
      case .length: isRight = readLength(octet)
      case .host: isRight = readHost(octet)
      case .tokens:
        readToken(octet, words)
        isRight = octet != 0
      case .chunkSize:
        isRight = readChunkSize(octet)
        if place == .chunk { return Step(.more, at) }
      case .chunkExtension:
        isRight = readIgnored(octet, before: .chunkExtension)
        if octet == Self.lineFeed {
          endChunkSize()
          if place == .chunk { return Step(.more, at) }
        }
      case .chunkEnd: isRight = readChunkEnd(octet)
      case .trailerStart:
        if octet == Self.lineFeed {
          enter(.finished)
          return Step(.more, at)
        }
        enter(octet == Self.carriageReturn ? .trailersEnd : .trailer)
        isRight = octet != 0
      case .trailer: isRight = readIgnored(octet, before: .trailerStart)
      case .trailersEnd:
        if octet == Self.lineFeed {
          enter(.finished)
          return Step(.more, at)
        }
        isRight = false
      case .body, .chunk, .untilClose, .finished, .malformed: return fail(at)
      }
      if !isRight { return fail(at) }
    }
    if lineOctets > Self.lineLimit { return fail(at) }
    return Step(.more, at)
  }

  @inline(never)
  private mutating func fail(_ at: Int) -> Step {
    place = .malformed
    return Step(.malformed, at)
  }

  /// What nobody asks for, up to the line's end; NUL and a carriage return that is not of the line's end are refused (RFC 9110 5.5).
  @inline(always)
  private mutating func readIgnored(_ octet: UInt8, before next: Place) -> Bool {
    if octet == Self.lineFeed {
      enter(next)
      return true
    }
    let isRight = octet != 0 && position == 0
    position = octet == Self.carriageReturn ? 1 : 0
    return isRight
  }

  // MARK: First lines

  /// "HTTP/1." in the order in which it comes.
  private static var protocolName: UInt64 { 0x2e_312f_5054_5448 }

  /// HTTP-version SP status-code SP reason-phrase (RFC 9112 4); other major versions are refused.
  @inline(always)
  private mutating func readVersion(_ octet: UInt8) -> Bool {
    let at = position
    position &+= 1
    switch at {
    case 0...6: return octet == UInt8(truncatingIfNeeded: Self.protocolName &>> UInt64(at &* 8))
    case 7:
      isOld = octet == 0x30
      return Self.isDigit(octet)
    case 8: return octet == 0x20
    case 9...11:
      code = code &* 10 &+ UInt16(octet &- 0x30)
      return Self.isDigit(octet)
    default:
      enter(.reason)
      _ = readIgnored(octet, before: .lineStart)
      return code >= 100 && (octet == 0x20 || octet == Self.carriageReturn || octet == Self.lineFeed)
    }
  }

  @inline(always)
  private mutating func readMethod(_ octet: UInt8, _ words: HTTPWords) -> Bool {
    if position == 0 {
      // Empty lines before a request are passed over (RFC 9112 2.2).
      if octet == Self.carriageReturn || octet == Self.lineFeed { return true }
      candidates = HTTPWords.methods
    }
    if octet == 0x20 {
      code = words.ended(candidates, position)
      let isEmpty = position == 0
      enter(.target)
      return !isEmpty
    }
    advance(octet, words)
    return Self.isLetter(octet) || octet == 0x2d || octet == 0x5f
  }

  @inline(always)
  private mutating func readTarget(_ octet: UInt8) -> Bool {
    if octet == 0x20 {
      let isEmpty = position == 0
      enter(.requestVersion)
      return !isEmpty
    }
    position = 1
    return octet > 0x20 && octet != 0x7f
  }

  @inline(always)
  private mutating func readRequestVersion(_ octet: UInt8) -> Bool {
    let at = position
    position &+= 1
    switch at {
    case 0...6: return octet == UInt8(truncatingIfNeeded: Self.protocolName &>> UInt64(at &* 8))
    case 7:
      isOld = octet == 0x30
      return Self.isDigit(octet)
    case 8 where octet == Self.carriageReturn: return true
    default:
      enter(.lineStart)
      return octet == Self.lineFeed
    }
  }

  // MARK: Fields

  @inline(always)
  private mutating func startLine(_ octet: UInt8, _ words: HTTPWords) -> Bool {
    if lacksLength { return false }
    enter(.name)
    candidates = HTTPWords.names
    return readName(octet, words)
  }

  /// The end of the fields, or more of a response's last one (RFC 9112 5.2), as if there were a space instead of the line's end.
  @inline(never)
  private mutating func startBlankLine(_ octet: UInt8) -> Bool {
    if octet == Self.carriageReturn {
      let isRight = !lacksLength
      enter(.fieldsEnd)
      return isRight
    }
    guard !isRequest, Self.isSpace(octet), field != Self.noField else { return false }
    switch HTTPWords.Candidates(field) {
    case HTTPWords.contentLength: place = .length
    case HTTPWords.transferEncoding, HTTPWords.connection, HTTPWords.expect: enter(.tokens)
    default: enter(.value)
    }
    return true
  }

  /// A line has begun, and the one before was a Content-Length that may only be the beginning of a folded one.
  @inline(always)
  private var lacksLength: Bool { place == .lineStart && field == UInt8(HTTPWords.contentLength) && position == 0 }

  @inline(always)
  private mutating func advance(_ octet: UInt8, _ words: HTTPWords) {
    candidates = words.narrowed(candidates, position, octet)
    if position < HTTPWords.longest { position &+= 1 }
  }

  @inline(always)
  private mutating func readName(_ octet: UInt8, _ words: HTTPWords) -> Bool {
    guard octet == 0x3a else {
      advance(octet, words)
      return octet > 0x20 && octet != 0x7f
    }
    guard position > 0 else { return false }
    return startValue(words.ended(candidates, position))
  }

  @inline(never)
  private mutating func startValue(_ word: HTTPWords.Candidates) -> Bool {
    field = UInt8(truncatingIfNeeded: word)
    candidates = HTTPWords.tokens
    switch word {
    case HTTPWords.contentLength:
      enter(.length)
      let isSecond = hasLength
      hasLength = true
      return !isSecond
    case HTTPWords.transferEncoding, HTTPWords.connection, HTTPWords.expect:
      enter(.tokens)
      if word == HTTPWords.transferEncoding { coding = .other }
    case HTTPWords.host where isRequest:
      enter(.host)
      let isSecond = hasHost
      hasHost = true
      return !isSecond
    default: enter(.value)
    }
    return true
  }

  /// Content-Length = 1*DIGIT (RFC 9110 8.6). Position: 0 before the digits, 1 within, 2 behind them.
  @inline(always)
  private mutating func readLength(_ octet: UInt8) -> Bool {
    if Self.isDigit(octet) {
      let isRight = position < 2 && remaining < 1 << 56
      position = 1
      remaining = remaining &* 10 &+ UInt64(octet &- 0x30)
      return isRight
    }
    if octet == Self.lineFeed {
      // The position stays: a folded line may follow.
      place = .lineStart
      if position == 1 { position = 2 }
      return position > 0 || !isRequest
    }
    if position == 1 { position = 2 }
    return Self.isSpace(octet)
  }

  /// What a Host field's value is made of, by place.
  private enum HostPart {
    static var before: UInt8 { 0 }
    static var name: UInt8 { 1 }
    static var literal: UInt8 { 2 }
    static var literalEnd: UInt8 { 3 }
    static var port: UInt8 { 4 }
    static var after: UInt8 { 5 }
  }

  /// Host = uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2); it may be empty.
  @inline(always)
  private mutating func readHost(_ octet: UInt8) -> Bool {
    if octet == Self.lineFeed {
      let isRight = position != HostPart.literal
      enter(.lineStart)
      return isRight
    }
    if Self.isSpace(octet) {
      if position == HostPart.literal { return false }
      if position != HostPart.before { position = HostPart.after }
      return true
    }
    switch position {
    case HostPart.before where octet == 0x5b: position = HostPart.literal
    case HostPart.before, HostPart.name:
      position = octet == 0x3a ? HostPart.port : HostPart.name
      return octet == 0x3a || Self.isOfName(octet)
    case HostPart.literal:
      if octet == 0x5d { position = HostPart.literalEnd }
      return octet == 0x5d || octet == 0x3a || Self.isOfName(octet)
    case HostPart.literalEnd:
      position = HostPart.port
      return octet == 0x3a
    case HostPart.port: return Self.isDigit(octet)
    default: return false
    }
    return true
  }

  /// Words separated by commas; parameters count as words, and nobody looks for them.
  @inline(always)
  private mutating func readToken(_ octet: UInt8, _ words: HTTPWords) {
    if octet == Self.lineFeed || Self.isSpace(octet) || octet == 0x2c || octet == 0x3b {
      if position > 0 { takeToken(words.ended(candidates, position)) }
      candidates = HTTPWords.tokens
      if octet == Self.lineFeed { enter(.lineStart) } else { position = 0 }
    } else {
      advance(octet, words)
    }
  }

  @inline(always)
  private mutating func takeToken(_ word: HTTPWords.Candidates) {
    switch HTTPWords.Candidates(field) {
    case HTTPWords.connection:
      if word == HTTPWords.close { closes = true }
      if word == HTTPWords.keepAlive { keepsAlive = true }
    case HTTPWords.transferEncoding: coding = word == HTTPWords.chunked ? .chunked : .other  // the last one says how the body ends
    default: if word == HTTPWords.continue100 { expectsContinue = true }
    }
  }

  /// What follows the fields (RFC 9112 6.3).
  @inline(always)
  private mutating func endFields(_ at: Int) -> Step {
    if lacksLength { return fail(at) }
    position = 0
    // HTTP/1.0 knows no transfer codings: what passed one on may have framed it wrongly (RFC 9112 6.1).
    if isOld, coding != .none { closes = true }
    if isRequest {
      // RFC 9112 3.2
      if !hasHost && !isOld { return fail(at) }
      if coding == .other || (coding == .chunked && hasLength) { return fail(at) }
    } else {
      if code < 200 { return endInterim(at) }
      if code == 204 || code == 304 || answersHead { return end(at) }
      if coding == .none, !hasLength { coding = .other }
    }
    return startBody(at)
  }

  @inline(always)
  private mutating func startBody(_ at: Int) -> Step {
    switch coding {
    case .chunked: startChunkSize()
    case .other: place = .untilClose
    case .none: place = hasLength && remaining > 0 ? .body : .finished
    }
    return Step(.fields, at)
  }

  @inline(always)
  private mutating func end(_ at: Int) -> Step {
    place = .finished
    return Step(.fields, at)
  }

  /// 1xx: another response follows. 101 hands the connection to a protocol that nobody asked for.
  @inline(never)
  private mutating func endInterim(_ at: Int) -> Step {
    if code == 101 { return fail(at) }
    self = HTTPReader(responseToHead: answersHead)
    return Step(.interim, at)
  }

  // MARK: Chunks (RFC 9112 7.1)

  @inline(always)
  private mutating func startChunkSize() {
    enter(.chunkSize)
    remaining = 0
    lineOctets = 0
  }

  @inline(always)
  private mutating func readChunkSize(_ octet: UInt8) -> Bool {
    if let digit = Self.hexadecimal(octet) {
      position = 1
      let isRight = remaining < 1 << 56
      remaining = remaining &<< 4 | UInt64(digit)
      return isRight
    }
    guard position > 0 else { return false }
    if octet == Self.lineFeed {
      endChunkSize()
      return true
    }
    enter(.chunkExtension)
    return readIgnored(octet, before: .chunkExtension) && (octet == 0x3b || Self.isSpace(octet))
  }

  @inline(always)
  private mutating func endChunkSize() { enter(remaining == 0 ? .trailerStart : .chunk) }

  /// The line end behind a chunk.
  @inline(always)
  private mutating func readChunkEnd(_ octet: UInt8) -> Bool {
    if octet == Self.carriageReturn, position == 0 {
      position = 1
      return true
    }
    startChunkSize()
    return octet == Self.lineFeed
  }

  // MARK: Octets

  @inline(always)
  private static func isDigit(_ octet: UInt8) -> Bool { octet &- 0x30 < 10 }

  @inline(always)
  private static func isLetter(_ octet: UInt8) -> Bool { (octet | 0x20) &- 0x61 < 26 }

  /// Of a registered name (RFC 3986 3.2.2): unreserved, sub-delims, or of what is percent-encoded.
  @inline(always)
  private static func isOfName(_ octet: UInt8) -> Bool {
    if isDigit(octet) || isLetter(octet) { return true }
    switch octet {
    case 0x2d, 0x2e, 0x5f, 0x7e, 0x25, 0x21, 0x24, 0x26...0x2c, 0x3b, 0x3d: return true
    default: return false
    }
  }

  /// White space within a line, and the carriage return before its end.
  @inline(always)
  private static func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 || octet == carriageReturn }

  @inline(always)
  private static func hexadecimal(_ octet: UInt8) -> UInt8? {
    if isDigit(octet) { return octet &- 0x30 }
    let letter = (octet | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }
}

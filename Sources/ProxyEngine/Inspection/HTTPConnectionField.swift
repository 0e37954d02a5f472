/// What a request says of its connection (RFC 9110 7.6.1, RFC 9112 9.6), and where.
public struct HTTPConnectionField: BitwiseCopyable, Equatable, Sendable {
  /// The value, white space around it included, of the last Connection field, if one is given.
  public var value: OctetRange
  /// That field has options besides `keep-alive`.
  public var hasOthers = false
  /// One of the options, of all such fields, is `close`; is `upgrade`.
  public var closes = false
  public var upgrades = false
  /// Where the first field begins, or the end of the head if there is none.
  public var fields: Int

  /// There is such a field, with a value or without.
  @inline(__always)
  public var isGiven: Bool { value.offset > 0 }

  /// Reads the head of a request. Found: all of it is there. One with folded lines is different. Work: once over its octets.
  @inline(never)
  public static func read(_ bytes: UnsafeRawPointer, count: Int) -> Reading<HTTPConnectionField> {
    let line: HTTPRequestLine
    switch HTTPRequestReader.readLine(bytes, count: count) {
    case .needMore: return .needMore
    case .different: return .different
    case .found(let found): line = found
    }
    var found = HTTPConnectionField(value: .none, fields: Int(line.fields))
    var at = found.fields
    while at < count {
      let length = bytes.distance(to: 0x0a, from: at, end: count)
      guard at &+ length < count else { return .needMore }
      var end = at &+ length
      if end > at, bytes.octet(end &- 1) == 0x0d { end &-= 1 }
      if end == at { return .found(found) }
      // More of the field before (RFC 9112 5.2), which then would not end where it seems to.
      if isBlank(bytes.octet(at)) { return .different }
      if isConnection(bytes + at, count: end &- at) { found.take(bytes, from: at &+ name.utf8CodeUnitCount, to: end) }
      at &+= length &+ 1
    }
    return .needMore
  }

  @inline(__always)
  private static var name: StaticString { "connection:" }
  @inline(__always)
  private static var close: StaticString { "close" }
  @inline(__always)
  private static var keepAlive: StaticString { "keep-alive" }
  @inline(__always)
  private static var upgrade: StaticString { "upgrade" }

  /// Letter case does not count in names (RFC 9110 5.1).
  @inline(__always)
  private static func isConnection(_ line: UnsafeRawPointer, count: Int) -> Bool { begins(line, count: count, with: name) }

  @inline(__always)
  private static func begins(_ bytes: UnsafeRawPointer, count: Int, with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    let letters = UnsafeRawPointer(text.utf8Start)
    for place in 0..<text.utf8CodeUnitCount where bytes.octet(place).lowercase != letters.octet(place) { return false }
    return true
  }

  @inline(__always)
  private mutating func take(_ bytes: UnsafeRawPointer, from start: Int, to end: Int) {
    value = OctetRange(start, count: end &- start)
    hasOthers = false
    var at = start
    while at < end {
      let length = bytes.distance(to: 0x2c, from: at, end: end)
      takeOption(bytes, from: at, to: at &+ length)
      at &+= length &+ 1
    }
  }

  @inline(__always)
  private mutating func takeOption(_ bytes: UnsafeRawPointer, from start: Int, to end: Int) {
    var (first, last) = (start, end)
    while first < last, Self.isBlank(bytes.octet(first)) { first &+= 1 }
    while last > first, Self.isBlank(bytes.octet(last &- 1)) { last &-= 1 }
    func isOption(_ text: StaticString) -> Bool {
      last &- first == text.utf8CodeUnitCount && Self.begins(bytes + first, count: last &- first, with: text)
    }
    if isOption(Self.close) { closes = true }
    if isOption(Self.upgrade) { upgrades = true }
    if last > first, !isOption(Self.keepAlive) { hasOthers = true }
  }

  @inline(__always)
  private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }
}

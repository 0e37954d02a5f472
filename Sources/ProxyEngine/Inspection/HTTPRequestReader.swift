/// The first line of a request, as far as a rule asks for it.
public struct HTTPRequestLine: BitwiseCopyable, Equatable, Sendable {
  public var method: OctetRange
  /// Of the target, without query. Empty: it has none (CONNECT).
  public var path: OctetRange
  /// The host that the target names, without port. Empty: the Host field is to be asked.
  public var host: OctetRange
  /// Where the fields begin.
  var fields: UInt32

  /// Nothing read.
  @inline(__always)
  static var none: HTTPRequestLine { HTTPRequestLine(method: .none, path: .none, host: .none, fields: 0) }
}

/// Reads the request line and the host of an HTTP/1.x request (RFC 9112), and nothing behind them. Work: once over the octets up to there.
public enum HTTPRequestReader {
  /// Longer methods are none (the longest registered one has 17 letters).
  static var longestMethod: Int { 32 }

  /// request-line = method SP request-target SP HTTP-version (RFC 9112 3), empty lines before it passed over (2.2).
  @inline(never)
  public static func readLine(_ bytes: UnsafeRawPointer, count: Int) -> Reading<HTTPRequestLine> {
    var at = 0
    while at < count, bytes.octet(at) == carriageReturn || bytes.octet(at) == lineFeed { at &+= 1 }
    let method = at
    while at < count, isToken(bytes.octet(at)) {
      at &+= 1
      if at &- method > longestMethod { return .different }
    }
    guard at < count else { return .needMore }
    guard bytes.octet(at) == space, at > method else { return .different }
    let methodRange = OctetRange(method, count: at &- method)
    at &+= 1
    let target = at
    while at < count, isVisible(bytes.octet(at)) { at &+= 1 }
    guard at < count else { return .needMore }
    guard bytes.octet(at) == space, at > target else { return .different }
    let targetRange = OctetRange(target, count: at &- target)
    at &+= 1
    switch readVersion(bytes + at, count: count &- at) {
    case .needMore: return .needMore
    case .different: return .different
    case .found(let length): return split(bytes, methodRange, targetRange, fields: at &+ length)
    }
  }

  /// The host of a request whose line was read: of the target, else of the Host field, without port; empty: there is none, or it is empty.
  @inline(never)
  public static func readHost(_ bytes: UnsafeRawPointer, count: Int, _ line: HTTPRequestLine) -> Reading<OctetRange> {
    guard line.host.isEmpty else { return .found(line.host) }
    var at = Int(line.fields)
    while at < count {
      let first = bytes.octet(at)
      if first == lineFeed { return .found(.none) }
      if first == carriageReturn {
        guard at &+ 1 < count else { return .needMore }
        return bytes.octet(at &+ 1) == lineFeed ? .found(.none) : .different
      }
      // Not white space: that would be a folded line (RFC 9112 5.2), or the trick of 2.2.
      let name = at
      while at < count, isToken(bytes.octet(at)) { at &+= 1 }
      guard at < count else { return .needMore }
      guard bytes.octet(at) == colon, at > name else { return .different }
      let isHost = at &- name == 4 && bytes.native32(name) | 0x2020_2020 == hostName
      at &+= 1
      let length = bytes.distance(to: lineFeed, from: at, end: count)
      if isHost { return readHostField(bytes, at, at &+ length, isWhole: at &+ length < count) }
      at &+= length &+ 1
    }
    return .needMore
  }

  // MARK: The first line

  /// "HTTP/1." DIGIT and the line's end, which may lack its carriage return (RFC 9112 2.2). Found: how long this is.
  @inline(__always)
  private static func readVersion(_ bytes: UnsafeRawPointer, count: Int) -> Reading<Int> {
    var at = 0
    while at < 7 {
      guard at < count else { return .needMore }
      guard bytes.octet(at) == UInt8(truncatingIfNeeded: protocolName &>> UInt64(at &* 8)) else { return .different }
      at &+= 1
    }
    guard at < count else { return .needMore }
    guard bytes.octet(at).isDigit else { return .different }
    at &+= 1
    guard at < count else { return .needMore }
    if bytes.octet(at) == carriageReturn { at &+= 1 }
    guard at < count else { return .needMore }
    return bytes.octet(at) == lineFeed ? .found(at &+ 1) : .different
  }

  /// The four forms of a target (RFC 9112 3.2).
  @inline(__always)
  private static func split(
    _ bytes: UnsafeRawPointer, _ method: OctetRange, _ target: OctetRange, fields: Int
  ) -> Reading<HTTPRequestLine> {
    var line = HTTPRequestLine(method: method, path: target, host: .none, fields: UInt32(truncatingIfNeeded: fields))
    let start = Int(target.offset)
    let first = bytes.octet(start)
    if first == slash {
      line.path = path(bytes, start, target.end)
    } else if isConnect(bytes, method) {
      line.path = .none
      guard let host = host(bytes, start, target.end), !host.isEmpty else { return .different }
      line.host = host
    } else if first != asterisk || target.count != 1 {
      return splitAbsolute(bytes, line)
    }
    return .found(line)
  }

  /// scheme "://" authority path (RFC 9112 3.2.2): the authority is the host, whatever Host says.
  @inline(never)
  private static func splitAbsolute(_ bytes: UnsafeRawPointer, _ before: HTTPRequestLine) -> Reading<HTTPRequestLine> {
    var line = before
    let end = line.path.end
    var at = Int(line.path.offset)
    let start = at
    while at < end, isSchemeOctet(bytes.octet(at)) { at &+= 1 }
    guard at > start, at &+ 2 < end, bytes.octet(at) == colon, bytes.octet(at &+ 1) == slash, bytes.octet(at &+ 2) == slash
    else { return .different }
    let authority = at &+ 3
    at = authority
    while at < end, !endsAuthority(bytes.octet(at)) { at &+= 1 }
    guard let host = host(bytes, authority, at), !host.isEmpty else { return .different }
    line.host = host
    // Without a path it is "/" (RFC 9112 3.2.1): one of the two before the authority.
    line.path = at < end && bytes.octet(at) == slash ? path(bytes, at, end) : OctetRange(authority &- 1, count: 1)
    return .found(line)
  }

  /// Up to the query.
  @inline(__always)
  private static func path(_ bytes: UnsafeRawPointer, _ start: Int, _ end: Int) -> OctetRange {
    var at = start
    while at < end, bytes.octet(at) != 0x3f, bytes.octet(at) != 0x23 { at &+= 1 }
    return OctetRange(start, count: at &- start)
  }

  // MARK: The host

  @inline(__always)
  private static func readHostField(_ bytes: UnsafeRawPointer, _ from: Int, _ to: Int, isWhole: Bool) -> Reading<OctetRange> {
    guard isWhole else { return .needMore }
    var (start, end) = (from, to)
    if end > start, bytes.octet(end &- 1) == carriageReturn { end &-= 1 }
    while end > start, isBlank(bytes.octet(end &- 1)) { end &-= 1 }
    while start < end, isBlank(bytes.octet(start)) { start &+= 1 }
    guard let host = host(bytes, start, end) else { return .different }
    return .found(host)
  }

  /// uri-host [":" port] (RFC 9110 7.2): the host. Nil: not so. User information before it is an error (4.2.4).
  @inline(__always)
  private static func host(_ bytes: UnsafeRawPointer, _ start: Int, _ end: Int) -> OctetRange? {
    var at = start
    while at < end {
      let octet = bytes.octet(at)
      guard isVisible(octet), octet != slash, octet != 0x40 else { return nil }
      at &+= 1
    }
    at = start
    if at < end, bytes.octet(at) == 0x5b {
      // An IPv6 address has colons of its own.
      while at < end, bytes.octet(at) != 0x5d { at &+= 1 }
      guard at < end else { return nil }
      at &+= 1
    } else {
      while at < end, bytes.octet(at) != colon { at &+= 1 }
    }
    let host = OctetRange(start, count: at &- start)
    guard at < end else { return host }
    guard bytes.octet(at) == colon else { return nil }
    at &+= 1
    while at < end {
      guard bytes.octet(at).isDigit else { return nil }
      at &+= 1
    }
    return host
  }

  // MARK: Octets

  private static var lineFeed: UInt8 { 0x0a }
  private static var carriageReturn: UInt8 { 0x0d }
  private static var space: UInt8 { 0x20 }
  private static var colon: UInt8 { 0x3a }
  private static var slash: UInt8 { 0x2f }
  private static var asterisk: UInt8 { 0x2a }
  /// "HTTP/1." in the order in which it comes.
  private static var protocolName: UInt64 { 0x2e_312f_5054_5448 }
  /// "host" as it lies in memory.
  private static var hostName: UInt32 { networkOrder(0x686f_7374 as UInt32) }

  @inline(__always)
  private static func isConnect(_ bytes: UnsafeRawPointer, _ method: OctetRange) -> Bool {
    let start = Int(method.offset)
    return method.count == 7 && bytes.bigEndian32(start) == 0x434f_4e4e && bytes.bigEndian32(start &+ 3) == 0x4e45_4354
  }

  @inline(__always)
  private static func isVisible(_ octet: UInt8) -> Bool { octet > 0x20 && octet != 0x7f }

  @inline(__always)
  private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

  @inline(__always)
  private static func endsAuthority(_ octet: UInt8) -> Bool { octet == slash || octet == 0x3f || octet == 0x23 }

  @inline(__always)
  private static func isSchemeOctet(_ octet: UInt8) -> Bool {
    octet.lowercase &- 0x61 < 26 || octet.isDigit || octet == 0x2b || octet == 0x2d || octet == 0x2e
  }

  /// tchar (RFC 9110 5.6.2), a bit for each octet.
  @inline(__always)
  private static func isToken(_ octet: UInt8) -> Bool {
    guard octet < 0x80 else { return false }
    let bits: UInt64 = octet < 0x40 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return bits &>> UInt64(octet & 0x3f) & 1 == 1
  }
}

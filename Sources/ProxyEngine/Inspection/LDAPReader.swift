/// What a client asks of a directory.
public enum LDAPOperation: UInt8, BitwiseCopyable, Sendable {
  case bind
  case unbind
  case search
  /// The extended operation that starts TLS (RFC 4511 4.14).
  case startTLS
  /// Another request.
  case other
}

/// A request, as far as a rule asks for it.
public struct LDAPRequest: BitwiseCopyable, Equatable, Sendable {
  /// Octets of the whole message.
  public var length: Int
  public var messageID: UInt32
  public var operation = LDAPOperation.other
  /// Of a bind, the DN; of a search, its base.
  public var name = OctetRange.none
  /// Of a bind.
  public var version: UInt32 = 0
  /// Of a bind: by SASL, in place of a password.
  public var isSASL = false
  /// A bind without name and password (RFC 4513 5.1.1), of version 3, with no control that must be obeyed: the proxy can answer it.
  public var isAnonymous = false
}

/// Reads the request that a stream of LDAP begins with (RFC 4511 4.1.1). Work: a few steps an element, none for what is in a search's filter.
public enum LDAPReader {
  /// A message of more octets is none that a client begins with.
  static var longest: Int { 65_535 }

  /// A search is told once its base is there, any other request when all of it is.
  @inline(never)
  public static func read(_ bytes: UnsafeRawPointer, count: Int) -> Reading<LDAPRequest> {
    var stop = ReadingStop.different
    return Reading(readRequest(bytes, count, &stop), stop)
  }

  // RFC 4511 4.2, 4.3, 4.5.1, 4.12; the others are requests too (4.6 to 4.11).
  private static var bindRequest: UInt8 { 0x60 }
  private static var unbindRequest: UInt8 { 0x42 }
  private static var searchRequest: UInt8 { 0x63 }
  private static var extendedRequest: UInt8 { 0x77 }

  private static func isOtherRequest(_ tag: UInt8) -> Bool {
    tag == 0x66 || tag == 0x68 || tag == 0x4a || tag == 0x6c || tag == 0x6e || tag == 0x50
  }

  /// LDAPMessage ::= SEQUENCE { messageID, protocolOp, controls [0] OPTIONAL }
  @inline(__always)
  private static func readRequest(_ bytes: UnsafeRawPointer, _ count: Int, _ stop: inout ReadingStop) -> LDAPRequest? {
    guard var message = LDAPMessage(bytes, count: count, &stop) else { return nil }
    var request = LDAPRequest(length: message.length, messageID: message.id)
    let operation = message.elements.inside(message.operation)
    switch message.operation.tag {
    case bindRequest: guard readBind(operation, &request, &stop) else { return nil }
    case searchRequest: return readSearch(operation, &request, &stop) ? request : nil
    case unbindRequest:
      guard message.operation.length == 0 else { return different(&stop) }
      request.operation = .unbind
    case extendedRequest: guard readExtended(operation, bytes, &request, &stop) else { return nil }
    case let tag where isOtherRequest(tag): break
    default: return different(&stop)
    }
    guard let isCritical = message.readControls(bytes, &stop) else { return nil }
    if isCritical { request.isAnonymous = false }
    guard message.length <= count else {
      stop = .needMore
      return nil
    }
    return request
  }

  /// BindRequest ::= [APPLICATION 0] SEQUENCE { version, name, authentication CHOICE { simple [0], sasl [3] } }
  @inline(__always)
  private static func readBind(_ elements: BERReader, _ request: inout LDAPRequest, _ stop: inout ReadingStop) -> Bool {
    var elements = elements
    guard let version = elements.nextNumber(BERTag.integer, &stop), let name = elements.next(BERTag.octetString, &stop),
      elements.isThere(name, &stop), let authentication = elements.next(&stop)
    else { return false }
    let isSimple = authentication.tag == 0x80
    guard isSimple || authentication.tag == 0xa3, elements.isAtEnd else {
      stop = .different
      return false
    }
    request.operation = .bind
    request.version = version
    request.name = name.range
    request.isSASL = !isSimple
    request.isAnonymous = isSimple && version == 3 && name.length == 0 && authentication.length == 0
    return true
  }

  /// SearchRequest ::= [APPLICATION 3] SEQUENCE { baseObject, ... }
  @inline(__always)
  private static func readSearch(_ elements: BERReader, _ request: inout LDAPRequest, _ stop: inout ReadingStop) -> Bool {
    var elements = elements
    guard let base = elements.next(BERTag.octetString, &stop), elements.isThere(base, &stop) else { return false }
    request.operation = .search
    request.name = base.range
    return true
  }

  /// ExtendedRequest ::= [APPLICATION 23] SEQUENCE { requestName [0], requestValue [1] OPTIONAL }
  @inline(__always)
  private static func readExtended(
    _ elements: BERReader, _ bytes: UnsafeRawPointer, _ request: inout LDAPRequest, _ stop: inout ReadingStop
  ) -> Bool {
    var elements = elements
    guard let name = elements.next(0x80, &stop), elements.isThere(name, &stop) else { return false }
    if isStartTLS(bytes + name.start, count: name.length) { request.operation = .startTLS }
    return true
  }

  /// 1.3.6.1.4.1.1466.20037
  @inline(__always)
  private static func isStartTLS(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
    count == 22 && bytes.bigEndian64(0) == 0x312e_332e_362e_312e && bytes.bigEndian64(8) == 0x342e_312e_3134_3636
      && bytes.bigEndian32(16) == 0x2e32_3030 && bytes.bigEndian16(20) == 0x3337
  }

  @inline(__always)
  private static func different<Value>(_ stop: inout ReadingStop) -> Value? {
    stop = .different
    return nil
  }
}

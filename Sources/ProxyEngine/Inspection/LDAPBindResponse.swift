/// The answer to a bind (RFC 4511 4.2.2): read from a server, so that it can be kept from the client, and written for an anonymous one.
public struct LDAPBindResponse: BitwiseCopyable, Equatable, Sendable {
  /// Octets of the whole message.
  public var length: Int
  public var messageID: UInt32
  /// 0: success.
  public var resultCode: UInt32

  private static var operation: UInt8 { 0x61 }

  /// Octets that `writeSuccess` may need.
  public static var longestSuccess: Int { 17 }

  /// The answer that a stream begins with: told once its result is there, which may be before all of it is. Different: another message.
  @inline(never)
  public static func read(_ bytes: UnsafeRawPointer, count: Int) -> Reading<LDAPBindResponse> {
    var stop = ReadingStop.different
    guard let message = LDAPMessage(bytes, count: count, &stop) else { return Reading(nil, stop) }
    guard message.operation.tag == operation else { return .different }
    var elements = message.elements.inside(message.operation)
    guard let code = elements.nextNumber(BERTag.enumerated, &stop) else { return Reading(nil, stop) }
    return .found(LDAPBindResponse(length: message.length, messageID: message.id, resultCode: code))
  }

  /// Writes that a bind has succeeded. Answers how many octets that takes, at most `longestSuccess`. IDs have 31 bits (RFC 4511 4.1.1.1).
  @inline(never)
  public static func writeSuccess(to bytes: UnsafeMutableRawPointer, messageID: UInt32) -> Int {
    let id = messageID & 0x7fff_ffff
    // As few octets as hold it and a sign (X.690 8.3.2).
    let idLength = (32 &- id.leadingZeroBitCount) &>> 3 &+ 1
    bytes.store(BERTag.sequence, at: 0)
    bytes.store(UInt8(truncatingIfNeeded: 11 &+ idLength), at: 1)
    bytes.store(BERTag.integer, at: 2)
    bytes.store(UInt8(truncatingIfNeeded: idLength), at: 3)
    for octet in 0..<idLength {
      bytes.store(UInt8(truncatingIfNeeded: id &>> UInt32((idLength &- 1 &- octet) &* 8)), at: 4 &+ octet)
    }
    let at = 4 &+ idLength
    bytes.store(operation, at: at)
    bytes.store(7 as UInt8, at: at &+ 1)
    // resultCode success (0), matchedDN "", diagnosticMessage ""
    bytes.store(networkOrder(0x0a01_0004 as UInt32), at: at &+ 2)
    bytes.store(networkOrder(0x0004 as UInt16), at: at &+ 6)
    bytes.store(0 as UInt8, at: at &+ 8)
    return at &+ 9
  }
}

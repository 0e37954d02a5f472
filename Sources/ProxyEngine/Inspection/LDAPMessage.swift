/// The envelope that requests and responses have in common (RFC 4511 4.1.1), its operation not looked into.
struct LDAPMessage: BitwiseCopyable {
  /// Octets of it all.
  let length: Int
  let id: UInt32
  let operation: BERElement
  /// What follows the operation.
  var elements: BERReader

  @inline(__always)
  init?(_ bytes: UnsafeRawPointer, count: Int, _ stop: inout ReadingStop) {
    var stream = BERReader(bytes, count: count, from: 0, to: .max)
    guard let envelope = stream.next(BERTag.sequence, &stop) else { return nil }
    guard envelope.end <= LDAPReader.longest else {
      stop = .different
      return nil
    }
    var elements = stream.inside(envelope)
    guard let id = elements.nextNumber(BERTag.integer, &stop), let operation = elements.next(&stop) else { return nil }
    length = envelope.end
    self.id = id
    self.operation = operation
    self.elements = elements
  }

  /// Controls ::= [0] SEQUENCE OF SEQUENCE { controlType, criticality DEFAULT FALSE, ... }: whether one is critical (RFC 4511 4.1.11). Nothing
  /// else may follow an operation.
  @inline(never)
  mutating func readControls(_ bytes: UnsafeRawPointer, _ stop: inout ReadingStop) -> Bool? {
    guard !elements.isAtEnd else { return false }
    guard let all = elements.next(0xa0, &stop) else { return nil }
    guard elements.isAtEnd else {
      stop = .different
      return nil
    }
    var controls = elements.inside(all)
    var isCritical = false
    while !controls.isAtEnd {
      guard let control = controls.next(BERTag.sequence, &stop) else { return nil }
      var parts = controls.inside(control)
      guard parts.next(BERTag.octetString, &stop) != nil else { return nil }
      guard !parts.isAtEnd else { continue }
      guard let part = parts.next(&stop) else { return nil }
      guard part.tag == BERTag.boolean else { continue }
      guard part.length == 1 else {
        stop = .different
        return nil
      }
      guard parts.isThere(part, &stop) else { return nil }
      if bytes.octet(part.start) != 0 { isCritical = true }
    }
    return isCritical
  }
}

/// An element of BER as LDAP uses it: where its contents lie. They need not all be there.
public struct BERElement: BitwiseCopyable, Equatable, Sendable {
  public var tag: UInt8
  public var start: Int
  public var length: Int

  @inline(__always)
  public var end: Int { start &+ length }

  @inline(__always)
  var range: OctetRange { OctetRange(start, count: length) }
}

/// Elements of BER (X.690), one after the other, restricted as LDAP restricts them (RFC 4511 5.1): lengths in the definite form. Tags are those of
/// one octet, of which alone LDAP is made. Nothing is recursive: who wants what is inside an element reads that.
public struct BERReader: BitwiseCopyable {
  /// The stream, from its first octet, and how many of it are there.
  private let bytes: UnsafeRawPointer
  private let count: Int
  /// Where the surrounding element ends, be it there or not.
  private let end: Int
  /// Where the next element begins.
  public private(set) var position: Int

  /// Elements from `start` to `end` of a stream of which `count` octets are there.
  @inline(__always)
  public init(_ bytes: UnsafeRawPointer, count: Int, from start: Int, to end: Int) {
    self.bytes = bytes
    self.count = count
    self.end = end
    position = start
  }

  /// The elements inside of one.
  @inline(__always)
  public func inside(_ element: BERElement) -> BERReader { BERReader(bytes, count: count, from: element.start, to: element.end) }

  /// No element follows.
  @inline(__always)
  public var isAtEnd: Bool { position >= end }

  /// The next element, as soon as its tag and length are there; it must not be longer than what surrounds it.
  @inline(__always)
  public mutating func next(_ stop: inout ReadingStop) -> BERElement? {
    var at = position
    guard let tag = octet(&at, &stop), let first = octet(&at, &stop, unless: tag & 0x1f == 0x1f) else { return nil }
    var length = Int(first)
    if first >= 0x80 {
      // The long form (X.690 8.1.3.5), of 32 bits at most, leading zeros allowed. 0x80 is the indefinite form.
      let octets = Int(first & 0x7f)
      guard octets > 0, octets <= 4 else { return different(&stop) }
      length = 0
      for _ in 0..<octets {
        guard let octet = octet(&at, &stop) else { return nil }
        length = length &<< 8 | Int(octet)
      }
    }
    guard length <= end &- at else { return different(&stop) }
    position = at &+ length
    return BERElement(tag: tag, start: at, length: length)
  }

  /// The next element, which must have this tag.
  @inline(__always)
  public mutating func next(_ tag: UInt8, _ stop: inout ReadingStop) -> BERElement? {
    var at = position
    guard let found = octet(&at, &stop) else { return nil }
    return found == tag ? next(&stop) : different(&stop)
  }

  /// An element's contents as a number that is not negative (X.690 8.3), of 31 bits at most.
  @inline(__always)
  public func number(_ element: BERElement, _ stop: inout ReadingStop) -> UInt32? {
    guard element.length >= 1, element.length <= 4 else { return different(&stop) }
    guard isThere(element, &stop) else { return nil }
    guard bytes.octet(element.start) < 0x80 else { return different(&stop) }
    var value: UInt32 = 0
    for offset in 0..<element.length { value = value &<< 8 | UInt32(bytes.octet(element.start &+ offset)) }
    return value
  }

  /// The next element as a number.
  @inline(__always)
  public mutating func nextNumber(_ tag: UInt8, _ stop: inout ReadingStop) -> UInt32? {
    guard let element = next(tag, &stop) else { return nil }
    return number(element, &stop)
  }

  /// Whether all contents of an element are there.
  @inline(__always)
  public func isThere(_ element: BERElement, _ stop: inout ReadingStop) -> Bool {
    guard element.end > count else { return true }
    stop = .needMore
    return false
  }

  /// An octet of a tag or a length.
  @inline(__always)
  private func octet(_ at: inout Int, _ stop: inout ReadingStop, unless isWrong: Bool = false) -> UInt8? {
    guard at < end, !isWrong else { return different(&stop) }
    guard at < count else {
      stop = .needMore
      return nil
    }
    at &+= 1
    return bytes.octet(at &- 1)
  }

  @inline(__always)
  private func different<Value>(_ stop: inout ReadingStop) -> Value? {
    stop = .different
    return nil
  }
}

/// Universal tags (X.680 8.4) that LDAP uses.
enum BERTag {
  static var boolean: UInt8 { 0x01 }
  static var integer: UInt8 { 0x02 }
  static var octetString: UInt8 { 0x04 }
  static var enumerated: UInt8 { 0x0a }
  static var sequence: UInt8 { 0x30 }
}

/// The string form of a DN (RFC 4514), read for comparison: small letters, no spaces around separators and at the ends, one for several within a
/// value, escapes undone. It is not known which attributes care for case, or have other rules; so none does. Parts of a name that are joined
/// by `+` count in the order in which they stand.
struct DistinguishedName: BitwiseCopyable {
  private let bytes: UnsafeRawPointer
  private let count: Int
  private var at: Int
  /// A space was passed over, and counts unless a separator or the end follows.
  private var hasSpace = false
  /// Nothing but spaces since the last separator.
  private var isAtStart = true
  /// In the value of an attribute: another `=` is part of it.
  private var isInValue = false

  @inline(__always)
  init(_ bytes: UnsafeRawPointer, count: Int, from start: Int = 0) {
    self.bytes = bytes
    self.count = count
    at = start
  }

  /// What `next` adds to a separator, so that it is no octet.
  static var separator: Int { 0x100 }
  static var comma: UInt8 { 0x2c }
  private static var plus: UInt8 { 0x2b }
  private static var equals: UInt8 { 0x3d }
  private static var backslash: UInt8 { 0x5c }
  private static var space: UInt8 { 0x20 }

  /// The next octet, or separator; below zero: the end.
  @inline(__always)
  mutating func next() -> Int {
    while at < count, bytes.octet(at) == Self.space {
      hasSpace = !isAtStart
      at &+= 1
    }
    guard at < count else { return -1 }
    let octet = bytes.octet(at)
    if octet == Self.comma || octet == Self.plus || (octet == Self.equals && !isInValue) {
      isInValue = octet == Self.equals
      hasSpace = false
      isAtStart = true
      at &+= 1
      return Self.separator | Int(octet)
    }
    if hasSpace {
      hasSpace = false
      return Int(Self.space)
    }
    isAtStart = false
    at &+= 1
    guard octet == Self.backslash, at < count else { return Int(octet.lowercase) }
    return Int(unescaped().lowercase)
  }

  /// What follows a backslash: two digits, or a character (RFC 4514 2.4).
  @inline(__always)
  private mutating func unescaped() -> UInt8 {
    let first = bytes.octet(at)
    at &+= 1
    guard at < count, let high = first.hexadecimal, let low = bytes.octet(at).hexadecimal else { return first }
    at &+= 1
    return high &<< 4 | low
  }

  /// How many names it is made of, itself and all above it; none when it is empty.
  static func depth(_ bytes: UnsafeRawPointer, count: Int) -> Int {
    var depth = 1
    var isEmpty = true
    var at = 0
    while at < count {
      let octet = bytes.octet(at)
      at &+= octet == backslash ? 2 : 1
      if octet == comma { depth &+= 1 }
      if octet != space { isEmpty = false }
    }
    return isEmpty ? 0 : depth
  }

  /// Where the DN begins that is so many names above.
  static func ancestor(_ bytes: UnsafeRawPointer, count: Int, above: Int) -> Int {
    var left = above
    var at = 0
    while at < count, left > 0 {
      let octet = bytes.octet(at)
      at &+= octet == backslash ? 2 : 1
      if octet == comma { left &-= 1 }
    }
    return at < count ? at : count
  }
}

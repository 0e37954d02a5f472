/// A text in a stream, in one piece or cut by the headers of TLS records. All its octets are there.
public struct StreamText: BitwiseCopyable {
  let start: UnsafeRawPointer
  public let count: Int
  /// Octets to the end of the record that it begins in; of a text in one piece, all.
  private let inRecord: Int

  @inline(__always)
  init(_ start: UnsafeRawPointer, count: Int, inRecord: Int) {
    self.start = start
    self.count = count
    self.inRecord = inRecord
  }

  @inline(__always)
  init(_ start: UnsafeRawPointer, count: Int) { self.init(start, count: count, inRecord: count) }

  /// No octets.
  @inline(__always)
  static var none: StreamText { StreamText(UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped, count: 0) }

  /// Its octets, one after the other.
  struct Walk: BitwiseCopyable {
    private var at: UnsafeRawPointer
    private var inRecord: Int

    @inline(__always)
    init(_ text: StreamText) {
      at = text.start
      inRecord = text.inRecord
    }

    /// The next octet; there must be one.
    @inline(__always)
    mutating func next() -> UInt8 {
      if inRecord == 0 {
        inRecord = Int(at.bigEndian16(TLSRecord.lengthOffset))
        at += TLSRecord.headerLength
      }
      inRecord &-= 1
      let octet = at.octet(0)
      at += 1
      return octet
    }
  }

  @inline(__always)
  func walk() -> Walk { Walk(self) }

  /// The same without its last octets.
  @inline(__always)
  func prefix(_ count: Int) -> StreamText { StreamText(start, count: count, inRecord: inRecord) }
}

// Comparisons with the texts of rules, which are in one piece.
extension StreamText {
  @inline(__always)
  func equals(_ other: RuleText) -> Bool { count == other.count && begins(with: other) }

  @inline(__always)
  func begins(with other: RuleText) -> Bool {
    guard count >= other.count else { return false }
    guard isInOnePiece else { return walks(from: 0, other) }
    for at in 0..<other.count where start.octet(at) != other.start.octet(at) { return false }
    return true
  }

  /// Whether it ends with a text of lower case, its own case apart.
  @inline(__always)
  func ends(withLowercase other: RuleText) -> Bool {
    guard count >= other.count else { return false }
    guard isInOnePiece else { return walks(from: count &- other.count, other, ignoringCase: true) }
    let end = start + (count &- other.count)
    for at in 0..<other.count where end.octet(at).lowercase != other.start.octet(at) { return false }
    return true
  }

  /// Whether the other's octets are found from an offset on.
  @inline(never)
  private func walks(from offset: Int, _ other: RuleText, ignoringCase: Bool = false) -> Bool {
    var octets = walk()
    for _ in 0..<offset { _ = octets.next() }
    for at in 0..<other.count {
      let octet = octets.next()
      if (ignoringCase ? octet.lowercase : octet) != other.start.octet(at) { return false }
    }
    return true
  }

  /// The last octet; there must be one.
  var last: UInt8 {
    if isInOnePiece { return start.octet(count &- 1) }
    var octets = walk()
    for _ in 0..<(count &- 1) { _ = octets.next() }
    return octets.next()
  }

  @inline(__always)
  private var isInOnePiece: Bool { inRecord >= count }
}

extension UInt8 {
  /// ASCII's capital letters as small ones, anything else as it is.
  @inline(__always)
  var lowercase: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

  @inline(__always)
  var isDigit: Bool { self &- 0x30 < 10 }

  /// Of a hexadecimal digit, its value.
  @inline(__always)
  var hexadecimal: UInt8? {
    if isDigit { return self &- 0x30 }
    let letter = lowercase &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }
}

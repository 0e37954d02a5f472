/// The header before each piece of a TLS stream: type, version, length (RFC 8446 5.1).
enum TLSRecord {
  static var headerLength: Int { 5 }
  static var lengthOffset: Int { 3 }
  static var handshake: UInt8 { 22 }
  /// Octets of a record in clear at most.
  static var longest: Int { 1 &<< 14 }
}

/// Octets of handshake messages, one after the other, whatever records they came in (RFC 8446 5.1: a message may be fragmented over several).
struct HandshakeOctets: BitwiseCopyable {
  private let bytes: UnsafeRawPointer
  private let count: Int
  private var at = 0
  /// Octets to the end of the record.
  private var inRecord = 0

  /// Why there are no more octets: the answers below zero of `next` and its kin.
  static var needMore: Int { -1 }
  static var different: Int { -2 }

  @inline(__always)
  init(_ bytes: UnsafeRawPointer, count: Int) {
    self.bytes = bytes
    self.count = count
  }

  /// Whether so many octets are there, in the record that we are in.
  @inline(__always)
  private func hasAtHand(_ octets: Int) -> Bool { octets <= inRecord && octets <= count &- at }

  @inline(__always)
  private mutating func pass(_ octets: Int) {
    inRecord &-= octets
    at &+= octets
  }

  /// The next octet; below zero: there is none.
  @inline(__always)
  mutating func next() -> Int {
    guard hasAtHand(1) else { return nextElsewhere() }
    pass(1)
    return Int(bytes.octet(at &- 1))
  }

  @inline(never)
  private mutating func nextElsewhere() -> Int {
    if inRecord == 0 {
      let problem = enterRecord()
      if problem < 0 { return problem }
    }
    guard at < count else { return Self.needMore }
    pass(1)
    return Int(bytes.octet(at &- 1))
  }

  /// A number of two octets; below zero: there is none.
  @inline(__always)
  mutating func next16() -> Int {
    guard hasAtHand(2) else { return next16Elsewhere() }
    pass(2)
    return Int(bytes.bigEndian16(at &- 2))
  }

  @inline(never)
  private mutating func next16Elsewhere() -> Int {
    let high = next()
    guard high >= 0 else { return high }
    let low = next()
    return low < 0 ? low : high &<< 8 | low
  }

  /// Passes over octets; below zero: there are not so many.
  @inline(__always)
  mutating func skip(_ octets: Int) -> Int {
    guard hasAtHand(octets) else { return skipElsewhere(octets) }
    pass(octets)
    return 0
  }

  @inline(never)
  private mutating func skipElsewhere(_ octets: Int) -> Int {
    var left = octets
    while left > 0 {
      if inRecord == 0 {
        let problem = enterRecord()
        if problem < 0 { return problem }
      }
      var step = left < inRecord ? left : inRecord
      if step > count &- at { step = count &- at }
      guard step > 0 else { return Self.needMore }
      left &-= step
      pass(step)
    }
    return 0
  }

  /// The next octets as a text, which is then behind us; the answer is below zero when there are not so many.
  @inline(__always)
  mutating func text(_ octets: Int, _ text: inout StreamText) -> Int {
    let start = self
    let answer = skip(octets)
    if answer >= 0 { text = StreamText(bytes + start.at, count: octets, inRecord: start.inRecord) }
    return answer
  }

  /// A record's header, judged as far as it is there. Records of handshakes are not empty (RFC 8446 5.1), and the minor version says nothing.
  @inline(never)
  private mutating func enterRecord() -> Int {
    guard at < count else { return Self.needMore }
    guard bytes.octet(at) == TLSRecord.handshake else { return Self.different }
    guard at &+ 1 < count else { return Self.needMore }
    guard bytes.octet(at &+ 1) == 3 else { return Self.different }
    guard count &- at >= TLSRecord.headerLength else { return Self.needMore }
    let length = Int(bytes.bigEndian16(at &+ TLSRecord.lengthOffset))
    guard length > 0, length <= TLSRecord.longest else { return Self.different }
    at &+= TLSRecord.headerLength
    inRecord = length
    return 0
  }
}

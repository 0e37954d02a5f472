/// A segment in flight. It begins where the one before it ends.
public struct SentSegment: BitwiseCopyable, Sendable {
  var end: SequenceNumber
  /// When it was sent last.
  var sentAt: UInt32
  /// Its place among those that were sent within one microsecond, or one turn: lower goes first. Comes around.
  var order: UInt16
  var marks: Marks

  struct Marks: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt8
    static var sacked: Marks { Marks(rawValue: 1) }
    static var lost: Marks { Marks(rawValue: 2) }
    /// Sent again, and on its way.
    static var resent: Marks { Marks(rawValue: 4) }
    /// Ever sent again: what acknowledges it tells no round-trip time (Karn).
    static var wasResent: Marks { Marks(rawValue: 8) }
    /// Sent before the connection became cold: nobody has noted when.
    static var adopted: Marks { Marks(rawValue: 16) }
  }

  /// What acknowledges it says nothing about the round-trip time.
  @inline(always)
  var tellsNoTime: Bool { marks.rawValue & (Marks.wasResent.rawValue | Marks.adopted.rawValue) != 0 }
}

/// The ring of segments in flight, and the sums over it.
extension Recovery {
  /// What is on its way (RFC 6675: pipe), of `flight` octets in flight.
  @inline(always)
  func pipe(_ flight: UInt32) -> UInt32 {
    let gone = sacked &+ duplicateOctets &+ lost
    return flight &+ resent > gone ? flight &+ resent &- gone : 0
  }

  @inline(always)
  var isRingFull: Bool { count > ringMask }

  @inline(always)
  func segment(_ index: UInt32) -> UnsafeMutablePointer<SentSegment> { ring + Int((oldest &+ index) & ringMask) }

  mutating func append(end: SequenceNumber, now: UInt32) {
    if count == 0 {
      // Nothing in flight was sent before it. After half an hour the time of what was delivered last would seem to lie ahead.
      rack.sentAt = now
      rack.order = sendOrder
    }
    sendOrder &+= 1
    segment(count).pointee = SentSegment(end: end, sentAt: now, order: sendOrder, marks: SentSegment.Marks(rawValue: 0))
    count &+= 1
  }

  /// The segment is no longer lost or on its way again: it has arrived.
  mutating func unmark(_ segment: UnsafeMutablePointer<SentSegment>, _ octets: UInt32) {
    let marks = segment.pointee.marks
    if marks.has(.lost) {
      lost &-= octets
      if !marks.has(.resent) { pending &-= octets }
    }
    if marks.has(.resent) { resent &-= octets }
    segment.pointee.marks.clear(.lost)
    segment.pointee.marks.clear(.resent)
  }

  mutating func markSacked(_ segment: UnsafeMutablePointer<SentSegment>, _ octets: UInt32) {
    unmark(segment, octets)
    segment.pointee.marks.set(.sacked)
    sacked &+= octets
  }

  mutating func markLost(_ segment: UnsafeMutablePointer<SentSegment>, _ octets: UInt32) {
    if segment.pointee.marks.has(.resent) {
      resent &-= octets
      segment.pointee.marks.clear(.resent)
      if segment.pointee.marks.has(.lost) { pending &+= octets }
    }
    if !segment.pointee.marks.has(.lost) {
      lost &+= octets
      pending &+= octets
      segment.pointee.marks.set(.lost)
    }
  }

  mutating func markResent(_ segment: UnsafeMutablePointer<SentSegment>, _ octets: UInt32, now: UInt32) {
    // What has arrived is on its way no more, even if it is sent again.
    if segment.pointee.marks.has(.sacked) { return }
    if !segment.pointee.marks.has(.resent) {
      resent &+= octets
      if segment.pointee.marks.has(.lost) { pending &-= octets }
    }
    segment.pointee.marks.set(.resent)
    segment.pointee.marks.set(.wasResent)
    segment.pointee.sentAt = now
    sendOrder &+= 1
    segment.pointee.order = sendOrder
  }

  /// Forgets everything that SACK blocks said: the receiver may have thrown it away (RFC 2018 8).
  mutating func forgetSacked() {
    for index in 0..<count { segment(index).pointee.marks.clear(.sacked) }
    sacked = 0
  }
}

/// How a segment's header becomes the other leg's: what is written in the place of what.
struct Translation: BitwiseCopyable {
  var link: LinkHeader
  /// As they stand in the frame that leaves.
  var key: FlowKey
  var numbers: TranslatedNumbers
  /// From the frame's key to this one, and from its numbers to these.
  var change: HeaderChange
}

/// A segment's numbers as the other leg's.
struct TranslatedNumbers: BitwiseCopyable {
  let sequence: SequenceNumber
  let acknowledgment: SequenceNumber
  /// What it adds to the sum, in memory order, that numbers begin again after 2^32 - 1: to add 2^32 changes a sum by one.
  let wrap: UInt32

  /// - Parameters:
  ///   - addend: what is added to the sequence number.
  ///   - subtrahend: what is taken off the acknowledgment.
  @inline(always)
  init(_ segment: UnsafePointer<TCPSegment>, adding addend: UInt32, takingOff subtrahend: UInt32) {
    let (sum, isOver) = segment.pointee.sequence.rawValue.addingReportingOverflow(addend)
    let (difference, isUnder) = segment.pointee.acknowledgment.rawValue.subtractingReportingOverflow(subtrahend)
    sequence = SequenceNumber(sum)
    acknowledgment = SequenceNumber(difference)
    let one = UInt32(networkOrder(1 as UInt16))
    wrap = (isOver ? 0xffff &- one : 0) &+ (isUnder ? one : 0)
  }
}

/// The same of its options.
struct OptionTranslation: BitwiseCopyable {
  /// What is added to the timestamp and to its echo.
  var timestamp: UInt32 = 0
  var echo: UInt32 = 0
  /// What is added to the edges of SACK blocks.
  var blocks: UInt32 = 0
  /// SACK blocks are blanked: the receiver has not permitted any.
  var blanksBlocks = false
}

/// What it adds to the sums that addresses, ports and numbers become those of the other leg (RFC 1624 equation 3): the same for every frame that
/// goes that way, in memory order.
struct HeaderChange: BitwiseCopyable, Sendable {
  /// To the IPv4 header's.
  let addresses: UInt16
  /// To TCP's, which covers the addresses, too. That numbers begin again is not in it (`TranslatedNumbers.wrap`).
  let segment: UInt16

  /// - Parameters:
  ///   - addend: what is added to sequence numbers.
  ///   - subtrahend: what is taken off acknowledgments.
  @inline(always)
  init(from old: FlowKey, to new: FlowKey, adding addend: UInt32, takingOff subtrahend: UInt32) {
    var sum = ChecksumSum(~old.addresses)
    sum.add(new.addresses)
    addresses = sum.folded
    sum.add(~old.ports)
    sum.add(new.ports)
    sum.add(networkOrder(addend))
    sum.add(~networkOrder(subtrahend))
    segment = sum.folded
  }

  @inline(always)
  private init(addresses: UInt16, segment: UInt16) {
    self.addresses = addresses
    self.segment = segment
  }

  /// There is no other leg.
  static var none: HeaderChange { HeaderChange(addresses: 0, segment: 0) }

  /// Of frames that go the other way.
  @inline(always)
  var reversed: HeaderChange { HeaderChange(addresses: ~addresses, segment: ~segment) }

  /// Of a segment whose acknowledgment says nothing and stays what it is.
  @inline(always)
  func keepingAcknowledgment(of subtrahend: UInt32) -> HeaderChange {
    var sum = ChecksumSum(UInt64(segment))
    sum.add(networkOrder(subtrahend))
    return HeaderChange(addresses: addresses, segment: sum.folded)
  }
}

/// Rewrites headers in place. Sums are updated for what changes and nothing else (RFC 1624), so that an octet that was damaged on the way
/// through us is still found at the other end.
enum HeaderRewriter {
  /// Rewrites addresses, ports and numbers. The translation's change begins with what the frame has.
  /// - Parameter tcp: where the TCP header begins.
  @inline(always)
  static func rewrite(_ frame: UnsafeMutableRawPointer, _ tcp: Int, _ to: Translation) {
    let bytes = UnsafeRawPointer(frame)
    to.link.store(to: frame)
    let ip = Ethernet.headerLength
    frame.store(updatedChecksum(bytes.native16(ip &+ 10), by: UInt32(to.change.addresses)), at: ip &+ 10)
    frame.store(to.key.addresses, at: ip &+ 12)
    frame.store(to.key.ports, at: tcp)
    frame.store(networkOrder(to.numbers.sequence.rawValue), at: tcp &+ 4)
    frame.store(networkOrder(to.numbers.acknowledgment.rawValue), at: tcp &+ 8)
    frame.store(updatedChecksum(bytes.native16(tcp &+ 16), by: UInt32(to.change.segment) &+ to.numbers.wrap), at: tcp &+ 16)
  }

  /// Puts another window in the place of a segment's, its sum with it.
  static func setWindow(_ frame: UnsafeMutableRawPointer, _ window: UInt16) {
    let bytes = UnsafeRawPointer(frame)
    let tcp = tcpOffset(bytes)
    let change = UInt32(~bytes.native16(tcp &+ 14)) &+ UInt32(networkOrder(window))
    frame.store(networkOrder(window), at: tcp &+ 14)
    frame.store(updatedChecksum(bytes.native16(tcp &+ 16), by: change), at: tcp &+ 16)
  }

  /// Puts another sequence number in the place of a segment's.
  static func setSequence(_ frame: UnsafeMutableRawPointer, _ number: SequenceNumber) { setNumber(frame, number, at: 4) }

  /// Puts another acknowledgment in the place of a segment's.
  static func setAcknowledgment(_ frame: UnsafeMutableRawPointer, _ number: SequenceNumber) { setNumber(frame, number, at: 8) }

  private static func setNumber(_ frame: UnsafeMutableRawPointer, _ number: SequenceNumber, at offset: Int) {
    let tcp = tcpOffset(frame)
    var sum = ChecksumSum(UInt64(~UnsafeRawPointer(frame).native16(tcp &+ 16)))
    replace(frame, tcp &+ offset, with: number.rawValue, tcp, &sum)
    frame.store(sum.field, at: tcp &+ 16)
  }

  /// Where the TCP header of a frame begins that was read as TCP.
  @inline(always)
  static func tcpOffset(_ frame: UnsafeRawPointer) -> Int {
    Ethernet.headerLength &+ Int(frame.octet(Ethernet.headerLength) & 0xf) &* 4
  }

  /// Rewrites the options of a frame that was read as `segment`, which has some.
  @inline(always)
  static func rewriteOptions(
    _ frame: UnsafeMutableRawPointer, _ tcp: Int, _ segment: UnsafePointer<TCPSegment>, _ to: OptionTranslation
  ) {
    let present = segment.pointee.options.present
    let changesTimestamps = present.has(.timestamps) && to.timestamp | to.echo != 0
    let changesBlocks = present.has(.sack) && (to.blocks != 0 || to.blanksBlocks)
    guard changesTimestamps || changesBlocks else { return }
    var sum = ChecksumSum(UInt64(~UnsafeRawPointer(frame).native16(tcp &+ 16)))
    if changesTimestamps { sum = rewriteTimestamps(frame, tcp, segment, to.timestamp, to.echo, sum) }
    if changesBlocks { sum = rewriteBlocks(frame, tcp, segment, to.blocks, to.blanksBlocks, sum) }
    frame.store(sum.field, at: tcp &+ 16)
  }

  @inline(never)
  private static func rewriteTimestamps(
    _ frame: UnsafeMutableRawPointer, _ tcp: Int, _ segment: UnsafePointer<TCPSegment>, _ addend: UInt32, _ echoAddend: UInt32,
    _ before: ChecksumSum
  ) -> ChecksumSum {
    guard let option = TCPOptions.place(of: TCPHeader.OptionKind.timestamps, in: frame, tcp, Int(segment.pointee.payloadOffset)) else {
      return before
    }
    var sum = before
    let value = segment.pointee.options.timestampValue
    let echo = segment.pointee.options.timestampEcho
    if addend != 0 { replace(frame, option &+ 2, with: value &+ addend, tcp, &sum) }
    // An echo without ACK says nothing (RFC 7323 3.2), and one of none is none.
    if echoAddend != 0, segment.pointee.flags.has(.ack) { replace(frame, option &+ 6, with: echo &+ echoAddend, tcp, &sum) }
    return sum
  }

  @inline(never)
  private static func rewriteBlocks(
    _ frame: UnsafeMutableRawPointer, _ tcp: Int, _ segment: UnsafePointer<TCPSegment>, _ addend: UInt32, _ blanks: Bool,
    _ before: ChecksumSum
  ) -> ChecksumSum {
    let first = Int(segment.pointee.payloadOffset) &- Int(segment.pointee.options.sackDistance)
    let bytes = UnsafeRawPointer(frame)
    let end = first &- 2 &+ Int(bytes.octet(first &- 1))
    var sum = before
    if blanks {
      blank(frame, first &- 2, end, tcp, &sum)
      return sum
    }
    var edge = first
    while edge < end {
      replace(frame, edge, with: bytes.bigEndian32(edge) &+ addend, tcp, &sum)
      edge &+= 4
    }
    return sum
  }

  /// Puts NOPs in an option's place.
  private static func blank(_ frame: UnsafeMutableRawPointer, _ start: Int, _ end: Int, _ tcp: Int, _ sum: inout ChecksumSum) {
    for place in start..<end {
      let isHigh = (place &- tcp) & 1 == 0
      let old = UInt16(UnsafeRawPointer(frame).octet(place))
      let new = UInt16(TCPHeader.OptionKind.noOperation)
      sum.add(field: ~(isHigh ? old &<< 8 : old))
      sum.add(field: isHigh ? new &<< 8 : new)
      frame.store(TCPHeader.OptionKind.noOperation, at: place)
    }
  }

  /// Replaces four octets of the TCP header. Options lie anywhere: at an odd place an octet counts in the other half of its word.
  @inline(always)
  private static func replace(_ frame: UnsafeMutableRawPointer, _ place: Int, with value: UInt32, _ tcp: Int, _ sum: inout ChecksumSum) {
    let old = UnsafeRawPointer(frame).native32(place)
    let new = networkOrder(value)
    let shift = UInt64((place &- tcp) & 1) &<< 3
    sum.add(UInt64(~old) &<< shift)
    sum.add(UInt64(new) &<< shift)
    frame.store(new, at: place)
  }
}

extension TCPOptions {
  /// Where an option lies in a frame whose options were read before; nil: nowhere.
  static func place(of wanted: UInt8, in frame: UnsafeMutableRawPointer, _ tcp: Int, _ end: Int) -> Int? {
    let bytes = UnsafeRawPointer(frame)
    var place = tcp &+ TCPHeader.length
    while place < end {
      let kind = bytes.octet(place)
      if kind == TCPHeader.OptionKind.end { return nil }
      if kind == TCPHeader.OptionKind.noOperation {
        place &+= 1
        continue
      }
      guard place &+ 1 < end else { return nil }
      let length = Int(bytes.octet(place &+ 1))
      guard length >= 2, place &+ length <= end else { return nil }
      if kind == wanted { return place }
      place &+= length
    }
    return nil
  }
}

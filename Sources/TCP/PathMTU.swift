/// The path to a peer carries less than our own link: RFC 1191, as a router tells of it, with what RFC 5927 asks to be looked at first.
public enum PathMTU {
  /// RFC 1191 3: an estimate is never below that.
  static var least: UInt16 { 68 }
  /// RFC 1191 7.1: MTUs that there are.
  private static var plateaus: InlineArray<11, UInt16> { [32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 576, 508, 296, 68] }

  /// What the path may carry, when a packet of `packetLength` octets was too large for a next hop of this MTU; 0: the router does not say. Nil:
  /// the message contradicts itself.
  static func estimate(_ nextHop: UInt16, packetLength: UInt16) -> UInt16? {
    guard nextHop == 0 else { return nextHop < packetLength ? (nextHop < least ? least : nextHop) : nil }
    let plateaus = plateaus
    for index in 0..<plateaus.count where plateaus[index] < packetLength { return plateaus[index] }
    return nil
  }
}

extension Connection {
  /// RFC 5927 4.1: an ICMP message is about a segment that is in flight, or it is somebody's guess.
  @inline(always)
  func isInFlight(_ sequence: SequenceNumber) -> Bool { sequence.distance(from: sendUnacknowledged) < flight }

  /// Octets of data in a segment over a path of this MTU.
  func segmentSize(forPathMTU mtu: UInt16) -> UInt16 {
    let headers = UInt16(truncatingIfNeeded: IPv4.headerLength &+ TCPHeader.length)
    let options = flags.has(.timestamps) ? UInt16(truncatingIfNeeded: TCPOptions.timestampLayoutLength) : 0
    return mtu &- headers &- options
  }

  /// Segments are not longer than `size` from now on. What is in flight and longer is lost, for want of room and not by congestion: the window
  /// stays what it was, counted in segments (RFC 1191 6.4).
  mutating func narrow(to size: UInt16, _ cold: UnsafeMutablePointer<Recovery>, _ parameters: UnsafePointer<TCPParameters>, now: Moment) {
    let former = UInt32(segmentSize)
    segmentSize = size
    cold.pointee.narrow(from: sendUnacknowledged, former, to: UInt32(size))
    if flight > 0, cold.pointee.timer != .persist { cold.pointee.armRetransmission(standing, parameters, now: now.microseconds) }
  }
}

extension Recovery {
  /// Marks as lost what is longer than a segment may be now, and scales the windows.
  fileprivate mutating func narrow(from una: SequenceNumber, _ former: UInt32, to size: UInt32) {
    congestionWindow = larger(congestionWindow / former, 1) &* size
    if slowStartThreshold != .max { slowStartThreshold = larger(slowStartThreshold / former, 2) &* size }
    var start = una
    for index in 0..<count {
      let segment = segment(index)
      let octets = segment.pointee.end.distance(from: start)
      start = segment.pointee.end
      if octets > size, !segment.pointee.marks.has(.sacked) { markLost(segment, octets) }
    }
  }

  /// Makes two of a segment in flight, the first of `size` octets, which is less than it has; the octets of the first. Where the ring has no
  /// place for another one it stays whole: it is then sent in part, and the rest when that has arrived.
  mutating func split(_ index: UInt32, from start: SequenceNumber, _ size: UInt32) -> UInt32 {
    guard !isRingFull else { return segment(index).pointee.end.distance(from: start) }
    var place = count
    while place > index {
      segment(place).pointee = segment(place &- 1).pointee
      place &-= 1
    }
    count &+= 1
    segment(index).pointee.end = start + size
    return size
  }
}

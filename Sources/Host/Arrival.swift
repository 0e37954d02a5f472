import CPacket

/// A frame of the burst in hand, after it was read: one cache line.
struct Arrival: BitwiseCopyable, @unchecked Sendable {
  /// Undefined unless it `isPlain`.
  var segment: TCPSegment
  /// Of the segment's key.
  var hash: UInt32
  /// After the first pass the bucket of the flow table in which it is looked for; after the second the handle that is found there.
  var place: UInt32
  var packet: PacketPointer
  /// The frame's first octet.
  var frame: UnsafeMutableRawPointer

  /// The place of what could not be read at first sight: `FrameParser.parseAny` says what it is.
  static var unread: UInt32 { .max }
  /// The place of what was not found at first sight, or not looked for.
  static var unknown: UInt32 { .max &- 1 }
  /// The bit that no handle of a connection has.
  static var noConnection: UInt32 { 0x4000_0000 }

  /// Read at first sight.
  @inline(always)
  var isPlain: Bool { place != Self.unread }
}

extension UnsafeMutablePointer where Pointee == Arrival {
  /// Where the segment lies.
  @inline(always)
  var segment: UnsafeMutablePointer<TCPSegment> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: TCPSegment.self)
  }

  /// Reads a burst in a first pass, and asks for what the second will look at.
  @inline(never)
  func read(_ burst: UnsafePointer<PacketPointer>, count: Int, _ flows: borrowing FlowTable, _ hash: FlowHash) {
    read(burst, count: count, flows, hash) { _ in .software }
  }

  @inline(always)
  func read(
    _ burst: UnsafePointer<PacketPointer>, count: Int, _ flows: borrowing FlowTable, _ hash: FlowHash,
    verify: (PacketPointer) -> ChecksumVerification
  ) {
    for index in 0..<smaller(count, Self.ahead) { prefetchFrame(burst[index]) }
    var next = burst
    var arrival = self
    while next != burst + count {
      defer {
        next += 1
        arrival += 1
      }
      if next + Self.ahead < burst + count { prefetchFrame(next[Self.ahead]) }
      let packet = next.pointee
      let frame = UnsafeMutableRawPointer(packet_data(packet))
      arrival.pointee.packet = packet
      arrival.pointee.frame = frame
      guard
        usually(
          FrameParser.parsePlain(frame, count: Int(packet.pointee.pkt_len), verify: verify(packet), into: &arrival.pointee.segment))
      else {
        arrival.pointee.place = Arrival.unread
        continue
      }
      arrival.pointee.hash = hash(arrival.pointee.segment.key)
      arrival.pointee.place = flows.start(arrival.pointee.hash)
      prefetch_line(flows.address(of: arrival.pointee.place))
    }
  }

  /// The second pass: looks for the connection of a segment in the bucket that the first has asked for.
  @inline(always)
  func lookUp(_ flows: borrowing FlowTable) -> UInt32 {
    let matches = flows.matches(pointee.hash, in: pointee.place)
    let handle = usually(matches != 0) ? flows.handle(matches, in: pointee.place) : Arrival.unknown
    pointee.place = handle
    return handle
  }

  /// Frames that are asked for before they are read.
  private static var ahead: Int { 4 }
}

@inline(always)
func prefetchFrame(_ packet: PacketPointer) { prefetch_line(packet_data(packet)) }

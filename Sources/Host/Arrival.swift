import CPacket

/// A frame of the burst in hand, after it was read: one cache line.
struct Arrival: BitwiseCopyable, @unchecked Sendable {
  /// Undefined unless it `isPlain`.
  var segment: TCPSegment
  /// Of the segment's key.
  var hash: UInt32
  /// Where the flow table is first looked at for it.
  var place: UInt32
  var packet: PacketPointer
  /// The frame's first octet.
  var frame: UnsafeMutableRawPointer

  /// The place of what could not be read at first sight: `FrameParser.parseAny` says what it is.
  static var unread: UInt32 { .max }

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
    for index in 0..<count {
      if index &+ Self.ahead < count { prefetchFrame(burst[index &+ Self.ahead]) }
      let packet = burst[index]
      let arrival = self + index
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
      arrival.find(in: flows, hash)
      prefetch_line(flows.slotAddress(at: arrival.pointee.place))
    }
  }

  /// Notes where the flow table has the connection of the segment, if at all.
  @inline(always)
  func find(in flows: borrowing FlowTable, _ hash: FlowHash) {
    let hash = hash(pointee.segment.key)
    pointee.hash = hash
    pointee.place = flows.start(hash)
  }

  /// Frames that are asked for before they are read.
  private static var ahead: Int { 4 }
}

@inline(always)
func prefetchFrame(_ packet: PacketPointer) { prefetch_line(packet_data(packet)) }

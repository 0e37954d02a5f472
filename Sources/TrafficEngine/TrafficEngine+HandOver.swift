import CPacket

/// Several workers on one port: a frame that arrived on another worker's queue goes to the one it belongs to (Documentation/Steering.md).
extension TrafficEngine {
  /// Frames taken from another worker in one turn at most.
  static var handOverBurst: Int { 64 }

  /// Acts on what other workers have received for this one. True if there was anything.
  @inline(never)
  mutating func takeHandedOver<Port: PacketPort & ~Copyable>(_ lanes: HandOverLanes, _ io: inout PacketQueue<Port>) -> Bool {
    var any = false
    var worker = lanes.next
    while worker != lanes.worker {
      // Answers need room to wait in.
      if io.room < 4 &* Self.handOverBurst { return any }
      let count = lanes.take(from: worker, handed.base, count: Self.handOverBurst)
      if count > 0 {
        any = true
        statistics.add(.steeredHere, UInt64(truncatingIfNeeded: count))
        receiveHandedOver(count, &io)
      }
      worker = worker &+ 1 == lanes.workers ? 0 : worker &+ 1
    }
    return any
  }

  /// All of them the thorough way, which is there once: the loop stays small for those that come to the right worker.
  @inline(always)
  private mutating func receiveHandedOver<Port: PacketPort & ~Copyable>(_ count: Int, _ io: inout PacketQueue<Port>) {
    let arrival = arrivals.base
    for index in 0..<count { prefetchFrame(handed[index].packet) }
    for index in 0..<count {
      hops = handed[index].hops
      arrival.pointee.packet = handed[index].packet
      arrival.pointee.frame = UnsafeMutableRawPointer(packet_data(handed[index].packet))
      arrival.pointee.segment.flags = TCPFlags(rawValue: 0)
      receiveOther(arrival, &io)
      // Nothing that is no TCP has written flags.
      let control = arrival.pointee.segment.flags.rawValue & (TCPFlags.syn.rawValue | TCPFlags.ack.rawValue)
      if control == TCPFlags.syn.rawValue | TCPFlags.ack.rawValue { noteStray(arrival.pointee.hash) }
    }
    hops = 0
  }

  /// A reply to our SYN came to another worker: so would the next one to the same address and port.
  @inline(always)
  private mutating func noteStray(_ hash: UInt32) {
    statistics.add(.repliesAstray)
    if learnsStrays { strays.insert(hash) }
  }

  /// The worker that a segment without a connection here may belong to; nil: it is this one's matter.
  @inline(never)
  mutating func otherOwner(of segment: UnsafePointer<TCPSegment>) -> (worker: Int, hops: UInt32)? {
    guard let lanes else { return nil }
    switch ownership.owner(of: segment) {
    case .some(let worker):
      return worker == lanes.worker || hops > 0 ? nil : (worker, UInt32(truncatingIfNeeded: lanes.workers))
    case .none:
      return passedOn(lanes)
    }
  }

  /// Where a frame goes next that may be any worker's: around, until all have seen it.
  @inline(always)
  func passedOn(_ lanes: HandOverLanes) -> (worker: Int, hops: UInt32)? {
    Int(hops) &+ 1 < lanes.workers ? (lanes.next, hops &+ 1) : nil
  }

  @inline(never)
  mutating func handOver<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, to worker: Int, hops: UInt32, _ io: inout PacketQueue<Port>
  ) {
    let buffer = packet.release()
    guard let lanes, lanes.hand(HandedFrame(packet: buffer, hops: hops), to: worker) else {
      return drop(Packet(owning: buffer), .handOverFull, &io)
    }
    statistics.add(.steeredElsewhere)
  }
}

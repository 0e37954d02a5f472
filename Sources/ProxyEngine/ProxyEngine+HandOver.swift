import CPacket

/// Several workers: a frame that arrived on another worker's queue goes to the one it belongs to (Documentation/Steering.md).
extension ProxyEngine {
  /// Acts on what other workers have received for this one. True if there was anything.
  @inline(never)
  mutating func takeHandedOver<Port: PacketPort & ~Copyable>(_ lanes: HandOverLanes, _ io: inout PacketQueue<Port>) -> Bool {
    var any = false
    var worker = lanes.next
    while worker != lanes.worker {
      // What is passed on needs room to wait in.
      if io.room < 4 &* WorkerCrossing.burst { return any }
      let count = lanes.take(from: worker, crossing.handed.base, count: WorkerCrossing.burst)
      if count > 0 {
        any = true
        statistics.add(.steeredHere, UInt64(truncatingIfNeeded: count))
        for index in 0..<count { receive(crossing.handed.base[index], &io) }
        crossing.hops = 0
      }
      worker = worker &+ 1 == lanes.workers ? 0 : worker &+ 1
    }
    return any
  }

  @inline(always)
  private mutating func receive<Port: PacketPort & ~Copyable>(_ handed: HandedFrame, _ io: inout PacketQueue<Port>) {
    let arrival = arrivals.base
    crossing.hops = handed.hops
    arrival.pointee.packet = handed.packet
    arrival.pointee.frame = UnsafeMutableRawPointer(packet_data(handed.packet))
    arrival.pointee.segment.flags = TCPFlags(rawValue: 0)
    receiveOther(arrival, &io)
    // Nothing that is no TCP has written flags.
    let control = arrival.pointee.segment.flags.rawValue & (TCPFlags.syn.rawValue | TCPFlags.ack.rawValue)
    guard control == TCPFlags.syn.rawValue | TCPFlags.ack.rawValue else { return }
    statistics.add(.repliesAstray)
    crossing.note(stray: arrival.pointee.hash)
  }

  @inline(never)
  mutating func handOver<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, to worker: Int, hops: UInt32, _ io: inout PacketQueue<Port>
  ) {
    let buffer = packet.release()
    guard let lanes = crossing.lanes, lanes.hand(HandedFrame(packet: buffer, hops: hops), to: worker) else {
      return drop(Packet(owning: buffer), .handOverFull, &io)
    }
    statistics.add(.steeredElsewhere)
  }
}

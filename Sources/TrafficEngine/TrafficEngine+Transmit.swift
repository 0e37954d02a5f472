/// Segments become frames.
extension TrafficEngine {
  /// Where a connection's frames go that answer none.
  @inline(always)
  func link(_ slot: UInt32) -> LinkHeader {
    let connection = connections.base + Int(slot)
    return connection.pointee.role == .client ? targets[Int(connection.pointee.peer)].link : defaultLink
  }

  /// An empty frame with its link header: the spare one, which goes back where it came from, or a new one; nil when there is no buffer.
  @inline(always)
  func frame<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Packet? {
    if let packet = spare.claim() {
      LinkHeader(answering: packet.bytes).store(to: packet.bytes)
      return packet
    }
    guard let packet = io.allocate() else {
      statistics.dropped(.noBuffer)
      return nil
    }
    link(slot).store(to: packet.bytes)
    return packet
  }

  /// A segment of a connection. What finds no buffer is as good as lost on the wire: the timers see to it.
  @inline(never)
  mutating func transmit<Port: PacketPort & ~Copyable>(
    _ transmission: Transmission, _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    guard let packet = frame(slot, &spare, &io) else { return }
    let connection = connections.base + Int(slot)
    let segment = connection.pointee.segment(transmission, companions.base[Int(slot)], parameters, now: moment)
    if transmission.length > 0 {
      workload.write(
        WorkloadView(connection), companions.base[Int(slot)].workload, offset: transmission.streamOffset,
        into: packet.bytes + FrameWriter.payloadOffset(segment.options), count: Int(transmission.length))
    }
    packet.length = FrameWriter.write(segment, to: packet.bytes)
    io.send(packet)
  }

  /// Our SYN or SYN-ACK.
  @inline(never)
  mutating func transmitSynchronization<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    guard let packet = frame(slot, &spare, &io) else { return }
    let segment = connections.base[Int(slot)].synchronization(companions.base[Int(slot)], parameters, now: moment)
    packet.length = FrameWriter.write(segment, to: packet.bytes)
    io.send(packet)
  }

  /// A segment of no connection, over the frame it answers.
  @inline(never)
  mutating func answer<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, over packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    LinkHeader(answering: packet.bytes).store(to: packet.bytes)
    packet.length = FrameWriter.write(segment, to: packet.bytes)
    io.send(packet)
  }

  @inline(always)
  mutating func sendAcknowledgment<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    transmit(connections.base[Int(slot)].acknowledgment, slot, &spare, &io)
  }

  @inline(never)
  mutating func retransmit<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    guard let transmission = connections.base[Int(slot)].retransmitOldest() else { return }
    statistics.count(connections.base[Int(slot)].role, .retransmitted)
    records.retransmitted(slot)
    transmit(transmission, slot, &spare, &io)
  }

  /// The RST with which we give a connection up.
  @inline(never)
  mutating func sendAbort<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>) {
    statistics.count(connections.base[Int(slot)].role, .rstSent)
    transmit(connections.base[Int(slot)].abort, slot, &spare, &io)
  }
}

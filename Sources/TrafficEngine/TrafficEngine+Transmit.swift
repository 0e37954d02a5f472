/// Segments become frames.
extension TrafficEngine {
  /// Where a connection's frames go that answer none.
  @inline(always)
  func link(_ slot: UInt32) -> LinkHeader {
    let connection = connections.base + Int(slot)
    return connection.pointee.role == .client ? targets[Int(connection.pointee.peer)].link : defaultLink
  }

  /// A segment without payload, over the frame it answers.
  @inline(always)
  mutating func transmit<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, over packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let link = LinkHeader(answering: packet.bytes)
    packet.length = FrameWriter.write(segment, link: link, to: packet.bytes)
    io.send(packet)
  }

  /// A segment without payload, over the spare frame if there is one.
  @inline(always)
  mutating func transmitControl<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    if let packet = spare.claim() { return transmit(segment, over: packet, &io) }
    guard let packet = io.allocate() else { return statistics.dropped(.noBuffer) }
    packet.length = FrameWriter.write(segment, link: link(slot), to: packet.bytes)
    io.send(packet)
  }

  /// Data or FIN; the workload writes the octets. False when there was no buffer: the timer will see to it.
  @inline(always)
  mutating func transmit<Port: PacketPort & ~Copyable>(
    _ transmission: Transmission, _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    if let packet = spare.claim() {
      let link = LinkHeader(answering: packet.bytes)
      write(transmission, slot, link, packet, &io)
      return true
    }
    guard let packet = io.allocate() else {
      statistics.dropped(.noBuffer)
      return false
    }
    write(transmission, slot, link(slot), packet, &io)
    return true
  }

  @inline(always)
  private mutating func write<Port: PacketPort & ~Copyable>(
    _ transmission: Transmission, _ slot: UInt32, _ link: LinkHeader, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let count = Int(transmission.segment.payloadLength)
    if count > 0 {
      workload.write(
        WorkloadView(connections.base + Int(slot)), companions.base[Int(slot)].workload, offset: transmission.streamOffset,
        into: packet.bytes + FrameWriter.payloadOffset(transmission.segment.options), count: count)
    }
    packet.length = FrameWriter.write(transmission.segment, link: link, to: packet.bytes)
    io.send(packet)
  }

  @inline(never)
  mutating func retransmit<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    guard let transmission = connections.base[Int(slot)].retransmitOldest(companions.base[Int(slot)], parameters, now: moment)
    else { return }
    statistics.count(connections.base[Int(slot)].role, .retransmitted)
    records.retransmitted(slot)
    _ = transmit(transmission, slot, &spare, &io)
  }

  /// The RST with which we give a connection up.
  @inline(never)
  mutating func sendAbort<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ packet: consuming Packet?, _ io: inout PacketQueue<Port>
  ) {
    var spare: Packet? = packet
    statistics.count(connections.base[Int(slot)].role, .rstSent)
    let segment = connections.base[Int(slot)].abort(companions.base[Int(slot)], parameters, now: moment)
    transmitControl(segment, slot, &spare, &io)
    if let left = spare.claim() { io.free(left) }
  }
}

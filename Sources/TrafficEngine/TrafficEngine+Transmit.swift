/// Segments become frames.
extension TrafficEngine {
  /// Where a connection's frames go that answer none.
  @inline(always)
  func link(_ slot: UInt32) -> LinkHeader {
    let connection = connections.base + Int(slot)
    let peer = connection.pointee.peer
    return connection.pointee.role == .client ? targets[Int(peer)].link : station.peers.link(peer & ~Connection.serverBit)
  }

  /// An empty frame with its link header: the spare one, which goes back where it came from, or a new one; nil when there is no buffer.
  @inline(always)
  mutating func frame<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Packet? {
    if let packet = spare.claim() {
      let bytes = packet.bytes
      LinkHeader(answering: bytes, as: answerStart).store(to: bytes)
      return packet
    }
    return newFrame(slot, &io)
  }

  @inline(always)
  mutating func newFrame<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) -> Packet? {
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
    transmitInPlace(transmission, slot, connections.base + Int(slot), &spare, &io)
  }

  /// The same without a call, for what every connection sends.
  @inline(always)
  mutating func transmitInPlace<Port: PacketPort & ~Copyable>(
    _ transmission: Transmission, _ slot: UInt32, _ connection: UnsafeMutablePointer<Connection>, _ spare: inout Packet?,
    _ io: inout PacketQueue<Port>
  ) {
    guard let packet = frame(slot, &spare, &io) else { return }
    if rarely(parameters.pointee.acknowledgmentDelay > 0) { connection.pointee.flags.clear(.owesAcknowledgment) }
    if rarely(connection.pointee.flags.has(.notPlain)) { return transmitWithOptions(transmission, slot, packet, &io) }
    let frame = packet.bytes
    let length = Int(transmission.length)
    var sum = ChecksumSum()
    if length > 0 { sum = writePayload(transmission, slot, frame + FrameWriter.plainPayloadOffset) }
    let frameLength = FrameWriter.writeHeaders(
      connection.pointee.key.reversed, sequence: transmission.sequence, acknowledgment: connection.pointee.receiveNext,
      transmission.control, window: connection.pointee.windowField(parameters), optionsLength: 0, payloadLength: length, sum: sum,
      to: frame)
    sendSegment(packet, length: frameLength, &io)
  }

  /// With timestamps, or SACK blocks.
  @inline(never)
  private mutating func transmitWithOptions<Port: PacketPort & ~Copyable>(
    _ transmission: Transmission, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let frame = packet.bytes
    let length = Int(transmission.length)
    let isCold = connection.pointee.flags.has(.cold)
    let optionsLength =
      isCold ? connection.pointee.coldOptionsLength(recovery(slot), withBlocks: length == 0) : TCPOptions.timestampLayoutLength
    let options = frame + FrameWriter.plainPayloadOffset
    var sum = ChecksumSum()
    if length > 0 { sum = writePayload(transmission, slot, options + optionsLength) }
    let companion = companions.base + Int(slot)
    if isCold {
      let edge = connection.pointee.receiveNext + connection.pointee.receiveWindow(parameters)
      if recovery(slot).pointee.receiveEdge < edge { recovery(slot).pointee.receiveEdge = edge }
      connection.pointee.writeColdOptions(
        companion.pointee.tcp, recovery(slot), withBlocks: length == 0, to: options, &sum, now: moment)
    } else {
      FrameWriter.writeTimestamps(
        moment.milliseconds, echo: companion.pointee.tcp.timestampRecent, before: options + optionsLength, &sum)
    }
    let frameLength = FrameWriter.writeHeaders(
      connection.pointee.key.reversed, sequence: transmission.sequence, acknowledgment: connection.pointee.receiveNext,
      transmission.control, window: connection.pointee.windowField(parameters), optionsLength: optionsLength, payloadLength: length,
      sum: sum, to: frame)
    sendSegment(packet, length: frameLength, &io)
  }

  /// A whole segment of ours goes out; its sums may be the port's affair.
  @inline(always)
  private func sendSegment<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, length: Int, _ io: inout PacketQueue<Port>) {
    if offload.sumsTCP { offload.leaveSums(packet) }
    io.send(packet, length: length)
  }

  /// Lets the workload write, and returns the sum of it; 0 where the port computes it.
  @inline(always)
  private func writePayload(_ transmission: Transmission, _ slot: UInt32, _ payload: UnsafeMutableRawPointer) -> ChecksumSum {
    let length = Int(transmission.length)
    workload.write(
      view(slot), companions.base[Int(slot)].workload, offset: transmission.streamOffset, into: payload,
      count: length)
    var sum = ChecksumSum()
    if !offload.sumsTCP { sum.add(payload, count: length) }
    return sum
  }

  /// Our SYN or SYN-ACK.
  @inline(never)
  mutating func transmitSynchronization<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    if let packet = frame(slot, &spare, &io) { synchronize(slot, packet, &io) }
  }

  /// Our SYN or SYN-ACK in a frame that has its link header.
  @inline(always)
  mutating func synchronize<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let frame = packet.bytes
    guard usually(synchronization.suits(connection)) else { return synchronizeUnusually(slot, packet, &io) }
    let sum = synchronization.write(to: frame + FrameWriter.plainPayloadOffset)
    let length = FrameWriter.writeHeaders(
      connection.pointee.key.reversed, sequence: connection.pointee.initialSend, acknowledgment: connection.pointee.receiveNext,
      connection.pointee.state == .synSent ? .syn : .synAck, window: synchronization.window,
      optionsLength: TCPOptions.synLayoutLength, payloadLength: 0, sum: sum, to: frame)
    io.send(packet, length: length)
  }

  @inline(never)
  private mutating func synchronizeUnusually<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let segment = connections.base[Int(slot)].synchronization(companions.base[Int(slot)].tcp, parameters, now: moment)
    let length = FrameWriter.write(segment, to: packet.bytes)
    sendSegment(packet, length: length, &io)
  }

  /// A segment of no connection, over the frame it answers.
  @inline(never)
  mutating func answer<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, over packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    LinkHeader(answering: packet.bytes).store(to: packet.bytes)
    let length = FrameWriter.write(segment, to: packet.bytes)
    sendSegment(packet, length: length, &io)
  }

  @inline(never)
  mutating func sendAcknowledgment<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    transmitInPlace(connection.pointee.acknowledgment, slot, connection, &spare, &io)
  }

  /// Sends again what is to be, if it may be sent now. True if anything went out.
  @inline(never)
  mutating func retransmit<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    let connection = connections.base + Int(slot)
    let role = connection.pointee.role
    if connection.pointee.flags.has(.cold) { return sendCold(slot, role, &spare, &io) }
    guard let transmission = connection.pointee.retransmitOldest() else { return false }
    note(transmission, slot, role, connection.pointee.state)
    transmit(transmission, slot, &spare, &io)
    return true
  }

  /// The RST with which we give a connection up.
  @inline(never)
  mutating func sendAbort<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>) {
    statistics.count(connections.base[Int(slot)].role, .rstSent)
    transmit(connections.base[Int(slot)].abort, slot, &spare, &io)
  }
}

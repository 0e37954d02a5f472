/// Segments of the proxy's own: few, and none of them in the steady state.
extension ProxyEngine {
  @inline(always)
  mutating func allocate<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Packet? {
    guard let packet = io.allocate() else {
      statistics.dropped(.noBuffer)
      return nil
    }
    return packet
  }

  /// Sends a segment whose payload, if any, lies in the packet already.
  @inline(always)
  mutating func sendToClient<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ connection: UnsafePointer<ProxyConnection>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    front.peers.link(connection.pointee.peer).store(to: packet.bytes)
    let length = FrameWriter.write(segment, to: packet.bytes)
    packet.side = 0
    io.send(packet, length: length)
  }

  @inline(always)
  mutating func sendToServer<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ connection: UnsafePointer<ProxyConnection>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    sendToServer(segment, connection.pointee.target, packet, &io)
  }

  @inline(always)
  mutating func sendToServer<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ target: UInt16, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    routes.base[Int(target)].link.store(to: packet.bytes)
    let length = FrameWriter.write(segment, to: packet.bytes)
    packet.side = isSplit ? 1 : 0
    io.send(packet, length: length)
  }

  /// A segment without payload to an end, with the numbers that it expects: as a challenge (RFC 5961), as an acknowledgment, as a RST or FIN of ours.
  @inline(never)
  mutating func sendBare<Port: PacketPort & ~Copyable>(
    _ flags: TCPFlags, to leg: Leg, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    var segment: TCPSegment
    if leg == .client {
      segment = TCPSegment(connection.pointee.clientKey.reversed)
      segment.sequence = connection.pointee.server.next + connection.pointee.toClient
      segment.acknowledgment = acknowledgmentToClient(connection)
      segment.window = connection.pointee.windowToClient(behind: segment.acknowledgment)
    } else {
      segment = TCPSegment(connection.pointee.serverKey.reversed)
      segment.sequence = sentToServer(connection)
      // What the client has not acknowledged, it may never have got.
      segment.acknowledgment = connection.pointee.client.acknowledged
      segment.window = connection.pointee.windowToServer(behind: segment.acknowledgment)
    }
    segment.flags = flags
    if !flags.has(.ack) { segment.acknowledgment = SequenceNumber(0) }
    if flags.has(.rst) { segment.window = 0 }
    // Once both ends have sent them, every segment but a RST carries timestamps (RFC 7323 3.2).
    if !flags.has(.rst), connection.pointee.flags.has(.timestamps) {
      segment.options.present = .timestamps
      segment.options.timestampValue = leg == .client ? timestampToClient(connection) : connection.pointee.clientTimestamp
      segment.options.timestampEcho = leg == .client ? connection.pointee.clientTimestamp : connection.pointee.serverTimestamp
    }
    if leg == .client { sendToClient(segment, connection, packet, &io) } else { sendToServer(segment, connection, packet, &io) }
  }

  /// Before there is a server, our own clock stands for its; afterwards only what the server itself has said, as what runs ahead of it would
  /// make the client refuse the server's next segments (RFC 7323 5.2).
  @inline(always)
  func timestampToClient(_ connection: UnsafePointer<ProxyConnection>) -> UInt32 {
    connection.pointee.isJoined || connection.pointee.flags.has(.immediate)
      ? connection.pointee.serverTimestamp &+ connection.pointee.toClientTimestamp : moment.milliseconds
  }

  /// The number that the server expects, as far as it has got everything: of what is held, it may not have been sent all. What lies beyond its window,
  /// as a probe of it does, it has not taken, and would not take a number behind it.
  @inline(always)
  func sentToServer(_ connection: UnsafePointer<ProxyConnection>) -> SequenceNumber {
    let sent = saidToServer(connection)
    let edge = connection.pointee.server.edge
    return sent > edge && edge >= connection.pointee.server.acknowledged ? edge : sent
  }

  /// Behind all that the server was sent.
  @inline(always)
  private func saidToServer(_ connection: UnsafePointer<ProxyConnection>) -> SequenceNumber {
    guard connection.pointee.flags.has(.bound), !connection.pointee.flags.has(.immediate) else { return connection.pointee.client.next }
    let binding = bindings.base + Int(connection.pointee.binding)
    // A FIN does not go with what is only said again.
    let isAll = binding.pointee.sent == binding.pointee.count && binding.pointee.count > 0
    if isAll, !binding.pointee.hasFin || connection.pointee.phase != .replaying { return connection.pointee.client.next }
    let sent = binding.pointee.start + binding.pointee.sent
    // A probe's octets that were taken are not counted as sent.
    return connection.pointee.isJoined && connection.pointee.server.acknowledged > sent ? connection.pointee.server.acknowledged : sent
  }

  /// What the client may be told that was received: what the server has acknowledged, or the proxy answers for.
  @inline(always)
  func acknowledgmentToClient(_ connection: UnsafePointer<ProxyConnection>) -> SequenceNumber {
    var number = connection.pointee.server.acknowledged
    if connection.pointee.flags.has(.bound) {
      let binding = bindings.base + Int(connection.pointee.binding)
      let taken = binding.pointee.start + binding.pointee.taken
      if taken > number { number = taken }
    }
    return number - connection.pointee.toServer
  }

  /// The same in a packet of its own; without one it is not sent.
  mutating func sendBare<Port: PacketPort & ~Copyable>(
    _ flags: TCPFlags, to leg: Leg, _ slot: UInt32, _ io: inout PacketQueue<Port>
  ) {
    guard let packet = allocate(&io) else { return }
    sendBare(flags, to: leg, slot, packet, &io)
  }

  /// RFC 5961: what could be an attack is answered by what an honest end can correct itself by. So many a second and no more.
  @inline(never)
  mutating func challenge<Port: PacketPort & ~Copyable>(
    _ leg: Leg, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    guard challenges.permits(moment) else { return drop(packet, .challengeLimited, &io) }
    statistics.count(.challengeAckSent)
    sendBare(.ack, to: leg, slot, packet, &io)
  }

  /// The RST of RFC 9293 3.10.7.1, written over the segment it answers, back to where it came from.
  @inline(never)
  mutating func answerByReset<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    var reset = TCPSegment(segment.pointee.key.reversed)
    if segment.pointee.flags.has(.ack) {
      reset.sequence = segment.pointee.acknowledgment
      reset.flags = .rst
    } else {
      reset.flags = .rstAck
      reset.acknowledgment = segment.pointee.sequence + segment.pointee.length
    }
    statistics.count(.rstSent)
    LinkHeader(answering: UnsafeRawPointer(packet.bytes)).store(to: packet.bytes)
    let length = FrameWriter.write(reset, to: packet.bytes)
    if !isSplit { packet.side = 0 }
    io.send(packet, length: length)
  }

  /// Resets an end, as far as there is a packet to do it with.
  @inline(never)
  mutating func sendReset<Port: PacketPort & ~Copyable>(to leg: Leg, _ slot: UInt32, _ io: inout PacketQueue<Port>) {
    statistics.count(.rstSent)
    sendBare(.rstAck, to: leg, slot, &io)
  }
}

extension ProxyConnection {
  /// What is left, behind an acknowledgment of ours, of the window that the client was last offered, as it reads it: its edge stays where it was
  /// (RFC 9293 3.8.6), whatever has arrived that is not acknowledged. While the request is awaited the last unit counts as a whole one: the SYN-ACK
  /// has offered every octet of it.
  @inline(always)
  func windowToClient(behind acknowledgment: SequenceNumber) -> UInt16 {
    let start = acknowledgment + toServer
    let left = server.edge > start ? server.edge.distance(from: start) : 0
    let rest = isJoined ? 0 : unitRest
    return UInt16(truncatingIfNeeded: min((left &+ rest) &>> UInt32(offeredScale), 65_535))
  }

  /// Octets that are less than a unit of the window that the client is told.
  @inline(always)
  var unitRest: UInt32 { 1 &<< UInt32(offeredScale) &- 1 }

  /// The same of the client's window, as the server reads it.
  @inline(always)
  func windowToServer(behind acknowledgment: SequenceNumber) -> UInt16 {
    let left = client.edge > acknowledgment ? client.edge.distance(from: acknowledgment) : 0
    return UInt16(truncatingIfNeeded: min(flags.has(.serverScales) ? left &>> clientScale : left, 65_535))
  }
}

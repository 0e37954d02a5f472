import CPacket

/// What the proxy has answered in the server's place is said again to the server, and the server's answer is kept from the client.
extension ProxyEngine {
  /// What the server says while its answer is awaited.
  @inline(never)
  mutating func receiveReplayedAnswer<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let acknowledgment = segment.pointee.acknowledgment
    guard acknowledgment <= connection.pointee.client.next else { return drop(packet, .acknowledgesUnsent, &io) }
    if segment.pointee.options.present.has(.timestamps) {
      ProxyConnection.note(segment.pointee.options.timestampValue, in: &connection.pointee.serverTimestamp)
    }
    if segment.pointee.length == 0 { return absorb(connection, segment, packet, &io) }
    // What comes in another order comes again.
    guard segment.pointee.sequence == connection.pointee.server.next else { return challenge(.server, slot, packet, &io) }
    if acknowledgment > connection.pointee.server.acknowledged { connection.pointee.server.acknowledged = acknowledgment }
    let edge = acknowledgment + UInt32(segment.pointee.window) &<< connection.pointee.serverScale
    if edge > connection.pointee.server.edge { connection.pointee.server.edge = edge }
    let count = UInt32(segment.pointee.payloadLength)
    let isLast = segment.pointee.flags.has(.fin)
    let (first, held, total) = collect(slot, segment, packet, &io)
    switch LDAPBindResponse.read(first, count: held) {
    case .found(let answer) where answer.resultCode == 0 && answer.length <= total:
      // What lies behind it the server will say again.
      swallow(connection, count &- UInt32(truncatingIfNeeded: total &- answer.length))
      endAnswer(slot, &io)
    case .found(let answer) where answer.resultCode == 0 && !isLast: goOn(slot, count, &io)
    case .needMore where !isLast && held == total: goOn(slot, count, &io)
    default: failReplay(slot, &io)
    }
  }

  /// Puts a part of an answer behind those that came before it, as far as one buffer takes them. Where the answer begins, how much of it is
  /// held there, and how much has come.
  private mutating func collect<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) -> (UnsafeRawPointer, Int, Int) {
    let binding = bindings.base + Int(connections.base[Int(slot)].binding)
    let length = UInt32(segment.pointee.payloadLength)
    let offset = UInt32(segment.pointee.payloadOffset)
    guard let part = binding.pointee.answerPart else {
      let buffer = packet.release()
      RequestNote.begin(buffer, offset: offset, length: length)
      binding.pointee.answerPart = buffer
      binding.pointee.answerRest = 0
      heldCount &+= 1
      return (UnsafeRawPointer(RequestNote.bytes(buffer)), Int(length), Int(length))
    }
    let note = RequestNote.of(part)
    let fitting = smaller(length, UInt32(truncatingIfNeeded: RequestNote.room(part)))
    (RequestNote.bytes(part) + Int(note.length)).copyMemory(from: packet.bytes + Int(offset), byteCount: Int(fitting))
    note.length &+= fitting
    binding.pointee.answerRest &+= length &- fitting
    io.free(packet)
    return (UnsafeRawPointer(RequestNote.bytes(part)), Int(note.length), Int(note.length &+ binding.pointee.answerRest))
  }

  /// Octets of the server that the client never hears of: it has had others, and from here on the streams run side by side again.
  private mutating func swallow(_ connection: UnsafeMutablePointer<ProxyConnection>, _ count: UInt32) {
    connection.pointee.server.next = connection.pointee.server.next + count
    connection.pointee.serverStart = connection.pointee.server.next
    connection.pointee.client.acknowledged = connection.pointee.server.next
    connection.pointee.client.edge = connection.pointee.client.edge + count
    connection.pointee.shift(toServer: connection.pointee.toServer, toClient: connection.pointee.toClient &- count)
  }

  private mutating func goOn<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ count: UInt32, _ io: inout PacketQueue<Port>) {
    swallow(connections.base + Int(slot), count)
    sendBare(.ack, to: .server, slot, &io)
  }

  private mutating func endAnswer<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    discardAnswerPart(binding)
    sendBare(.ack, to: .server, slot, &io)
    connection.pointee.enter(.delivering, now: moment.milliseconds)
    records.entered(slot, .delivering, now)
    // A client that has asked for nothing else, yet.
    let hasAll = connection.pointee.server.acknowledged >= binding.pointee.end
    if hasAll, binding.pointee.unheard == 0, !binding.pointee.hasFin { return endDelivery(slot) }
    deliverHeld(slot, &io)
  }

  /// The server does not do as the proxy has said it does.
  private mutating func failReplay<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    sendReset(to: .server, slot, &io)
    failOver(slot, isFailure: true, &io)
  }
}

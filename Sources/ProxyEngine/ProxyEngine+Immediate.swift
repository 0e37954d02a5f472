/// Immediate mode: the server is chosen at the SYN, which is passed on, and so is everything that follows.
extension ProxyEngine {
  /// Holds the SYN, so that another server can be tried with it, and passes it on.
  @inline(never)
  mutating func connectAtOnce<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    connection.pointee.flags.set(.immediate)
    connection.pointee.flags.set(.clientSACK)
    connection.pointee.flags.set(.serverSACK)
    connection.pointee.group = defaultGroup ?? 0
    bind(connection)
    holdSyn(segment, connection, packet)
    connect(slot, to: nil, &io)
  }

  private mutating func holdSyn(
    _ segment: UnsafePointer<TCPSegment>, _ connection: UnsafeMutablePointer<ProxyConnection>, _ packet: consuming Packet
  ) {
    connection.pointee.noteSyn(segment)
    let binding = bindings.base + Int(connection.pointee.binding)
    let length = UInt32(truncatingIfNeeded: packet.length)
    let buffer = packet.release()
    RequestNote.begin(buffer, offset: 0, length: length)
    binding.pointee.first = buffer
    binding.pointee.last = buffer
    heldCount &+= 1
  }

  /// The client's SYN once more, perhaps with fewer options: it takes the place of the one that is held, and goes on at once. The proxy does not
  /// repeat the SYN by itself: a client that is echoed the timestamp of an old one takes the time between for the round trip (RFC 7323 4.1).
  @inline(never)
  mutating func takeRepeatedSyn<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    statistics.count(.requestsRepeated)
    guard segment.pointee.sequence + 1 == connection.pointee.clientStart else { return io.free(packet) }
    let binding = bindings.base + Int(connection.pointee.binding)
    discard(binding)
    renewPeer(segment, connection, packet.bytes)
    holdSyn(segment, connection, packet)
    if binding.pointee.isAsked { passHeldSyn(slot, &io) }
  }

  /// And while the client has not acknowledged the SYN-ACK that was passed on: the server may have forgotten that it has sent one (RFC 4987 3.6).
  @inline(never)
  mutating func passRepeatedSyn<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    statistics.count(.requestsRepeated)
    if segment.pointee.options.present.has(.timestamps) {
      ProxyConnection.note(segment.pointee.options.timestampValue, in: &connection.pointee.clientTimestamp)
    }
    connection.pointee.lastActivity = moment.milliseconds
    renewPeer(segment, connection, packet.bytes)
    sendSynToServer(segment, slot, packet, length: packet.length, &io)
  }

  /// A SYN passes with other addresses and ports only, and with the data that the inspector lets it have (RFC 7413).
  private mutating func sendSynToServer<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, length: Int, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    if inspectsEnd(.client, connection, slot, segment, packet.bytes, segment.pointee.sequence) {
      return endByInspector(slot, packet, &io)
    }
    let translation = Translation(
      link: routes.base[Int(connection.pointee.target)].link, key: connection.pointee.serverKey.reversed,
      numbers: TranslatedNumbers(segment, adding: 0, takingOff: 0), change: connection.pointee.change)
    HeaderRewriter.rewrite(packet.bytes, HeaderRewriter.tcpOffset(packet.bytes), translation)
    packet.side = isSplit ? 1 : 0
    io.send(packet, length: length)
  }

  /// The held SYN once more, with the addresses of the server that is tried now.
  mutating func passHeldSyn<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    guard let held = binding.pointee.first, let packet = allocate(&io) else { return }
    let length = Int(RequestNote.of(held).length)
    packet.bytes.copyMemory(from: RequestNote.bytes(held), byteCount: length)
    var segment = TCPSegment()
    guard case .tcp = FrameParser.parseAny(packet.bytes, count: length, verify: .byPort, into: &segment) else { return io.free(packet) }
    inspections[Int(slot)] = inspector.begin(target: connection.pointee.target)
    sendSynToServer(&segment, slot, packet, length: length, &io)
  }

  /// The server's SYN-ACK: passed on, and with it the connection is spliced.
  mutating func passSynAck<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    groups.succeeded(connection.pointee.target)
    statistics.count(.bound)
    connection.pointee.joinAtOnce(segment)
    releaseBinding(slot)
    connection.pointee.enter(.spliced, now: moment.milliseconds)
    records.answered(slot, segment.pointee.sequence)
    records.joined(slot, segment.pointee.sequence, .spliced, now)
    passJoining(segment, slot, packet, &io)
  }

  /// The SYN-ACK that both ends are joined by, the first time or once more.
  mutating func passJoining<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    passToClient(connection, slot, segment, packet.bytes, packet, isUsual: false, &io)
    // The window of a SYN is not scaled (RFC 7323 2.2).
    connection.pointee.server.edge = segment.pointee.acknowledgment + UInt32(segment.pointee.window)
    connection.pointee.flags.set(.halfOpen)
  }

  /// A SYN-ACK with another number than before, of a server that keeps nothing of a SYN: its cookies change with time (RFC 4987 3.6). The client
  /// has acknowledged none of them yet.
  @inline(never)
  mutating func passOtherSynAck<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let acknowledgment = segment.pointee.acknowledgment
    let isOfSyn = acknowledgment == connection.pointee.clientStart || acknowledgment == connection.pointee.client.next
    guard segment.pointee.flags.has(.ack), isOfSyn else { return drop(packet, .acknowledgesUnsent, &io) }
    connection.pointee.client.edge = SequenceNumber(connection.pointee.client.edge.distance(from: connection.pointee.client.acknowledged))
    connection.pointee.joinAtOnce(segment)
    passJoining(segment, slot, packet, &io)
  }
}

extension ProxyConnection {
  /// What the client's SYN says, of those that it has sent the last.
  mutating func noteSyn(_ segment: UnsafePointer<TCPSegment>) {
    let options = segment.pointee.options
    if options.present.has(.windowScale) { flags.set(.clientScales) } else { flags.clear(.clientScales) }
    if options.present.has(.timestamps) { flags.set(.timestamps) } else { flags.clear(.timestamps) }
    scales = options.present.has(.windowScale) ? options.windowScale : 0
    clientTimestamp = options.present.has(.timestamps) ? options.timestampValue : 0
    client.edge = SequenceNumber(UInt32(segment.pointee.window))
    // The first may have carried data, of which the server may have taken some, and the next none (RFC 7413 4.1.3).
    let end = segment.pointee.sequence + segment.pointee.length
    if end > client.next { client.next = end }
  }

  /// Both ends have named their numbers, to each other.
  mutating func joinAtOnce(_ segment: UnsafePointer<TCPSegment>) {
    let first = segment.pointee.sequence + 1
    let window = client.edge.rawValue
    client.edge = first + window
    client.acknowledged = first
    server = EndState(segment.pointee.sequence)
    server.acknowledged = segment.pointee.acknowledgment
    server.edge = segment.pointee.acknowledgment
    serverStart = first
    let sendsTimestamps = segment.pointee.options.present.has(.timestamps)
    serverTimestamp = sendsTimestamps ? segment.pointee.options.timestampValue : 0
    if !sendsTimestamps { flags.clear(.timestamps) }
    let scales = flags.has(.clientScales) && segment.pointee.options.present.has(.windowScale)
    if scales { flags.set(.serverScales) }
    // What we say to the client of the server's window it reads with the server's shift.
    offeredScale = scales ? segment.pointee.options.windowScale : 0
    self.scales = scales ? self.scales & 15 | segment.pointee.options.windowScale &<< 4 : 0
  }
}

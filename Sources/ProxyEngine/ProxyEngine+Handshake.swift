/// The client's leg, until it stands.
extension ProxyEngine {
  /// A SYN to where clients are accepted.
  @inline(never)
  mutating func accept<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ hash: UInt32, _ packet: consuming Packet, after previous: SequenceNumber?,
    _ io: inout PacketQueue<Port>
  ) {
    // Of a SYN that is passed on its frame is kept, so that another server can be tried.
    guard !parameters.isImmediate || heldCount < heldMost else { return drop(packet, .requestBuffersFull, &io) }
    guard usually(open < openMost) || endHandshake(&io), let slot = takeSlot() else { return drop(packet, .tableFull, &io) }
    guard let peer = front.peer(of: packet.bytes, segment.pointee.source) else {
      slots.giveBack(slot)
      return drop(packet, .tableFull, &io)
    }
    sumless.heardSynchronize(packet.bytes)
    let connection = connections.base + Int(slot)
    connection.pointee = ProxyConnection(client: segment.pointee, peer: peer, now: moment.milliseconds)
    _ = flows.insert(hash, slot &<< 1)
    timers.schedule(slot, due: moment.milliseconds &+ parameters.shortestWait)
    open &+= 1
    if statistics.attempts(.client) == 0 { statistics.set(.firstAccept, now) }
    statistics.attempted(.client)
    statistics.set(.openClients, UInt64(truncatingIfNeeded: open))
    statistics.raise(.peakOpenClients, to: UInt64(truncatingIfNeeded: open))
    records.opened(slot, connection, now)
    if parameters.isImmediate { return connectAtOnce(slot, segment, packet, &io) }

    var initial = initialSequence.number(segment.pointee.key, now: moment)
    // RFC 9293 3.10.7.4: beyond the largest number of the previous connection.
    if let previous, initial <= previous { initial = previous + 64_000 }
    connection.pointee.server = EndState(initial + 1)
    records.answered(slot, initial)
    connection.pointee.server.acknowledged = connection.pointee.clientStart
    connection.pointee.server.edge = connection.pointee.clientStart + UInt32(parameters.synWindow)
    connection.pointee.client.edge = initial + 1
    connection.pointee.client.acknowledged = initial + 1
    connection.pointee.promise(segment.pointee.options, scale: offeredScale, sack: offersSACK(), timestamps: offersTimestamps)
    if segment.pointee.options.present.has(.timestamps) { noteOffer(connection) }
    sendSynAck(connection, segment.pointee.options.timestampValue, packet, &io)
  }

  /// A free slot, if need be that of the connection that was closed first.
  @inline(always)
  private mutating func takeSlot() -> UInt32? {
    if let slot = slots.take() { return slot }
    guard endOldestLingering() else { return nil }
    statistics.count(.lingeringEnded)
    return slots.take()
  }

  /// Connections that are looked at for one that gives way.
  private static var evictionTries: Int { 16 }

  /// All places are taken: a connection whose client has not completed the handshake gives way, or SYNs that nobody stands behind would keep
  /// everyone out (RFC 4987 3.5). Around and around, so that each has had about as long as all others. False: there is none where it was looked.
  @inline(never)
  private mutating func endHandshake<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    for _ in 0..<Self.evictionTries {
      evictionPosition = evictionPosition &+ 1 < slots.highestUsed ? evictionPosition &+ 1 : 0
      let slot = UInt32(truncatingIfNeeded: evictionPosition)
      let connection = connections.base + evictionPosition
      let isPassed = connection.pointee.phase == .spliced && connection.pointee.flags.has(.halfOpen)
      guard connection.pointee.phase == .handshake || isPassed else { continue }
      statistics.count(.handshakesEvicted)
      if isPassed { resetBoth(slot, .handshakeTimeout, &io) } else { release(slot, .handshakeTimeout) }
      return true
    }
    return false
  }

  /// Our SYN-ACK, over the frame that it answers.
  @inline(always)
  private mutating func sendSynAck<Port: PacketPort & ~Copyable>(
    _ connection: UnsafePointer<ProxyConnection>, _ echo: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    var answer = TCPSegment(connection.pointee.clientKey.reversed)
    answer.flags = .synAck
    answer.sequence = connection.pointee.server.next - 1
    answer.acknowledgment = connection.pointee.client.next
    answer.window = parameters.synWindow
    answer.options = connection.pointee.promised(parameters, timestamp: moment.milliseconds, echo: echo)
    sendToClient(answer, connection, packet, &io)
  }

  /// The client's SYN once more: our SYN-ACK was lost, or is late.
  mutating func repeatSynAck<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    statistics.count(.synAcksRepeated)
    let connection = connections.base + Int(slot)
    connection.pointee.withdraw(segment.pointee.options)
    renewPeer(segment, connection, packet.bytes)
    sendSynAck(connection, connection.pointee.clientTimestamp, packet, &io)
  }

  /// What the first SYN was sent from may have been the very thing that was wrong.
  mutating func renewPeer(
    _ segment: UnsafePointer<TCPSegment>, _ connection: UnsafeMutablePointer<ProxyConnection>, _ frame: UnsafeRawPointer
  ) {
    if let peer = front.peer(of: frame, segment.pointee.source) { connection.pointee.peer = peer }
  }

  /// Time has passed without the client's ACK.
  mutating func resendSynAck<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    guard let packet = allocate(&io) else { return }
    statistics.count(.synAcksRepeated)
    sendSynAck(connections.base + Int(slot), connections.base[Int(slot)].clientTimestamp, packet, &io)
  }

  /// What must be the ACK of our SYN-ACK, perhaps with octets (RFC 9293 3.10.7.4, SYN-RECEIVED). Anyone can send one; only who has seen our number can
  /// send this one.
  @inline(never)
  mutating func completeHandshake<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    guard segment.pointee.acknowledgment == connection.pointee.server.next else { return refuseHandshake(segment, packet, &io) }
    guard segment.pointee.sequence.isInWindow(from: connection.pointee.client.next, size: UInt32(parameters.synWindow)) else {
      return drop(packet, .outsideWindow, &io)
    }
    statistics.count(.established)
    // Its timer may have come to be far away.
    if connection.pointee.retries > 0 { wake(slot, at: moment.milliseconds &+ parameters.requestTimeout) }
    connection.pointee.enter(.request, now: moment.milliseconds)
    records.entered(slot, .request, now)
    if parameters.serverFirstTimeout > 0 { wake(slot, at: moment.milliseconds &+ parameters.serverFirstTimeout) }
    receiveRequest(segment, slot, packet, &io)
  }

  /// Who sent it has not seen the number that it must acknowledge.
  @inline(never)
  mutating func refuseHandshake<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    statistics.dropped(.handshakeInvalid)
    answerByReset(segment, packet, &io)
  }
}

extension ProxyParameters {
  /// A connection is looked at after this time at the latest; what must happen earlier wakes it.
  @inline(always)
  var shortestWait: UInt32 { smaller(smaller(initialRTO, handshakeTimeout), smaller(requestTimeout, establishedTimeout)) }
}

extension ProxyConnection {
  @inline(always)
  mutating func enter(_ phase: ProxyPhase, now: UInt32) {
    self.phase = phase
    phaseStart = now
    lastActivity = now
    retries = 0
  }

  /// Notes what the client offered and we promise it before the server is known.
  @inline(always)
  mutating func promise(_ offered: TCPOptions, scale: UInt8, sack: Bool, timestamps: Bool) {
    if offered.present.has(.windowScale) {
      flags.set(.clientScales)
      offeredScale = scale
    }
    if sack, offered.present.has(.sackPermitted) { flags.set(.clientSACK) }
    if timestamps, offered.present.has(.timestamps) { flags.set(.timestamps) }
  }

  /// What a repeated SYN does not offer any more is not promised any more: some leave options away after some tries.
  mutating func withdraw(_ offered: TCPOptions) {
    if !offered.present.has(.windowScale) {
      flags.clear(.clientScales)
      scales = 0
      offeredScale = 0
    }
    if !offered.present.has(.sackPermitted) { flags.clear(.clientSACK) }
    if !offered.present.has(.timestamps) { flags.clear(.timestamps) }
    clientTimestamp = offered.present.has(.timestamps) ? offered.timestampValue : 0
    clientMSS = offered.present.has(.maximumSegmentSize) ? offered.maximumSegmentSize : TCPHeader.defaultMSS
  }

  /// The options of our SYN-ACK: never one that the client did not offer.
  @inline(always)
  func promised(_ parameters: ProxyParameters, timestamp: UInt32, echo: UInt32) -> TCPOptions {
    var options = TCPOptions()
    options.present = .maximumSegmentSize
    options.maximumSegmentSize = parameters.maximumSegmentSize
    if flags.has(.clientScales) {
      options.present.set(.windowScale)
      options.windowScale = offeredScale
    }
    if flags.has(.clientSACK) { options.present.set(.sackPermitted) }
    if flags.has(.timestamps) {
      options.present.set(.timestamps)
      options.timestampValue = timestamp
      options.timestampEcho = echo
    }
    return options
  }
}

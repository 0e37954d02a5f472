import CPacket

/// What is held of a request goes to the server, and is kept until the server has acknowledged it.
extension ProxyEngine {
  /// Sends what the server lacks of it, from what it has acknowledged on.
  @inline(never)
  mutating func deliverHeld<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    planResend(slot)
    let isReplay = connection.pointee.phase == .replaying
    let end = isReplay ? binding.pointee.answered : binding.pointee.count
    // The server is to speak first: it is its own when it does, and another takes its place if it resets instead.
    if binding.pointee.isEmpty { return }
    let offset = connection.pointee.server.acknowledged.distance(from: binding.pointee.start)
    if offset >= end, !binding.pointee.hasFin || isReplay { return }
    let room = room(connection, binding)
    if room > offset { return deliver(slot, from: offset, end: end, room: room, &io) }
    // One octet goes into a closed window (RFC 9293 3.8.6.1), which will hardly take it.
    let sent = binding.pointee.sent
    deliver(slot, from: offset, end: end, room: offset &+ 1, &io)
    binding.pointee.sent = sent
  }

  /// The server has said something: what its window takes now, and has never been sent, goes at once; when a window opens, what was sent before
  /// it closed goes again, too: a server that is short of room may have thrown it away.
  /// - Parameter before: the server as it was.
  private mutating func deliverMore<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, after before: EndState, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let server = connection.pointee.server
    let isClosed = server.edge <= server.acknowledged
    let opens = !isClosed && before.edge <= before.acknowledged
    if server.acknowledged > before.acknowledged || opens {
      connection.pointee.retries = 0
      planResend(slot)
    } else if isClosed {
      // It is alive: it has as many tries as are left, and is probed more rarely up to that.
      connection.pointee.retries = min(connection.pointee.retries, parameters.retries / 2)
    }
    let end = connection.pointee.phase == .replaying ? binding.pointee.answered : binding.pointee.count
    let room = room(connection, binding)
    let taken = server.acknowledged.distance(from: binding.pointee.start)
    // A probe's octet may have been taken.
    let first = opens ? taken : max(binding.pointee.sent, taken)
    guard first < end, first < room else { return }
    deliver(slot, from: first, end: end, room: room, &io)
  }

  private mutating func planResend(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    let due = moment.milliseconds &+ parameters.initialRTO &<< UInt32(min(connection.pointee.retries, 6))
    bindings.base[Int(connection.pointee.binding)].resendDue = due
    wake(slot, at: due)
  }

  /// Octets from the first one held that the server's window takes.
  @inline(always)
  private func room(_ connection: UnsafePointer<ProxyConnection>, _ binding: UnsafePointer<Binding>) -> UInt32 {
    let edge = connection.pointee.server.edge
    return edge > binding.pointee.start ? edge.distance(from: binding.pointee.start) : 0
  }

  private mutating func deliver<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, from first: UInt32, end: UInt32, room: UInt32, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let isReplay = connection.pointee.phase == .replaying
    var offset = first
    repeat {
      if deliverPart(slot, connection, binding, &offset, end: min(end, room), isReplay: isReplay, &io) { return }
    } while offset < min(end, room)
  }

  /// Sends one segment of it. True: there is nothing more to send now.
  private mutating func deliverPart<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ connection: UnsafeMutablePointer<ProxyConnection>, _ binding: UnsafeMutablePointer<Binding>, _ offset: inout UInt32,
    end: UInt32, isReplay: Bool, _ io: inout PacketQueue<Port>
  ) -> Bool {
    guard let packet = allocate(&io) else { return true }
    var segment = TCPSegment(connection.pointee.serverKey.reversed)
    if connection.pointee.flags.has(.timestamps) {
      segment.options.present = .timestamps
      segment.options.timestampValue = connection.pointee.clientTimestamp
      segment.options.timestampEcho = connection.pointee.serverTimestamp
    }
    let header = UInt32(segment.options.encodedLength)
    let most = UInt32(min(connection.pointee.serverMSS, parameters.maximumSegmentSize)) &- header
    let length = min(end &- min(end, offset), most)
    let place = FrameWriter.plainPayloadOffset &+ Int(header)
    copyHeld(binding, from: offset, count: Int(length), to: packet.bytes + place)
    if inspectsEndOfHeld(connection, slot, packet.bytes + place, length, offset: offset) {
      endByInspector(slot, packet, &io)
      return true
    }
    segment.payloadLength = UInt16(truncatingIfNeeded: length)
    segment.payloadOffset = UInt16(truncatingIfNeeded: place)
    segment.sequence = binding.pointee.start + offset
    segment.acknowledgment = connection.pointee.client.acknowledged
    segment.window = connection.pointee.windowToServer(behind: segment.acknowledgment)
    offset &+= length
    if offset > binding.pointee.sent { binding.pointee.sent = offset }
    let isEnd = offset == binding.pointee.count && !isReplay
    segment.flags = TCPFlags(rawValue: TCPFlags.ack.rawValue | (isEnd ? TCPFlags.psh.rawValue : 0))
    if isEnd, binding.pointee.hasFin {
      segment.flags = TCPFlags(rawValue: segment.flags.rawValue | TCPFlags.fin.rawValue)
    }
    statistics.count(.toServer)
    statistics.count(.toServerBytes, UInt64(length))
    records.passed(slot, from: .client, octets: segment.payloadLength, isRepeated: false)
    sendToServer(segment, connection, packet, &io)
    return isEnd && binding.pointee.hasFin
  }

  /// The server has said something while the request is on its way to it.
  @inline(never)
  mutating func receiveDuringDelivery<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let acknowledgment = segment.pointee.acknowledgment
    guard acknowledgment <= connection.pointee.client.next else { return drop(packet, .acknowledgesUnsent, &io) }
    if segment.pointee.length > 0 || acknowledgment > binding.pointee.start { connection.pointee.flags.set(.committed) }
    let taken = binding.pointee.start + binding.pointee.taken
    let before = connection.pointee.server
    if acknowledgment >= binding.pointee.end, binding.pointee.unheard == 0 {
      endDelivery(slot)
      return passToClient(connection, slot, segment, packet.bytes, packet, isUsual: false, &io)
    }
    if acknowledgment >= taken {
      passToClient(connection, slot, segment, packet.bytes, packet, isUsual: false, &io)
    } else if segment.pointee.length == 0 {
      absorb(connection, segment, packet, &io)
    } else {
      passRaised(connection, slot, segment, packet, to: taken, &io)
    }
    if connection.pointee.phase == .delivering { deliverMore(slot, after: before, &io) }
  }

  /// What the client has been told already must not be taken back: a segment with less is raised to it, and its window ends where it did.
  private mutating func passRaised<Port: PacketPort & ~Copyable>(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>,
    _ packet: consuming Packet, to taken: SequenceNumber, _ io: inout PacketQueue<Port>
  ) {
    let acknowledgment = segment.pointee.acknowledgment
    let edge = acknowledgment + UInt32(segment.pointee.window) &<< connection.pointee.serverScale
    if acknowledgment > connection.pointee.server.acknowledged { connection.pointee.server.acknowledged = acknowledgment }
    let kept = connection.pointee.server.acknowledged
    var raised = segment.pointee
    raised.acknowledgment = taken
    raised.window = edge > taken ? UInt16(truncatingIfNeeded: edge.distance(from: taken) &>> connection.pointee.serverScale) : 0
    HeaderRewriter.setAcknowledgment(packet.bytes, taken)
    HeaderRewriter.setWindow(packet.bytes, raised.window)
    passToClient(connection, slot, &raised, packet.bytes, packet, isUsual: false, &io)
    if connection.pointee.phase == .delivering { connection.pointee.server.acknowledged = kept }
  }

  /// The client says something while its request is on its way. It may not have heard yet what the proxy has answered.
  @inline(never)
  mutating func receiveFromClientDuringDelivery<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    if binding.pointee.unheard > 0 {
      let heard = segment.pointee.acknowledgment
      if heard >= binding.pointee.answerEnd, heard <= connection.pointee.server.next + connection.pointee.toClient {
        binding.pointee.unheard = 0
        if connection.pointee.server.acknowledged >= binding.pointee.end { endDelivery(slot) }
      } else if segment.pointee.payloadLength > 0 {
        repeatBindAnswer(slot, &io)
      }
    }
    let sequence = segment.pointee.sequence + connection.pointee.toServer
    if segment.pointee.payloadLength > 0, sequence < binding.pointee.end { return repeatHeld(segment, slot, packet, &io) }
    passToServer(connection, slot, segment, packet.bytes, packet, isUsual: false, &io)
  }

  /// The client repeats of its request: the same octets go to the server again, as they are held, which others may have been shown, and not as they
  /// come now.
  private mutating func repeatHeld<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    statistics.count(.requestsRepeated)
    // What we have acknowledged is ours to repeat, in its time; our answer has said so already.
    if binding.pointee.taken > 0, binding.pointee.unheard == 0 { return acknowledgeTaken(slot, packet, &io) }
    let first = segment.pointee.sequence + connection.pointee.toServer
    let last = first + UInt32(segment.pointee.payloadLength)
    io.free(packet)
    let acknowledged = connection.pointee.server.acknowledged
    guard binding.pointee.taken == 0, last > acknowledged else { return }
    let offset = (first > acknowledged ? first : acknowledged).distance(from: binding.pointee.start)
    let end = min(min(binding.pointee.sent, room(connection, binding)), last.distance(from: binding.pointee.start))
    if offset < end { deliver(slot, from: offset, end: end, room: end, &io) }
  }

  private mutating func repeatBindAnswer<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let binding = bindings.base + Int(connections.base[Int(slot)].binding)
    guard let packet = allocate(&io) else { return }
    sendBindAnswer(slot, at: binding.pointee.answerEnd - binding.pointee.answerLength, packet, &io)
  }

  /// An acknowledgment of what the proxy itself has sent: the client has nothing from it.
  mutating func absorb<Port: PacketPort & ~Copyable>(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet,
    _ io: inout PacketQueue<Port>
  ) {
    let acknowledgment = segment.pointee.acknowledgment
    if acknowledgment > connection.pointee.server.acknowledged { connection.pointee.server.acknowledged = acknowledgment }
    let edge = acknowledgment + UInt32(segment.pointee.window) &<< connection.pointee.serverScale
    if edge > connection.pointee.server.edge { connection.pointee.server.edge = edge }
    connection.pointee.lastActivity = moment.milliseconds
    statistics.count(.absorbed)
    io.free(packet)
  }

  /// The server has it all.
  @inline(always)
  mutating func endDelivery(_ slot: UInt32) {
    // Only now: a server that accepts and then resets is none that can be relied on.
    groups.succeeded(connections.base[Int(slot)].target)
    releaseBinding(slot)
    connections.base[Int(slot)].enter(.spliced, now: moment.milliseconds)
    records.entered(slot, .spliced, now)
  }

  /// A server has accepted, and then acknowledges nothing of a request that it has room for, said three times: it has no longer than one that does
  /// not answer a SYN.
  private func isSilent(_ connection: UnsafePointer<ProxyConnection>, _ binding: UnsafePointer<Binding>) -> Bool {
    let isOpen = connection.pointee.server.edge > connection.pointee.server.acknowledged
    return !connection.pointee.flags.has(.committed) && isOpen && connection.pointee.retries >= 2
      && moment.milliseconds &- binding.pointee.tryStart >= parameters.connectTimeout
  }

  /// Time has passed: what the proxy answers for is sent again. What it does not, the client sends again by itself.
  mutating func resendDelivery<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    if binding.pointee.isEmpty {
      endDelivery(slot)
      return wake(slot, at: moment.milliseconds)
    }
    guard connection.pointee.retries < parameters.retries, !isSilent(connection, binding) else {
      if !connection.pointee.flags.has(.committed) {
        statistics.count(.serversSilent)
        sendReset(to: .server, slot, &io)
        return failOver(slot, isFailure: true, &io)
      }
      sendReset(to: .client, slot, &io)
      sendReset(to: .server, slot, &io)
      // It may be the client who acknowledges nothing.
      let isServers = connection.pointee.phase == .replaying || connection.pointee.server.acknowledged < binding.pointee.end
      if isServers { groups.failed(connection.pointee.target, now: now) }
      return release(slot, .deliveryTimeout)
    }
    connection.pointee.retries &+= 1
    statistics.count(.deliveriesRepeated)
    if binding.pointee.unheard > 0 { repeatBindAnswer(slot, &io) }
    deliverHeld(slot, &io)
  }
}

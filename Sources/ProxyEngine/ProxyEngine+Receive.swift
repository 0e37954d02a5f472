import CPacket

/// From a frame to the connection it belongs to.
extension ProxyEngine {
  /// The second pass: looks a frame's connection up, and asks for it.
  @inline(always)
  func prefetchConnection(of arrival: UnsafeMutablePointer<Arrival>) {
    guard arrival.pointee.isPlain else { return }
    let handle = arrival.lookUp(flows)
    guard handle & Arrival.noConnection == 0 else { return }
    let connection = UnsafeRawPointer(connections.base + Int(handle &>> 1))
    prefetch_line(connection)
    prefetch_line(connection + 64)
  }

  /// The steady state first: a segment of a spliced connection, found ahead.
  @inline(always)
  mutating func receive<Port: PacketPort & ~Copyable>(_ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>) {
    let handle = arrival.pointee.place
    let segment = UnsafePointer(arrival.segment)
    // What was looked up ahead may be another's by now: a frame between may have ended the connection. What was not read has none.
    guard usually(handle & Arrival.noConnection == 0), usually(key(handle) == segment.pointee.key) else {
      return receiveUnfound(arrival, &io)
    }
    let slot = handle &>> 1
    let connection = connections.base + Int(slot)
    guard connection.pointee.phase == .spliced, usually(isInPlace(arrival, handle)) else {
      return receiveUnsettled(arrival, handle, &io)
    }
    let packet = Packet(owning: arrival.pointee.packet)
    let frame = arrival.pointee.frame
    if handle & 1 == 0 {
      if usually(connection.pointee.isUsual(segment, from: .client)) {
        return passToServer(connection, slot, segment, frame, packet, isUsual: true, &io)
      }
      if segment.pointee.flags.isPlain { return passToServer(connection, slot, segment, frame, packet, isUsual: false, &io) }
    } else {
      if usually(connection.pointee.isUsual(segment, from: .server)) {
        return passToClient(connection, slot, segment, frame, packet, isUsual: true, &io)
      }
      if segment.pointee.flags.isPlain { return passToClient(connection, slot, segment, frame, packet, isUsual: false, &io) }
    }
    arrival.pointee.packet = packet.release()
    receiveUnsettled(arrival, handle, &io)
  }

  /// Whether a frame came in on the side of its leg, to our MAC there.
  @inline(always)
  private func isInPlace(_ arrival: UnsafePointer<Arrival>, _ handle: UInt32) -> Bool {
    let side = UInt32(arrival.pointee.packet.pointee.port)
    // With one port both MACs are the same.
    return (side ^ handle) & sideMask == 0 && isOurMAC(arrival.pointee.frame, UInt16(truncatingIfNeeded: handle & 1))
  }

  /// What is not plainly TCP, or not plainly right.
  @inline(never)
  mutating func receiveOther<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>
  ) {
    let packet = Packet(owning: arrival.pointee.packet)
    switch FrameParser.parseAny(arrival.pointee.frame, count: packet.length, verify: .software, into: &arrival.pointee.segment) {
    case .tcp:
      arrival.pointee.packet = packet.release()
      deliver(arrival, flowHash(arrival.pointee.segment.key), &io)
    case .arp: receiveARP(packet, &io)
    case .icmp: receiveICMP(packet, &io)
    case .unreadable(.tcpChecksum)
    where FrameParser.parseUnsummed(arrival.pointee.frame, count: packet.length, into: &arrival.pointee.segment)
      && sumless.accepts(arrival.pointee.segment, in: arrival.pointee.frame):
      // A rewritten sum of a pseudo-header would only be the sum of another one.
      PartialChecksum.complete(arrival.pointee.frame, count: packet.length)
      if crossing.hops == 0 { statistics.add(.unsummedAccepted) }
      arrival.pointee.packet = packet.release()
      deliver(arrival, flowHash(arrival.pointee.segment.key), &io)
    case .unreadable(let failure): passUnreadable(failure, packet, &io)
    }
  }

  /// What has no connection that was found ahead.
  @inline(never)
  private mutating func receiveUnfound<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>
  ) {
    guard arrival.pointee.isPlain else { return receiveOther(arrival, &io) }
    deliver(arrival, arrival.pointee.hash, &io)
  }

  /// Looks for the connection of what was read, at first sight or only now.
  @inline(always)
  private mutating func deliver<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ hash: UInt32, _ io: inout PacketQueue<Port>
  ) {
    arrival.pointee.hash = hash
    let packet = Packet(owning: arrival.pointee.packet)
    let segment = UnsafePointer(arrival.segment)
    guard isOurMAC(arrival.pointee.frame, packet.side) else { return drop(packet, .notOurMac, &io) }
    guard let handle = find(hash, segment.pointee.key) else { return receiveWithoutConnection(segment, hash, packet, &io) }
    receive(segment, handle, packet, &io)
  }

  @inline(always)
  func isOurMAC(_ frame: UnsafeRawPointer, _ side: UInt16) -> Bool {
    frame.native64(0) &<< 16 == (side == 1 ? backStart : frontStart)
  }

  /// Whether a frame came in where servers are, be that where clients are, too.
  @inline(always)
  func isFromServers(_ packet: borrowing Packet) -> Bool { !isSplit || packet.side == 1 }

  /// The handle of the leg with this key.
  @inline(always)
  func find(_ hash: UInt32, _ key: FlowKey) -> UInt32? {
    var bucket = flows.start(hash)
    while true {
      var matches = flows.matches(hash, in: bucket)
      while matches != 0 {
        let handle = flows.handle(matches, in: bucket)
        if usually(self.key(handle) == key) { return handle }
        matches &= matches &- 1
      }
      if usually(!flows.isFull(bucket)) { return nil }
      bucket = flows.after(bucket)
    }
  }

  /// The key of the leg that a handle of the flow table names.
  @inline(always)
  private func key(_ handle: UInt32) -> FlowKey {
    let connection = UnsafeRawPointer(connections.base + Int(handle &>> 1))
    let place = Int(handle & 1) &* ProxyConnection.keyDistance
    return FlowKey(addresses: connection.native64(place), ports: connection.native32(place &+ 8))
  }

  @inline(never)
  mutating func drop<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>
  ) {
    statistics.dropped(reason)
    io.free(packet)
  }

  /// A connection that is not simply spliced, or a segment that is not simply data or an acknowledgment.
  @inline(never)
  private mutating func receiveUnsettled<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ handle: UInt32, _ io: inout PacketQueue<Port>
  ) {
    if connections.base[Int(handle &>> 1)].phase == .free { return deliver(arrival, arrival.pointee.hash, &io) }
    let packet = Packet(owning: arrival.pointee.packet)
    guard isOurMAC(arrival.pointee.frame, packet.side) else { return drop(packet, .notOurMac, &io) }
    receive(arrival.segment, handle, packet, &io)
  }

  /// A segment for our MAC, of the leg that the handle names.
  @inline(always)
  private mutating func receive<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ handle: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    // The clients' leg is on the clients' port, and the servers' on the servers'.
    guard (UInt32(packet.side) ^ handle) & sideMask == 0 else { return drop(packet, .otherPort, &io) }
    let slot = handle &>> 1
    let leg: Leg = handle & 1 == 0 ? .client : .server
    let connection = connections.base + Int(slot)
    if segment.pointee.flags.has(.rst) { return receiveReset(segment, slot, leg, packet, &io) }
    if segment.pointee.flags.has(.syn) { return receiveRepeatedSYN(segment, slot, leg, packet, &io) }
    guard segment.pointee.flags.has(.ack) else { return drop(packet, .outsideWindow, &io) }
    switch (connection.pointee.phase, leg) {
    case (.spliced, .client), (.lingering, .client): passToServer(connection, slot, segment, packet.bytes, packet, isUsual: false, &io)
    case (.delivering, .client): receiveFromClientDuringDelivery(segment, slot, packet, &io)
    case (.spliced, .server), (.lingering, .server): passToClient(connection, slot, segment, packet.bytes, packet, isUsual: false, &io)
    case (.delivering, .server): receiveDuringDelivery(segment, slot, packet, &io)
    case (.handshake, _): completeHandshake(segment, slot, packet, &io)
    case (.request, _): receiveRequest(segment, slot, packet, &io)
    case (.connecting, .client), (.replaying, .client): receiveWhileConnecting(segment, slot, packet, &io)
    case (.connecting, .server): receiveStrangeAnswer(segment, slot, packet, &io)
    case (.replaying, .server): receiveReplayedAnswer(segment, slot, packet, &io)
    case (.dismissing, _): receiveDismissed(segment, slot, packet, &io)
    case (.free, _): io.free(packet)
    }
  }

  /// RFC 9293 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
  @inline(never)
  private mutating func receiveWithoutConnection<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ hash: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    if isFromNobody(segment, packet) { return drop(packet, .sourceImpossible, &io) }
    let control = segment.pointee.flags.rawValue & (TCPFlags.syn.rawValue | TCPFlags.ack.rawValue | TCPFlags.rst.rawValue)
    let isAccepted =
      !isBack(packet) && listeners.has(segment.pointee.destinationPort) && listeners.has(segment.pointee.destination)
    if control == TCPFlags.syn.rawValue, isAccepted, phase == .run { return accept(segment, hash, packet, after: nil, &io) }
    if survey.isAsked(segment.pointee.key), isFromServers(packet) { return receiveSurveyed(segment, packet, &io) }
    let isOurs = isBack(packet) ? back.has(segment.pointee.destination) : front.has(segment.pointee.destination)
    guard isOurs else { return pass(packet, .notOurAddress, &io) }
    if let other = crossing.otherOwner(of: segment, tells: isFromServers(packet)) {
      return handOver(packet, to: other.worker, hops: other.hops, &io)
    }
    if isKernels(segment, packet) { return pass(packet, .noConnection, &io) }
    if segment.pointee.flags.has(.rst) { return drop(packet, .resetWithoutConnection, &io) }
    if control == 0, isAccepted { return drop(packet, .controlMissing, &io) }
    statistics.dropped(control == TCPFlags.syn.rawValue ? .portClosed : .noConnection)
    answerByReset(segment, packet, &io)
  }

  /// No station sends that: the source is no host's, or our own.
  @inline(always)
  private func isFromNobody(_ segment: UnsafePointer<TCPSegment>, _ packet: borrowing Packet) -> Bool {
    let source = segment.pointee.source
    if isBack(packet) { return back.isImpossible(source, packet.bytes) || back.has(source) }
    return front.isImpossible(source, packet.bytes) || front.has(source)
  }

  @inline(never)
  private mutating func receiveARP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    let hearing =
      isBack(packet) ? back.hear(packet.bytes, count: packet.length) : front.hear(packet.bytes, count: packet.length)
    switch hearing {
    case .answered: io.send(packet, length: ARPPacket.frameLength)
    case .heard: passOrFree(packet, &io)
    case .foreign: pass(packet, .arpUnanswered, &io)
    }
  }

  /// ICMP: echo is answered, and errors about one leg are told to the other.
  @inline(never)
  private mutating func receiveICMP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    if isBack(packet) ? back.answersEcho(packet) : front.answersEcho(packet) { return io.send(packet) }
    passError(packet, &io)
  }
}

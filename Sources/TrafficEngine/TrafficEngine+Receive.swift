import CPacket

/// From a frame to the connection it belongs to.
extension TrafficEngine {
  /// Reads a burst where the port verifies checksums.
  @inline(never)
  mutating func readVerified(_ burst: UnsafePointer<PacketPointer>, count: Int) {
    let offload = offload
    arrivals.base.read(burst, count: count, flows, flowHash) { offload.verification(of: $0) }
  }

  /// The second pass: looks a frame's connection up, and asks for it.
  @inline(always)
  func prefetchConnection(of arrival: UnsafeMutablePointer<Arrival>) {
    guard usually(arrival.pointee.isPlain) else { return }
    let handle = arrival.lookUp(flows)
    guard usually(handle & TimeWaitPool.flag == 0) else { return }
    prefetch_line(connections.base + Int(handle))
    prefetch_line(companions.base + Int(handle))
  }

  /// The steady state first: a segment of a connection that was found ahead.
  @inline(always)
  mutating func receive<Port: PacketPort & ~Copyable>(_ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>) {
    let handle = arrival.pointee.place
    // What was looked up ahead may be another's by now: a frame between may have ended the connection. What was not read has none.
    guard usually(isConnection(handle, arrival.pointee.segment.key)), usually(isOurMAC(arrival.pointee.frame)) else {
      return receiveUnfound(arrival, &io)
    }
    arrive(arrival, handle, &io)
  }

  @inline(always)
  private mutating func arrive<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ handle: UInt32, _ io: inout PacketQueue<Port>
  ) {
    let segment = UnsafePointer(arrival.segment)
    let connection = connections.base + Int(handle)
    let before = connection.pointee.state
    let action = connection.pointee.arrive(
      segment, in: arrival.pointee.frame, &companions.base[Int(handle)].tcp, recoveries.base, parameters, now: moment)
    carryOut(action, handle, before, segment, Packet(owning: arrival.pointee.packet), &io)
  }

  @inline(always)
  private func isOurMAC(_ frame: UnsafeRawPointer) -> Bool { frame.native64(0) &<< 16 == frameStart }

  /// What has no connection that was found ahead.
  @inline(never)
  private mutating func receiveUnfound<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>
  ) {
    guard arrival.pointee.isPlain else { return receiveOther(arrival, &io) }
    deliver(arrival, &io)
  }

  /// What is not plainly TCP, or not plainly right.
  @inline(never)
  mutating func receiveOther<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>
  ) {
    let verification = offload.verification(of: arrival.pointee.packet)
    let packet = Packet(owning: arrival.pointee.packet)
    switch FrameParser.parseAny(arrival.pointee.frame, count: packet.length, verify: verification, into: &arrival.pointee.segment) {
    case .tcp:
      arrival.pointee.packet = packet.release()
      arrival.pointee.hash = flowHash(arrival.pointee.segment.key)
      deliver(arrival, &io)
    case .arp: receiveARP(packet, &io)
    case .icmp: receiveICMP(packet, &io)
    case .unreadable(.tcpChecksum)
    where !isLooped
      && FrameParser.parseUnsummed(arrival.pointee.frame, count: packet.length, into: &arrival.pointee.segment)
      && sumless.accepts(arrival.pointee.segment, in: arrival.pointee.frame):
      if crossing.hops == 0 { statistics.add(.unsummedAccepted) }
      arrival.pointee.packet = packet.release()
      arrival.pointee.hash = flowHash(arrival.pointee.segment.key)
      deliver(arrival, &io)
    case .unreadable(let failure): kernel.passUnreadable(failure, packet, &io)
    }
  }

  /// Looks for the connection of what was read, at first sight or only now.
  @inline(always)
  private mutating func deliver<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ io: inout PacketQueue<Port>
  ) {
    let segment = UnsafePointer(arrival.segment)
    let packet = Packet(owning: arrival.pointee.packet)
    guard isOurMAC(arrival.pointee.frame) else { return drop(packet, .notOurMac, &io) }
    let hash = arrival.pointee.hash
    guard let handle = find(hash, segment.pointee.key) else { return receiveWithoutConnection(segment, hash, packet, &io) }
    if handle & TimeWaitPool.flag != 0 { return receiveInTimeWait(segment, hash, handle, packet, &io) }
    arrival.pointee.packet = packet.release()
    arriveLate(arrival, handle, &io)
  }

  @inline(never)
  private mutating func arriveLate<Port: PacketPort & ~Copyable>(
    _ arrival: UnsafeMutablePointer<Arrival>, _ handle: UInt32, _ io: inout PacketQueue<Port>
  ) {
    arrive(arrival, handle, &io)
  }

  /// Whether what was looked up ahead is still the connection with this key: a frame between may have ended it, or begun another there.
  @inline(always)
  private func isConnection(_ handle: UInt32, _ key: FlowKey) -> Bool {
    guard usually(handle & TimeWaitPool.flag == 0) else { return false }
    let connection = connections.base + Int(handle)
    return usually(connection.pointee.key == key) && usually(connection.pointee.state != .closed)
  }

  /// The connection or TIME-WAIT with this key.
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

  /// The key of what a handle of the flow table names.
  @inline(always)
  private func key(_ handle: UInt32) -> FlowKey {
    usually(handle & TimeWaitPool.flag == 0) ? connections.base[Int(handle)].key : timeWaits.entry(handle).pointee.key
  }

  @inline(never)
  mutating func drop<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>
  ) {
    statistics.dropped(reason)
    io.free(packet)
  }

  /// RFC 9293 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
  @inline(always)
  mutating func receiveWithoutConnection<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ hash: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    if !isLooped, isFromNobody(segment, packet) { return drop(packet, .sourceImpossible, &io) }
    let control = segment.pointee.flags.rawValue & (TCPFlags.syn.rawValue | TCPFlags.ack.rawValue | TCPFlags.rst.rawValue)
    if control == TCPFlags.syn.rawValue, isListening(segment), accepts {
      accept(segment, hash, packet, after: nil, &io)
    } else {
      refuse(segment, packet, &io)
    }
  }

  @inline(always)
  private func isListening(_ segment: UnsafePointer<TCPSegment>) -> Bool {
    listeners.has(segment.pointee.destinationPort) && listeners.has(segment.pointee.destination)
  }

  /// A server's run that ends takes no more connections; one with clients of its own opens no more, and those on their way are to complete.
  @inline(always)
  private var accepts: Bool { usually(phase == .run) || targets.count > 0 }

  /// Our other addresses may well be whom it comes from: where a reflector is the wire, our clients reach our servers through it.
  @inline(always)
  private func isFromNobody(_ segment: UnsafePointer<TCPSegment>, _ packet: borrowing Packet) -> Bool {
    station.isImpossible(segment.pointee.source, packet.bytes) || segment.pointee.source == segment.pointee.destination
  }

  @inline(never)
  mutating func refuse<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    if kernel.isOpen, isKernels(segment) { return kernel.hand(packet, &io) }
    guard isOurs(segment.pointee.destination) else {
      return drop(packet, .notOurAddress, &io)
    }
    if let other = crossing.otherOwner(of: segment) { return handOver(packet, to: other.worker, hops: other.hops, &io) }
    if segment.pointee.flags.has(.rst) { return drop(packet, .resetWithoutConnection, &io) }
    let opens = segment.pointee.flags.has(.syn) && !segment.pointee.flags.has(.ack)
    if !opens, !segment.pointee.flags.has(.ack), isListening(segment) { return drop(packet, .controlMissing, &io) }
    statistics.dropped(opens ? .portClosed : .noConnection)
    let role: Role = listeners.has(segment.pointee.destination) ? .server : .client
    sendReset(answering: segment, role, packet, &io)
  }

  /// The RST of RFC 9293 3.10.7.1, written over the frame it answers.
  @inline(never)
  mutating func sendReset<Port: PacketPort & ~Copyable>(
    answering segment: UnsafePointer<TCPSegment>, _ role: Role, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    var reset = TCPSegment(segment.pointee.key.reversed)
    if segment.pointee.flags.has(.ack) {
      reset.sequence = segment.pointee.acknowledgment
      reset.flags = .rst
    } else {
      reset.flags = .rstAck
      reset.acknowledgment = segment.pointee.sequence + segment.pointee.length
    }
    statistics.count(role, .rstSent)
    answer(reset, over: packet, &io)
  }

  /// Passive OPEN: a SYN to the port where the server role listens.
  @inline(never)
  mutating func accept<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ hash: UInt32, _ packet: consuming Packet, after previous: SequenceNumber?,
    _ io: inout PacketQueue<Port>
  ) {
    let bytes = UnsafeRawPointer(packet.bytes)
    guard flows.count < flows.capacity, let peer = isLooped ? 0 : station.peer(of: bytes, segment.pointee.key.source),
      let slot = slots.take()
    else { return drop(packet, .tableFull, &io) }
    if !isLooped { sumless.heardSynchronize(bytes) }
    var initial = initialSequence.number(segment.pointee.key, now: moment)
    // RFC 9293 3.10.7.4: beyond the largest number of the previous connection.
    if let previous, initial <= previous { initial = previous + 64_000 }
    let companion = companions.base + Int(slot)
    let connection = connections.base + Int(slot)
    var times = Companion()
    connection.pointee = Connection.accept(segment, initial: initial, peer: peer, &times, parameters, now: moment)
    times.beginPhase(now)
    companion.pointee.tcp = times
    _ = flows.insert(hash, slot)
    timers.schedule(slot, due: moment.milliseconds &+ shortestWait)
    companion.pointee.workload = workload.begin(view(slot))
    openServers &+= 1
    if statistics.attempts(.server) == 0 { statistics.set(.firstAccept, now) }
    statistics.attempted(.server)
    statistics.count(.server, .synReceived)
    statistics.count(.server, .synAckSent)
    statistics.set(.openServers, UInt64(truncatingIfNeeded: openServers))
    records.opened(slot, now)
    LinkHeader(answering: bytes, as: answerStart).store(to: packet.bytes)
    synchronize(slot, packet, &io)
  }

  @inline(never)
  mutating func receiveInTimeWait<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ hash: UInt32, _ handle: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let entry = timeWaits.entry(handle)
    switch entry.pointee.arrive(segment.pointee, timestamps: parameters.pointee.timestamps) {
    case .ignore:
      io.free(packet)
    case .end:
      forget(handle)
      io.free(packet)
    case .acknowledgeAndRestart:
      entry.pointee.due = moment.milliseconds &+ parameters.pointee.timeWaitTimeout
      acknowledge(entry, packet, &io)
    case .acknowledge:
      acknowledge(entry, packet, &io)
    case .reopen:
      let previous = entry.pointee.sendNext
      guard isListening(segment), accepts else { return acknowledge(entry, packet, &io) }
      forget(handle)
      statistics.add(.timeWaitReopened)
      accept(segment, hash, packet, after: previous, &io)
    }
  }

  private mutating func acknowledge<Port: PacketPort & ~Copyable>(
    _ entry: UnsafeMutablePointer<TimeWait>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let window = UInt16(truncatingIfNeeded: min(parameters.pointee.receiveWindow, TCPHeader.maximumUnscaledWindow))
    answer(entry.pointee.acknowledgment(window: window, timestamps: parameters.pointee.timestamps, now: moment), over: packet, &io)
  }
}

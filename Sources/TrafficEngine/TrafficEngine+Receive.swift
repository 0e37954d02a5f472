import CPacket

@inline(always)
func prefetchFrame(_ packet: PacketPointer) { prefetch_line(packet_data(packet)) }

/// From a frame to the connection it belongs to.
extension TrafficEngine {
  @inline(always)
  mutating func receive<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    let frame = UnsafeRawPointer(packet.bytes)
    var segment = TCPSegment()
    switch FrameParser.parse(frame, count: packet.length, verify: .software, into: &segment) {
    case .tcp: break
    case .arp: return drop(packet, .arpUnanswered, &io)
    case .icmp: return drop(packet, .icmpUnanswered, &io)
    case .unreadable(let failure): return drop(packet, DropReason(failure), &io)
    }
    guard MACAddress(frame.bigEndian64(0) &>> 16) == mac else { return drop(packet, .notOurMac, &io) }

    let hash = flowHash(
      local: segment.destination, localPort: segment.destinationPort, remote: segment.source, remotePort: segment.sourcePort)
    guard let handle = find(hash, segment) else { return receiveWithoutConnection(segment, hash, packet, &io) }
    if handle & TimeWaitPool.flag != 0 { return receiveInTimeWait(segment, hash, handle, packet, &io) }

    let connection = connections.base + Int(handle)
    let before = connection.pointee.state
    let action = connection.pointee.arrive(segment, &companions.base[Int(handle)], parameters, now: moment)
    carryOut(action, handle, before, segment, packet, &io)
  }

  @inline(always)
  func find(_ hash: UInt32, _ segment: TCPSegment) -> UInt32? {
    find(
      hash, local: segment.destination, localPort: segment.destinationPort, remote: segment.source, remotePort: segment.sourcePort)
  }

  /// The connection or TIME-WAIT with this key.
  @inline(always)
  func find(_ hash: UInt32, local: IPv4Address, localPort: UInt16, remote: IPv4Address, remotePort: UInt16) -> UInt32? {
    var place = flows.start(hash)
    while let handle = flows.next(hash, &place) {
      if handle & TimeWaitPool.flag != 0 {
        if timeWaits.entry(handle).pointee.isFor(local, localPort, remote, remotePort) { return handle }
      } else if connections.base[Int(handle)].isFor(local, localPort, remote, remotePort) {
        return handle
      }
    }
    return nil
  }

  @inline(never)
  mutating func drop<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>
  ) {
    statistics.dropped(reason)
    io.free(packet)
  }

  /// RFC 9293 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
  @inline(never)
  mutating func receiveWithoutConnection<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ hash: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let control = segment.flags.rawValue & (TCPFlags.syn.rawValue | TCPFlags.ack.rawValue | TCPFlags.rst.rawValue)
    if control == TCPFlags.syn.rawValue, segment.destination == serverAddress, segment.destinationPort == serverPort,
      serverPort != 0
    {
      accept(segment, hash, packet, after: nil, &io)
    } else {
      refuse(segment, packet, &io)
    }
  }

  @inline(never)
  mutating func refuse<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    guard segment.destination == serverAddress || tuples.contains(segment.destination) else {
      return drop(packet, .notOurAddress, &io)
    }
    if segment.flags.has(.rst) { return drop(packet, .resetWithoutConnection, &io) }
    let opens = segment.flags.has(.syn) && !segment.flags.has(.ack)
    statistics.dropped(opens ? .portClosed : .noConnection)
    let role: Role = segment.destination == serverAddress ? .server : .client
    sendReset(answering: segment, role, packet, &io)
  }

  /// The RST of RFC 9293 3.10.7.1, written over the frame it answers.
  @inline(never)
  mutating func sendReset<Port: PacketPort & ~Copyable>(
    answering segment: TCPSegment, _ role: Role, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    var reset = TCPSegment()
    reset.source = segment.destination
    reset.destination = segment.source
    reset.sourcePort = segment.destinationPort
    reset.destinationPort = segment.sourcePort
    if segment.flags.has(.ack) {
      reset.sequence = segment.acknowledgment
      reset.flags = .rst
    } else {
      reset.flags = .rstAck
      reset.acknowledgment = segment.sequence + segment.length
    }
    statistics.count(role, .rstSent)
    answer(reset, over: packet, &io)
  }

  /// Passive OPEN: a SYN to the port where the server role listens.
  @inline(never)
  mutating func accept<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ hash: UInt32, _ packet: consuming Packet, after previous: SequenceNumber?,
    _ io: inout PacketQueue<Port>
  ) {
    guard flows.count < flows.capacity, let slot = slots.take() else { return drop(packet, .tableFull, &io) }
    var initial = initialSequence.number(
      local: segment.destination, localPort: segment.destinationPort, remote: segment.source, remotePort: segment.sourcePort,
      now: moment)
    // RFC 9293 3.10.7.4: beyond the largest number of the previous connection.
    if let previous, initial <= previous { initial = previous + 64_000 }
    let companion = companions.base + Int(slot)
    companion.pointee = Companion()
    let connection = connections.base + Int(slot)
    connection.pointee = Connection.accept(segment, initial: initial, peer: 0, &companion.pointee, parameters, now: moment)
    companion.pointee.phaseStart = now
    _ = flows.insert(hash, slot)
    timers.schedule(slot, due: moment.milliseconds &+ parameters.minimumRTO)
    companion.pointee.workload = workload.begin(WorkloadView(connection))
    openServers &+= 1
    statistics.attempted(.server)
    statistics.count(.server, .synReceived)
    statistics.count(.server, .synAckSent)
    statistics.set(.openServers, UInt64(truncatingIfNeeded: openServers))
    records.opened(slot, connection.pointee, now)
    var spare: Packet? = packet
    transmitSynchronization(slot, &spare, &io)
  }

  @inline(never)
  mutating func receiveInTimeWait<Port: PacketPort & ~Copyable>(
    _ segment: TCPSegment, _ hash: UInt32, _ handle: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let entry = timeWaits.entry(handle)
    switch entry.pointee.arrive(segment, timestamps: parameters.timestamps) {
    case .ignore:
      io.free(packet)
    case .acknowledgeAndRestart:
      entry.pointee.due = moment.milliseconds &+ parameters.timeWaitTimeout
      acknowledge(entry, packet, &io)
    case .acknowledge:
      acknowledge(entry, packet, &io)
    case .reopen:
      let previous = entry.pointee.sendNext
      let isServer = segment.destination == serverAddress && segment.destinationPort == serverPort && serverPort != 0
      guard isServer else { return acknowledge(entry, packet, &io) }
      forget(handle)
      statistics.add(.timeWaitReopened)
      accept(segment, hash, packet, after: previous, &io)
    }
  }

  private mutating func acknowledge<Port: PacketPort & ~Copyable>(
    _ entry: UnsafeMutablePointer<TimeWait>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let window = UInt16(truncatingIfNeeded: min(parameters.receiveWindow, TCPHeader.maximumUnscaledWindow))
    answer(entry.pointee.acknowledgment(window: window, timestamps: parameters.timestamps, now: moment), over: packet, &io)
  }
}

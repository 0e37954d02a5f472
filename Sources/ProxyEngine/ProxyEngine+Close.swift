import CPacket

/// How connections end: each in exactly one outcome.
extension ProxyEngine {
  /// A segment of a connection that closes, or whose handshake is passed on and not complete yet.
  @inline(never)
  mutating func noteClosing(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ leg: Leg, _ acknowledgment: SequenceNumber,
    _ segment: UnsafePointer<TCPSegment>
  ) {
    if connection.pointee.phase == .lingering { return }
    if leg == .client, connection.pointee.flags.has(.halfOpen) {
      connection.pointee.flags.clear(.halfOpen)
      statistics.count(.established)
    }
    if segment.pointee.flags.has(.fin), isAcceptable(finOf: segment, from: leg, connection) {
      connection.pointee.flags.set(leg == .client ? .clientFin : .serverFin)
      records.entered(slot, .closing, now)
      // From now on it may be silent for a shorter time only.
      wake(slot, at: moment.milliseconds &+ parameters.closingTimeout)
    }
    if leg == .client {
      // Nothing comes behind a FIN.
      if connection.pointee.flags.has(.serverFin), acknowledgment == connection.pointee.server.next {
        connection.pointee.flags.set(.serverFinAcknowledged)
      }
    } else if connection.pointee.flags.has(.clientFin), acknowledgment == connection.pointee.client.next {
      connection.pointee.flags.set(.clientFinAcknowledged)
    }
    let both = connection.pointee.flags.rawValue & ProxyConnection.Flags.bothFinsAcknowledged
    if both == ProxyConnection.Flags.bothFinsAcknowledged, connection.pointee.phase == .spliced { linger(slot) }
  }

  /// A FIN below what the other end has acknowledged is old, or somebody's guess: whom it is for does not take it (RFC 9293 3.10.7.4).
  private func isAcceptable(
    finOf segment: UnsafePointer<TCPSegment>, from leg: Leg, _ connection: UnsafePointer<ProxyConnection>
  ) -> Bool {
    let end = segment.pointee.sequence + segment.pointee.length
    if leg == .client { return end + connection.pointee.toServer > connection.pointee.server.acknowledged }
    return end > connection.pointee.client.acknowledged
  }

  /// Both ends have closed. What either repeats still passes for a while, and until then the server's port is not used again.
  private mutating func linger(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    settle(slot, .completed)
    if lingering.isFull, endOldestLingering() { statistics.count(.lingeringEnded) }
    connection.pointee.phase = .lingering
    connection.pointee.binding = lingering.append(slot, due: moment.milliseconds &+ parameters.lingerTimeout)
  }

  /// The connection is over; its slot is free again.
  @inline(never)
  mutating func release(_ slot: UInt32, _ outcome: ProxyOutcome) {
    settle(slot, outcome)
    forget(slot)
  }

  /// Counts the end of a connection, and gives back what it has besides its slot and table entries.
  private mutating func settle(_ slot: UInt32, _ outcome: ProxyOutcome) {
    let connection = connections.base + Int(slot)
    timers.cancel(slot)
    if connection.pointee.flags.has(.bound) { releaseBinding(slot) }
    if connection.pointee.flags.has(.counted) {
      connection.pointee.flags.clear(.counted)
      groups.closed(connection.pointee.target, isDecided: connection.pointee.phase == .spliced)
    }
    open &-= 1
    statistics.ended(outcome)
    if records.isOn { records.ended(slot, connection, outcome, now, statistics) }
    statistics.set(.openClients, UInt64(truncatingIfNeeded: open))
    statistics.set(.lastClose, now)
  }

  mutating func forget(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    flows.remove(flowHash(connection.pointee.clientKey), slot &<< 1)
    if connection.pointee.hasServerLeg { flows.remove(flowHash(connection.pointee.serverKey), slot &<< 1 | 1) }
    connection.pointee.phase = .free
    slots.giveBack(slot)
  }

  /// The packets of a binding are freed with the next turn, where there is a port to free them to.
  mutating func releaseBinding(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    discard(binding)
    discardAnswerPart(binding)
    connection.pointee.flags.clear(.bound)
    bindingSlots.giveBack(connection.pointee.binding)
  }

  /// What is held of a request is held no more.
  mutating func discard(_ binding: UnsafeMutablePointer<Binding>) {
    guard let last = binding.pointee.last else { return }
    RequestNote.of(last).next = discarded
    discarded = binding.pointee.first
    binding.pointee.first = nil
    binding.pointee.last = nil
  }

  mutating func discardAnswerPart(_ binding: UnsafeMutablePointer<Binding>) {
    guard let part = binding.pointee.answerPart else { return }
    RequestNote.of(part).next = discarded
    discarded = part
    binding.pointee.answerPart = nil
  }

  @inline(never)
  public mutating func freeDiscarded<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    while let packet = discarded {
      discarded = RequestNote.of(packet).next
      heldCount &-= 1
      RequestNote.end(packet)
      io.free(Packet(owning: packet))
    }
  }

  // MARK: Lingering

  /// Forgets the closed connection that was closed first. False: there is none.
  mutating func endOldestLingering() -> Bool {
    while !lingering.isEmpty {
      let slot = lingering.oldest.slot
      lingering.removeOldest()
      if slot == LingeringRing.vacant { continue }
      forget(slot)
      prefetchLingering()
      return true
    }
    return false
  }

  /// Asks for what forgetting the next ones will look at: they closed long ago, and lie in no cache any more.
  @inline(always)
  private func prefetchLingering() {
    if let far = lingering.slot(ahead: 3) {
      let connection = UnsafeRawPointer(connections.base + Int(far))
      for offset in stride(from: 0, to: MemoryLayout<ProxyConnection>.stride, by: 64) { prefetch_line(connection + offset) }
    }
    if let near = lingering.slot(ahead: 1) {
      let connection = connections.base + Int(near)
      prefetch_line(flows.address(ofHash: flowHash(connection.pointee.clientKey)))
      prefetch_line(flows.address(ofHash: flowHash(connection.pointee.serverKey)))
    }
  }

  /// Ends what has lingered long enough. How many.
  mutating func endLingering(_ most: Int) -> Int {
    var ended = 0
    while ended < most, !lingering.isEmpty {
      let oldest = lingering.oldest
      if oldest.slot != LingeringRing.vacant {
        if Int32(bitPattern: moment.milliseconds &- oldest.due) < 0 { break }
        forget(oldest.slot)
      }
      lingering.removeOldest()
      ended &+= 1
    }
    return ended
  }

  /// A new SYN takes the place of what was closed.
  mutating func reopen<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let previous = connection.pointee.server.next + connection.pointee.toClient
    lingering.vacate(connection.pointee.binding)
    forget(slot)
    statistics.count(.lingeringReopened)
    accept(segment, flowHash(segment.pointee.key), packet, after: previous, &io)
  }

  // MARK: The client closes before it asks

  /// Our FIN in answer to a client's that has asked for nothing.
  @inline(never)
  mutating func dismiss<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    connection.pointee.enter(.dismissing, now: moment.milliseconds)
    records.entered(slot, .dismissing, now)
    connection.pointee.server.acknowledged = connection.pointee.client.next
    releaseBinding(slot)
    wake(slot, at: moment.milliseconds &+ parameters.initialRTO)
    sendBare(.finAck, to: .client, slot, &io)
    connection.pointee.server.next = connection.pointee.server.next + 1
  }

  @inline(never)
  mutating func receiveDismissed<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    if segment.pointee.acknowledgment == connection.pointee.server.next {
      io.free(packet)
      return release(slot, .closedWithoutRequest)
    }
    // What asks for nothing is left to the timer: of two that answer each other at once there is no end.
    if segment.pointee.length == 0 { return io.free(packet) }
    repeatDismissal(slot, packet, &io)
  }

  mutating func repeatDismissal<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    connection.pointee.server.next = connection.pointee.server.next - 1
    sendBare(.finAck, to: .client, slot, packet, &io)
    connection.pointee.server.next = connection.pointee.server.next + 1
  }

  // MARK: The end of the run

  /// Resets everything, some slots a turn. True while there is any left.
  @inline(never)
  mutating func sweep<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    guard phase == .resetAll, sweepPosition < slots.highestUsed else { return false }
    var budget = 64
    while budget > 0, sweepPosition < slots.highestUsed, !io.isCongested {
      let slot = UInt32(truncatingIfNeeded: sweepPosition)
      sweepPosition &+= 1
      budget &-= 1
      let phase = connections.base[Int(slot)].phase
      if phase == .free || phase == .lingering { continue }
      resetBoth(slot, .abortedByUs, &io)
    }
    return true
  }

  /// Tells both ends, as far as they know of the connection.
  mutating func resetBoth<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ outcome: ProxyOutcome, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    sendReset(to: .client, slot, &io)
    if connection.pointee.hasServerLeg, connection.pointee.phase != .connecting { sendReset(to: .server, slot, &io) }
    release(slot, outcome)
  }

  /// The payload callback wants no more of it.
  @inline(never)
  mutating func endByInspector<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    io.free(packet)
    let connection = connections.base + Int(slot)
    guard connection.pointee.phase == .lingering else { return resetBoth(slot, .endedByInspector, &io) }
    // It has had its outcome.
    lingering.vacate(connection.pointee.binding)
    forget(slot)
  }

  /// What is still open is said to be so.
  @inline(never)
  mutating func leave() {
    for slot in 0..<slots.highestUsed {
      let phase = connections[slot].phase
      if phase != .free, phase != .lingering { release(UInt32(truncatingIfNeeded: slot), .openAtStop) }
    }
    while endOldestLingering() {}
  }

  /// What each target met with here.
  public var targetCounters: [TargetCounters] { (0..<groups.counts.count).map { groups.counts[$0] } }

  /// What is in use: all zero after `leave`, or something leaked.
  public var inUse: (slots: Int, flows: Int, timers: Int) { (slots.used &+ bindingSlots.used, flows.count, timers.count) }
}

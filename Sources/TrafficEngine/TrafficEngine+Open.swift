import CPacket

/// The client role opens connections: as many as are due, as far as wire, buffers and `max_open` go.
extension TrafficEngine {
  /// True if any was opened.
  @inline(always)
  mutating func openDue<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    guard openClients < share.maxOpen, targets.count > 0, usually(attempted < allowed) || isAllowedMore() else { return false }
    var due = pacer.due(now: now)
    if due == 0 { return false }
    // Frames that the wire refused are still waiting: it is full.
    due = min(due, share.maxOpen &- openClients)
    due = min(due, Int(truncatingIfNeeded: min(allowed &- attempted, 32)))
    if io.isCongested { return false }
    var opened = 0
    while opened < due, openOne(&io) { opened &+= 1 }
    if opened > 0 { noteOpened(opened) }
    return opened > 0
  }

  @inline(never)
  private mutating func isAllowedMore() -> Bool {
    allowed = max(allowed, allowance.connections)
    return attempted < allowed
  }

  @inline(always)
  private mutating func noteOpened(_ opened: Int) {
    if attempted == UInt64(truncatingIfNeeded: opened) {
      statistics.set(.firstOpen, now)
    } else {
      statistics.raise(.pacingLargestGap, to: now &- lastOpen)
    }
    lastOpen = now
    statistics.raise(.pacingLargestBurst, to: UInt64(truncatingIfNeeded: opened))
    statistics.raise(.peakOpenClients, to: UInt64(truncatingIfNeeded: openClients))
    statistics.set(.pacingMissed, pacer.missed)
    statistics.set(.openClients, UInt64(truncatingIfNeeded: openClients))
  }

  /// False when no connection could be opened now: no address and port free, or no slot.
  @inline(always)
  private mutating func openOne<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    guard flows.count < flows.capacity else { return false }
    let target = targets.base + nextTarget
    var key = nextKey(target)
    var hash = flowHash(key)
    if rarely(!isFree(hash, key, tries: 1)) {
      guard let free = nextFreeKey(target) else { return false }
      key = free
      hash = flowHash(key)
    }
    guard let slot = slots.take() else { return false }
    let peer = UInt16(truncatingIfNeeded: nextTarget)
    nextTarget &+= 1
    if nextTarget == targets.count { nextTarget = 0 }

    let initial = initialSequence.number(key, now: moment)
    let companion = companions.base + Int(slot)
    let connection = connections.base + Int(slot)
    var times = Companion()
    connection.pointee = Connection.open(key, initial: initial, peer: peer, &times, now: moment)
    times.beginPhase(now)
    companion.pointee.tcp = times
    companion.pointee.workload = workload.begin(view(slot))
    _ = flows.insert(hash, slot)
    timers.schedule(slot, due: moment.milliseconds &+ shortestWait)
    attempted &+= 1
    openClients &+= 1
    pacer.opened()
    statistics.attempted(.client)
    statistics.count(.client, .synSent)
    records.opened(slot, now)

    if let packet = newFrame(slot, &io) { synchronize(slot, packet, &io) }
    // Where the next connection will lie no frame has asked for.
    prefetch_line(flows.address(ofHash: flowHash(self.key(targets.base + nextTarget, tuples.upcoming))))
    return true
  }

  /// Whether a connection may have this key, now that so many were looked at.
  @inline(always)
  private func isFree(_ hash: UInt32, _ key: FlowKey, tries: Int) -> Bool {
    find(hash, key) == nil && !(tries < Self.strayTries && crossing.isStray(hash))
  }

  /// Looks on, when the first pair was taken.
  @inline(never)
  private mutating func nextFreeKey(_ target: UnsafePointer<TargetRoute>) -> FlowKey? {
    for tries in 2...Self.tupleTries {
      let key = nextKey(target)
      if isFree(flowHash(key), key, tries: tries) { return key }
    }
    return nil
  }

  /// Pairs of address and port that are looked at for a free one in one go.
  private static var tupleTries: Int { 64 }
  /// Of these, how many may be passed over because their replies go astray: better such a one than none.
  private static var strayTries: Int { 16 }

  /// The key of what the target would answer to the next pair of address and port.
  @inline(always)
  private mutating func nextKey(_ target: UnsafePointer<TargetRoute>) -> FlowKey {
    let key = key(target, tuples.next())
    return rarely(crossing.choosesHome) ? homeKey(target, key) : key
  }

  /// The first from this one on whose replies come home.
  @inline(never)
  private mutating func homeKey(_ target: UnsafePointer<TargetRoute>, _ first: FlowKey) -> FlowKey {
    var key = first
    var tries = 0
    while let queue = crossing.queue(of: key), queue != share.worker, tries < Self.homeTries {
      key = self.key(target, tuples.next())
      tries &+= 1
    }
    return key
  }

  @inline(always)
  private func key(_ target: UnsafePointer<TargetRoute>, _ end: ClientEndpoint) -> FlowKey {
    FlowKey(source: target.pointee.address, sourcePort: target.pointee.port, destination: end.address, destinationPort: end.port)
  }

  /// Pairs of address and port that are looked at for one whose replies come home. With a fair hash over n queues each does with the
  /// probability 1/n.
  private static var homeTries: Int { 4_096 }
}

import CPacket

/// How connections end: each in exactly one outcome.
extension TrafficEngine {
  /// The connection is over; its slot is free again.
  @inline(never)
  mutating func release(_ slot: UInt32, _ outcome: Outcome) {
    let connection = connections.base + Int(slot)
    flows.remove(hash(connection), slot)
    settle(slot, outcome)
  }

  /// The connection is complete; what TIME-WAIT must remember moves to its pool, and takes over the table entry.
  @inline(never)
  mutating func enterTimeWait(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    let hash = hash(connection)
    statistics.add(.timeWaitEntered)
    if timeWaits.isFull {
      if removeOldestTimeWait() { statistics.add(.timeWaitRecycled) }
    }
    let entry = TimeWait(
      connection.pointee, companions.base[Int(slot)].tcp, hash: hash, due: moment.milliseconds &+ parameters.pointee.timeWaitTimeout)
    flows.replace(hash, slot, with: timeWaits.append(entry))
    settle(slot, .completed)
  }

  @inline(always)
  private mutating func settle(_ slot: UInt32, _ outcome: Outcome) {
    timers.cancel(slot)
    account(slot, outcome)
  }

  @inline(always)
  private mutating func account(_ slot: UInt32, _ outcome: Outcome) {
    let connection = connections.base + Int(slot)
    let role = connection.pointee.role
    statistics.ended(role, outcome)
    if outcome == .completed {
      statistics.measured(.close, ticks: companions.base[Int(slot)].tcp.phase(until: now))
    }
    statistics.set(.lastClose, now)
    if role == .client {
      openClients &-= 1
      statistics.set(.openClients, UInt64(truncatingIfNeeded: openClients))
    } else {
      openServers &-= 1
      statistics.set(.openServers, UInt64(truncatingIfNeeded: openServers))
    }
    if records.isOn { recordEnd(slot, outcome) }
    if rarely(connection.pointee.flags.has(.cold)) { releaseRecovery(slot) }
    connection.pointee.state = .closed
    slots.giveBack(slot)
  }

  /// True if a pair became free by it, false if its place was vacant.
  @inline(always)
  mutating func removeOldestTimeWait() -> Bool {
    let oldest = timeWaits.oldest
    let occupied = timeWaits.isOccupied(oldest)
    if occupied { flows.remove(timeWaits.entry(oldest).pointee.hash, oldest) }
    timeWaits.removeOldest()
    // Where the next one lies no frame asks for.
    prefetch_line(flows.address(ofHash: timeWaits.entry(timeWaits.oldest).pointee.hash))
    return occupied
  }

  /// A pair in TIME-WAIT is free again.
  @inline(never)
  mutating func forget(_ handle: UInt32) {
    flows.remove(timeWaits.entry(handle).pointee.hash, handle)
    timeWaits.vacate(handle)
  }

  /// When closing or resetting everything: some slots a turn. True while there is any left.
  @inline(never)
  mutating func sweep<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    guard phase == .closeAll || phase == .resetAll, sweepPosition < slots.highestUsed else { return false }
    var budget = 64
    while budget > 0, sweepPosition < slots.highestUsed, !io.isCongested {
      let slot = UInt32(truncatingIfNeeded: sweepPosition)
      sweepPosition &+= 1
      budget &-= 1
      let connection = connections.base + Int(slot)
      prefetchEntry(sweepPosition &+ 8)
      if connection.pointee.state == .closed { continue }
      if phase == .resetAll {
        var spare: Packet?
        sendAbort(slot, &spare, &io)
        release(slot, .abortedByUs)
      } else if connection.pointee.state.maySend {
        var spare: Packet?
        _ = sendNew(progress(end(slot)), slot, &spare, &io)
        rearm(connection, slot)
      }
    }
    return true
  }

  /// Of millions of connections each one's place in the table is elsewhere in memory.
  @inline(always)
  private func prefetchEntry(_ slot: Int) {
    if slot < slots.highestUsed { prefetch_line(flows.address(ofHash: hash(connections.base + slot))) }
  }

  /// The end of the run: what is still open is said to be so. Millions may be: they are walked in order, and wheel and table are emptied at
  /// once instead of looking each one up there.
  @inline(never)
  mutating func leave() {
    var known = 0
    var waiting = 0
    for slot in 0..<slots.highestUsed where connections[slot].state != .closed {
      known &+= 1
      if connections[slot].timerPrevious != 0 { waiting &+= 1 }
      connections[slot].timerPrevious = 0
      account(UInt32(truncatingIfNeeded: slot), .openAtStop)
    }
    while !timeWaits.isEmpty {
      if timeWaits.isOccupied(timeWaits.oldest) { known &+= 1 }
      timeWaits.removeOldest()
    }
    timers.abandon(waiting)
    flows.abandon(known)
  }

  /// Connections, table entries and timers that are in use: all zero after `leave`, or something leaked.
  public var inUse: (slots: Int, flows: Int, timers: Int) { (slots.used &+ recoverySlots.used, flows.count, timers.count) }
}

/// Time has passed: timers of connections, and the end of TIME-WAITs.
extension TrafficEngine {
  /// Timers handled in one turn at most; the others come with the next.
  private static var timersPerTurn: Int { 256 }

  /// True if any was due.
  @inline(always)
  mutating func runTimers<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    // Nothing comes due within a millisecond that was seen to the end.
    if moment.milliseconds == timersSeen { return false }
    records.flush()
    if !isLooped { tendNeighbours(&io) }
    var handled = 0
    while handled < Self.timersPerTurn, !io.isCongested, let slot = timers.popDue(now: moment.milliseconds) {
      timeout(slot, &io)
      handled &+= 1
    }
    let ended = endTimeWaits()
    if handled + ended == 0 { timersSeen = moment.milliseconds }
    return handled + ended > 0
  }

  @inline(never)
  private mutating func timeout<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let companion = companions.base + Int(slot)
    let role = connection.pointee.role
    let state = connection.pointee.state
    var spare: Packet?
    switch connection.pointee.timeout(companion.pointee.tcp, recoveries.base, parameters, now: moment) {
    case .wait(let due):
      guard workload.waits, let wake = wake(slot) else { return timers.schedule(slot, due: due) }
      let left = wake &- moment.milliseconds
      if Int32(bitPattern: left) > 0 { return timers.schedule(slot, due: left < due &- moment.milliseconds ? wake : due) }
      _ = sendNew(progress(end(slot)), slot, &spare, &io)
    case .synchronize:
      statistics.count(role, .retransmitted)
      records.retransmitted(slot)
      transmitSynchronization(slot, &spare, &io)
    case .retransmit:
      recoverFromTimeout(slot)
      _ = retransmit(slot, &spare, &io)
    case .lossProbe:
      sendLossProbe(slot, role, &spare, &io)
    case .acknowledge:
      sendAcknowledgment(slot, &spare, &io)
      // What else is due is looked at next.
      return timers.schedule(slot, due: moment.milliseconds &+ 1)
    case .keepAlive:
      statistics.add(.keepAlivesSent)
      transmit(connection.pointee.keepAliveProbe, slot, &spare, &io)
    case .resume:
      _ = sendNew(progress(end(slot)), slot, &spare, &io)
    case .probe:
      probe(slot, &spare, &io)
    case .exhausted:
      return giveUp(slot, state == .synSent || state == .synReceived ? .synTimeout : .retransmissionTimeout, &io)
    case .idle:
      let outcome: Outcome =
        switch state.group {
        case .synSent, .synReceived: .synTimeout
        case .established: .idleTimeout
        case .closing, .timeWait: .closingTimeout
        }
      return giveUp(slot, outcome, &io)
    }
    if connection.pointee.flags.has(.cold) { return rearmCold(slot) }
    timers.schedule(slot, due: moment.milliseconds &+ shortestWait)
  }

  @inline(never)
  private mutating func probe<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let progress = progress(end(slot))
    let before = connection.pointee.state
    let probe =
      connection.pointee.flags.has(.cold)
      ? connection.pointee.probeCold(end: progress.end, finish: progress.finish, recovery(slot), parameters, now: moment)
      : connection.pointee.probe(end: progress.end, finish: progress.finish)
    guard let transmission = probe else { return }
    note(transmission, slot, connection.pointee.role, before)
    transmit(transmission, slot, &spare, &io)
  }

  /// The peer is told by a RST, so that it does not wait in vain; one that never answered the SYN is not.
  @inline(never)
  private mutating func giveUp<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ outcome: Outcome, _ io: inout PacketQueue<Port>
  ) {
    var spare: Packet?
    if connections.base[Int(slot)].state != .synSent { sendAbort(slot, &spare, &io) }
    release(slot, outcome)
  }

  /// Ends the TIME-WAITs that are over, in order of entry; one whose time began anew holds up those behind it. Returns how many.
  @inline(always)
  private mutating func endTimeWaits() -> Int {
    var ended = 0
    while ended < Self.timersPerTurn, !timeWaits.isEmpty {
      let entry = timeWaits.entry(timeWaits.oldest).pointee
      let vacant = !timeWaits.isOccupied(timeWaits.oldest)
      if !vacant, Int32(bitPattern: moment.milliseconds &- entry.due) < 0 { break }
      _ = removeOldestTimeWait()
      ended &+= 1
    }
    return ended
  }
}

import CPacket

/// Connections that lose segments, see them reordered, or have more to send than the initial window, take a cold structure each
/// (`Recovery`); what comes too early is held until what precedes it has come.
extension TrafficEngine {
  /// Takes a cold structure for the connection. False: all are in use, and it goes on with timeouts alone.
  @inline(never)
  mutating func makeCold(_ slot: UInt32) -> Bool {
    let connection = connections.base + Int(slot)
    guard connection.pointee.state.ordinal >= TCPState.established.ordinal else { return false }
    guard let handle = recoverySlots.take() else {
      statistics.add(.recoveriesRefused)
      return false
    }
    connection.pointee.becomeCold(
      &companions.base[Int(slot)].tcp, handle: handle, ring: rings.base + Int(handle) &* Int(Self.ringCapacity),
      capacity: Self.ringCapacity, ranges: ranges.base + Int(handle) &* ReceivedRanges.capacity, recoveries.base + Int(handle),
      congestionControl, parameters, now: moment)
    held[Int(handle)] = HeldPackets()
    statistics.add(.recoveriesTaken)
    return true
  }

  /// Segments in flight at most.
  static var ringCapacity: UInt32 { 256 }
  /// Packets held for a connection at most.
  private static var heldLimit: UInt32 { 1_024 }

  @inline(always)
  func recovery(_ slot: UInt32) -> UnsafeMutablePointer<Recovery> { recoveries.base + Int(companions.base[Int(slot)].tcp.coldHandle) }

  /// The connection's structure is free again, and with it what it held.
  @inline(never)
  mutating func releaseRecovery(_ slot: UInt32) {
    let handle = companions.base[Int(slot)].tcp.coldHandle
    var next = held[Int(handle)].first
    while let packet = next {
      let note = HeldNote.of(packet)
      next = note.pointee.next
      note.pointee.next = discarded
      discarded = packet
      heldCount &-= 1
    }
    held[Int(handle)] = HeldPackets()
    connections.base[Int(slot)].flags.clear(.cold)
    recoverySlots.giveBack(handle)
  }

  /// Frees what connections held that have ended: a release has no port at hand.
  @inline(never)
  public mutating func freeDiscarded<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    while let packet = discarded {
      discarded = HeldNote.of(packet).pointee.next
      io.free(Packet(owning: packet))
    }
  }

  // MARK: What arrives

  /// What is not usual about an action that recovery has to do with: the connection becomes cold by it, or a packet is held. Returns the
  /// action to go on with.
  @inline(never)
  mutating func considerRecovery(
    _ decision: Action, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, in frame: UnsafeRawPointer, _ spare: inout Packet?
  ) -> Action {
    let connection = connections.base + Int(slot)
    var action = decision
    if !connection.pointee.flags.has(.cold) {
      let isEarly = action.anomaly == .outOfOrder
      let isLate = action.events.has(.duplicateAcknowledgment) && connection.pointee.flight > UInt32(connection.pointee.segmentSize)
      guard isEarly || isLate, makeCold(slot) else { return action }
      // Now that there is something to note it in, the segment is looked at once more.
      let again = connection.pointee.arriveCold(
        segment, in: frame, &companions.base[Int(slot)].tcp, recovery(slot), parameters, now: moment)
      action.merge(again)
    }
    if action.events.has(.keep) { hold(&action, slot, segment, &spare) }
    return action
  }

  private mutating func hold(
    _ action: inout Action, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, _ spare: inout Packet?
  ) {
    let handle = Int(companions.base[Int(slot)].tcp.coldHandle)
    guard held[handle].count < Self.heldLimit, heldCount < heldMost, let packet = spare.claim() else { return }
    connections.base[Int(slot)].kept(segment, action, recoveries.base + handle)
    let buffer = packet.release()
    let note = HeldNote.of(buffer)
    note.pointee = HeldNote(
      next: nil, sequence: segment.pointee.sequence, offset: segment.pointee.payloadOffset, length: action.payloadLength)
    held.base[handle].insert(buffer)
    heldCount &+= 1
  }

  /// What was held and is in order now goes to the workload, octet after octet. Nil: it is what was expected.
  @inline(never)
  mutating func takeHeld<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) -> Outcome? {
    let end = end(slot)
    let connection = end.connection
    let handle = Int(end.companion.pointee.tcp.coldHandle)
    var outcome: Outcome?
    while let packet = held[handle].first {
      let note = HeldNote.of(packet).pointee
      guard note.sequence < connection.pointee.receiveNext else { break }
      held.base[handle].removeFirst()
      heldCount &-= 1
      let known = taken(slot, note.sequence)
      if known < UInt32(note.length), outcome == nil {
        let bytes = UnsafeRawPointer(packet_data(packet)) + Int(note.offset) + Int(known)
        let offset = (note.sequence + known).distance(from: connection.pointee.initialReceive) &- 1
        outcome = hand(end, offset, bytes, Int(note.length) &- Int(known))
        held.base[handle].taken = note.sequence + UInt32(note.length)
      }
      io.free(Packet(owning: packet))
    }
    return outcome
  }

  /// Octets of a held segment that the workload has already had.
  private mutating func taken(_ slot: UInt32, _ sequence: SequenceNumber) -> UInt32 {
    let already = held[Int(companions.base[Int(slot)].tcp.coldHandle)].taken
    return already > sequence ? already.distance(from: sequence) : 0
  }

  /// Where the workload stands, before what is held is looked at.
  @inline(always)
  mutating func noteTaken(_ slot: UInt32, _ next: SequenceNumber) {
    held.base[Int(companions.base[Int(slot)].tcp.coldHandle)].taken = next
  }

  // MARK: What is sent

  /// Sends what is lost, and what is new as far as the windows permit. True if anything went out.
  @inline(never)
  mutating func sendCold<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ role: Role, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    let connection = connections.base + Int(slot)
    let recovery = recovery(slot)
    var sent = false
    while true {
      if io.isCongested {
        // Nothing may ever arrive that brings us back here.
        recovery.pointee.holdBack(now: moment)
        return sent
      }
      let before = connection.pointee.state
      let progress = before.maySend ? progress(end(slot)) : StreamProgress(end: connection.pointee.streamSent, finish: false)
      guard
        let transmission = connection.pointee.transmitCold(
          end: progress.end, finish: progress.finish, delaysSmall: false, recovery, parameters, now: moment)
      else { return sent }
      note(transmission, slot, role, before)
      transmit(transmission, slot, &spare, &io)
      sent = true
    }
  }

  @inline(never)
  mutating func note(_ transmission: Transmission, _ slot: UInt32, _ role: Role, _ before: TCPState) {
    if transmission.isRetransmission {
      statistics.count(role, .retransmitted)
      records.retransmitted(slot)
    } else {
      count(transmission, end(slot), before)
    }
  }

  // MARK: Timers

  /// A timeout of a connection that was not cold, with more than one segment in flight.
  @inline(never)
  mutating func recoverFromTimeout(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    guard !connection.pointee.flags.has(.cold), connection.pointee.flight > UInt32(connection.pointee.segmentSize), makeCold(slot) else {
      return
    }
    connection.pointee.loseOnTimeout(recovery(slot), parameters, now: moment)
  }

  @inline(never)
  mutating func sendLossProbe<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ role: Role, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let before = connection.pointee.state
    let progress = before.maySend ? progress(end(slot)) : StreamProgress(end: connection.pointee.streamSent, finish: false)
    guard
      let probe = connection.pointee.lossProbe(
        end: progress.end, finish: progress.finish, recovery(slot), parameters, now: moment)
    else { return }
    note(probe, slot, role, before)
    transmit(probe, slot, &spare, &io)
  }

  /// The wheel looks at the connection when its next timer is due.
  @inline(never)
  mutating func rearmCold(_ slot: UInt32) {
    let due = coldDue(slot)
    if timers.contains(slot) {
      if Int32(bitPattern: due &- connections.base[Int(slot)].timerDue) >= 0 { return }
      timers.cancel(slot)
    }
    timers.schedule(slot, due: due)
  }

  private mutating func coldDue(_ slot: UInt32) -> UInt32 {
    let due = timersDue(slot)
    // What was due and could not be sent waits for an acknowledgment or a timer: looked at again at once, it would keep all others from theirs.
    guard let wake = wake(slot), Int32(bitPattern: wake &- moment.milliseconds) > 0 else { return due }
    return Int32(bitPattern: wake &- due) < 0 ? wake : due
  }

  private mutating func timersDue(_ slot: UInt32) -> UInt32 {
    let connection = connections.base + Int(slot)
    let look = connection.pointee.nextLook(parameters, now: moment)
    let deadline = connection.pointee.coldDeadline(recovery(slot))
    guard deadline != .max else { return look }
    let left = deadline > moment.microseconds ? UInt32(truncatingIfNeeded: (deadline &- moment.microseconds &+ 999) / 1_000) : 1
    return left < look &- moment.milliseconds ? moment.milliseconds &+ left : look
  }
}

/// The packets held for a connection, in order of their sequence numbers.
struct HeldPackets: BitwiseCopyable, @unchecked Sendable {
  var first: PacketPointer?
  private var last: PacketPointer?
  var count: UInt32 = 0
  /// The workload has had what is before this.
  var taken = SequenceNumber(0)

  mutating func insert(_ packet: PacketPointer) {
    let sequence = HeldNote.of(packet).pointee.sequence
    count &+= 1
    guard let first, let last else {
      self.first = packet
      self.last = packet
      return
    }
    // Nearly always behind the others.
    if HeldNote.of(last).pointee.sequence < sequence {
      HeldNote.of(last).pointee.next = packet
      self.last = packet
    } else if sequence <= HeldNote.of(first).pointee.sequence {
      HeldNote.of(packet).pointee.next = first
      self.first = packet
    } else {
      var place = first
      while let next = HeldNote.of(place).pointee.next, HeldNote.of(next).pointee.sequence < sequence { place = next }
      HeldNote.of(packet).pointee.next = HeldNote.of(place).pointee.next
      HeldNote.of(place).pointee.next = packet
    }
  }

  mutating func removeFirst() {
    guard let packet = first else { return }
    first = HeldNote.of(packet).pointee.next
    if first == nil { last = nil }
    count &-= 1
  }
}

/// What is noted of a held packet, in the headroom of its own buffer.
struct HeldNote: BitwiseCopyable {
  var next: PacketPointer?
  var sequence: SequenceNumber
  /// Octets from the frame's start to the payload.
  var offset: UInt16
  /// Octets of payload that are held.
  var length: UInt16

  @inline(always)
  static func of(_ packet: PacketPointer) -> UnsafeMutablePointer<HeldNote> {
    UnsafeMutableRawPointer(packet.pointee.buf_addr).assumingMemoryBound(to: HeldNote.self)
  }
}

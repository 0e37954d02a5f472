/// Carries out what the state machine decided for a segment, and asks the workload what to send. The reply is written over the frame that
/// arrived whenever there is one.
extension TrafficEngine {
  /// A connection in hand: looked up once, and given to what is inlined.
  struct End {
    let slot: UInt32
    let connection: UnsafeMutablePointer<Connection>
    let companion: UnsafeMutablePointer<Companions<W.State>>
    let role: Role
    let counters: RoleCounters
  }

  @inline(always)
  func end(_ slot: UInt32) -> End {
    let connection = connections.base + Int(slot)
    let role = connection.pointee.role
    return End(
      slot: slot, connection: connection, companion: companions.base + Int(slot), role: role, counters: statistics.counters(role))
  }

  @inline(always)
  mutating func carryOut<Port: PacketPort & ~Copyable>(
    _ decision: Action, _ slot: UInt32, _ before: TCPState, _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet,
    _ io: inout PacketQueue<Port>
  ) {
    let end = end(slot)
    let connection = end.connection
    let role = end.role
    var action = decision
    let frame = UnsafeRawPointer(packet.bytes)
    var spare: Packet? = consume packet
    if rarely(!action.isUsual) {
      if action.anomaly != .none { statistics.unexpected(role, action.anomaly) }
      if action.events.has(.reset) { return wasReset(slot, before, &spare, &io) }
      if action.reply.rawValue >= Reply.synAcknowledge.rawValue { return carryOutExceptionally(action, slot, segment, &spare, &io) }
      action = considerRecovery(action, slot, segment, in: frame, &spare)
    }
    let events = action.events

    // What arrived.
    if events.has(.established) { established(end, frame) }
    if events.has(.payload) {
      let outcome = take(action, end, segment, frame)
      if rarely(outcome != nil), let outcome { return breakOff(slot, outcome, &spare, &io) }
    }
    if rarely(events.has(.keptInOrder)) {
      noteTaken(slot, segment.pointee.sequence + UInt32(action.payloadOffset) + UInt32(action.payloadLength))
      if let outcome = takeHeld(slot, &io) { return breakOff(slot, outcome, &spare, &io) }
    }
    if events.has(.peerClosed) {
      end.counters.count(before.ordinal <= TCPState.established.ordinal ? .finActiveReceived : .finPassiveReceived)
      end.counters.count(.ackOfFinSent)
      if let outcome = workload.peerClosed(view(connection), &end.companion.pointee.workload) {
        return breakOff(slot, outcome, &spare, &io)
      }
    }
    if events.has(.finAcknowledged) { end.counters.count(.ackOfFinReceived) }
    if records.isOn, connection.pointee.state != before { records.entered(slot, connection.pointee.state, now) }
    if events.has(.closed) {
      if let left = spare.claim() { io.free(left) }
      return release(slot, .completed)
    }

    // What is to be sent: a new client acknowledges by itself, before it says anything; then what the workload has; else what was asked for.
    var acknowledges = action.asksToAcknowledge
    if events.has(.established), role == .client {
      end.counters.count(.ackOfSynAckSent)
      sendAcknowledgment(slot, &spare, &io)
      acknowledges = false
    }
    if rarely(events.has(.retransmit)), retransmit(slot, &spare, &io) { acknowledges = false }
    if connection.pointee.state.maySend, events.rawValue != 0 {
      let progress = progress(end)
      if progress.end != connection.pointee.streamSent || progress.finish {
        if sendAtOnce(progress, end, &spare, &io) { acknowledges = false }
      }
    }
    // What came too early is reported by a segment of its own: one with data is no duplicate acknowledgment, and carries no SACK blocks.
    if acknowledges, parameters.pointee.acknowledgmentDelay > 0, delayAcknowledgment(slot, action) { acknowledges = false }
    if acknowledges || action.anomaly == .outOfOrder { sendAcknowledgment(slot, &spare, &io) }
    if events.has(.timeWait) { enterTimeWait(slot) } else { rearm(connection, slot) }
    if let left = spare.claim() { io.free(left) }
  }

  /// True: the acknowledgment waits, and the wheel looks at the connection when it may wait no longer.
  @inline(never)
  private mutating func delayAcknowledgment(_ slot: UInt32, _ action: Action) -> Bool {
    let connection = connections.base + Int(slot)
    let isComplete = !connection.pointee.flags.has(.cold) || recovery(slot).pointee.received.count == 0
    guard connection.pointee.delaysAcknowledgment(action, isComplete: isComplete) else { return false }
    let due = moment.milliseconds &+ parameters.pointee.acknowledgmentDelay
    if Int32(bitPattern: due &- connection.pointee.timerDue) < 0 { reschedule(slot, due) }
    return true
  }

  /// While a retransmission timer runs, the wheel looks at the connection within the smallest timeout; and when its workload has to be asked.
  @inline(always)
  mutating func rearm(_ connection: UnsafeMutablePointer<Connection>, _ slot: UInt32) {
    if rarely(workload.waits), let due = wake(slot), Int32(bitPattern: due &- connection.pointee.timerDue) < 0 { reschedule(slot, due) }
    guard connection.pointee.flags.has(.timerRunning) else {
      if rarely(connection.pointee.flags.has(.cold)) { rearmCold(slot) }
      return
    }
    let due = moment.milliseconds &+ shortestWait
    if rarely(Int32(bitPattern: due &- connection.pointee.timerDue) < 0) { reschedule(slot, due) }
  }

  /// When the workload is to be asked again, of a connection that may still send.
  @inline(never)
  mutating func wake(_ slot: UInt32) -> UInt32? {
    guard let due = workload.wake(view(slot), companions.base[Int(slot)].workload), connections.base[Int(slot)].state.maySend
    else { return nil }
    return due
  }

  @inline(never)
  private mutating func reschedule(_ slot: UInt32, _ due: UInt32) {
    timers.cancel(slot)
    timers.schedule(slot, due: due)
  }

  @inline(always)
  private func established(_ end: End, _ frame: UnsafeRawPointer) {
    if end.role == .client {
      if !isLooped { sumless.heardSynchronize(frame) }
      end.counters.count(.synAckReceived)
      statistics.measured(.handshake, ticks: end.companion.pointee.tcp.phase(until: now))
    } else {
      end.counters.count(.ackOfSynAckReceived)
    }
  }

  /// Hands the new octets to the workload. Nil: they are what it expected.
  @inline(always)
  private mutating func take(
    _ action: Action, _ end: End, _ segment: UnsafePointer<TCPSegment>, _ frame: UnsafeRawPointer
  ) -> Outcome? {
    let place = segment.pointee.sequence + UInt32(action.payloadOffset)
    let offset = place.distance(from: end.connection.pointee.initialReceive) &- 1
    return hand(end, offset, frame + Int(segment.pointee.payloadOffset) + Int(action.payloadOffset), Int(action.payloadLength))
  }

  @inline(always)
  mutating func hand(_ end: End, _ offset: UInt32, _ bytes: UnsafeRawPointer, _ count: Int) -> Outcome? {
    let view = view(end.connection)
    end.counters.count(.payloadReceived)
    end.counters.count(.payloadBytesReceived, UInt64(truncatingIfNeeded: count))
    if end.role == .client, offset == 0 { statistics.measured(.firstByte, ticks: end.companion.pointee.tcp.phase(until: now)) }
    let outcome = workload.receive(view, &end.companion.pointee.workload, offset: offset, bytes: bytes, count: count)
    if records.isOn { recordReceived(end.slot, bytes, offset, count) }
    return outcome
  }

  /// `sendNew`, without a call for what is said in one segment.
  @inline(always)
  private mutating func sendAtOnce<Port: PacketPort & ~Copyable>(
    _ first: StreamProgress, _ end: End, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    let connection = end.connection
    guard usually(!connection.pointee.flags.has(.cold)), usually(!io.isCongested) else { return sendNew(first, end.slot, &spare, &io) }
    let before = connection.pointee.state
    let next = connection.pointee.transmitNext(
      end: first.end, finish: first.finish, &end.companion.pointee.tcp, parameters, now: moment)
    guard usually(next != nil), let transmission = next else { return sendNew(first, end.slot, &spare, &io) }
    count(transmission, end, before)
    transmitInPlace(transmission, end.slot, connection, &spare, &io)
    guard connection.pointee.state.maySend else { return true }
    let progress = self.progress(end)
    if rarely(progress.finish || progress.end != connection.pointee.streamSent) { _ = sendNew(progress, end.slot, &spare, &io) }
    return true
  }

  /// Sends what the workload has and the peer takes: data, and FIN behind the last of it. True if anything went out.
  ///
  /// - Parameter first: what the workload says; it is asked again after each segment.
  @inline(never)
  mutating func sendNew<Port: PacketPort & ~Copyable>(
    _ first: StreamProgress, _ slot: UInt32, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    let end = end(slot)
    let connection = end.connection
    if rarely(connection.pointee.flags.has(.cold)) { return sendCold(slot, end.role, &spare, &io) }
    var progress = first
    var sent = false
    while true {
      if rarely(io.isCongested) {
        connection.pointee.holdBack(now: moment)
        return sent
      }
      let before = connection.pointee.state
      guard
        let transmission = connection.pointee.transmitNext(
          end: progress.end, finish: progress.finish, &end.companion.pointee.tcp, parameters, now: moment)
      else {
        guard connection.pointee.isHeldByInitialWindow(progress.end, parameters), makeCold(slot) else { return sent }
        return sendCold(slot, end.role, &spare, &io) || sent
      }
      count(transmission, end, before)
      transmit(transmission, slot, &spare, &io)
      sent = true
      guard connection.pointee.state.maySend else { return true }
      progress = self.progress(end)
      if progress.end == connection.pointee.streamSent, !progress.finish { return true }
    }
  }

  /// What the workload wants to send; when the run is closing and nothing is under way, what was sent is all there is.
  @inline(always)
  mutating func progress(_ end: End) -> StreamProgress {
    let view = view(end.connection)
    if rarely(closes), !workload.isBusy(view, end.companion.pointee.workload) {
      return StreamProgress(end: view.sent, finish: true)
    }
    if rarely(workload.waits), let due = wake(end.slot), Int32(bitPattern: due &- moment.milliseconds) > 0 {
      return StreamProgress(end: view.sent, finish: false)
    }
    return workload.progress(view, &end.companion.pointee.workload)
  }

  @inline(always)
  mutating func count(_ transmission: Transmission, _ end: End, _ before: TCPState) {
    let length = UInt32(transmission.length)
    if length > 0 {
      end.counters.count(.payloadSent)
      end.counters.count(.payloadBytesSent, UInt64(length))
      if transmission.streamOffset == 0 { end.companion.pointee.tcp.beginPhase(now) }
    }
    if end.connection.pointee.state != before {
      end.counters.count(before == .established ? .finActiveSent : .finPassiveSent)
      end.companion.pointee.tcp.beginPhase(now)
    }
    if records.isOn { recordSent(end.slot, length, transmission.streamOffset, before) }
  }

  /// A challenge ACK, a RST, or a SYN-ACK once more; or nothing at all.
  @inline(never)
  mutating func carryOutExceptionally<Port: PacketPort & ~Copyable>(
    _ action: Action, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let role = connection.pointee.role
    switch action.reply {
    case .none, .acknowledge:
      if let packet = spare.claim() { io.free(packet) }
    case .challenge:
      guard challenges.permits(moment) else {
        if let packet = spare.claim() { drop(packet, .challengeLimited, &io) }
        return
      }
      statistics.count(role, .challengeAckSent)
      sendAcknowledgment(slot, &spare, &io)
    case .reset:
      if let packet = spare.claim() { sendReset(answering: segment, role, packet, &io) }
      let due = moment.milliseconds &+ 1
      if connection.pointee.state == .synSent, Int32(bitPattern: due &- connection.pointee.timerDue) < 0 { reschedule(slot, due) }
    case .synAcknowledge:
      statistics.count(role, action.anomaly == .none ? .synAckSent : .retransmitted)
      if action.anomaly == .none { records.entered(slot, .synReceived, now) } else { records.retransmitted(slot) }
      transmitSynchronization(slot, &spare, &io)
    }
  }

  @inline(never)
  mutating func wasReset<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ before: TCPState, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    if let packet = spare.claim() { io.free(packet) }
    statistics.count(connections.base[Int(slot)].role, .rstReceived)
    let outcome: Outcome =
      switch before {
      case .synSent, .closed: .refused
      case .synReceived: .resetInSynReceived
      case .established: .resetInEstablished
      default: .resetInClosing
      }
    release(slot, outcome)
  }

  /// The workload does not go on with this peer.
  @inline(never)
  mutating func breakOff<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ outcome: Outcome, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) {
    sendAbort(slot, &spare, &io)
    if let left = spare.claim() { io.free(left) }
    release(slot, outcome)
  }
}

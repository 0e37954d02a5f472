/// Carries out what the state machine decided for a segment, and asks the workload what to send. The reply is written over the frame that
/// arrived whenever there is one.
extension TrafficEngine {
  @inline(always)
  mutating func carryOut<Port: PacketPort & ~Copyable>(
    _ decision: Action, _ slot: UInt32, _ before: TCPState, _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet,
    _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let companion = companions.base + Int(slot)
    let role = connection.pointee.role
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
    if events.has(.established) { established(companion, role) }
    if events.has(.payload) {
      let outcome = take(action, slot, segment, role, frame)
      if rarely(outcome != nil), let outcome { return breakOff(slot, outcome, &spare, &io) }
    }
    if rarely(events.has(.keptInOrder)) {
      noteTaken(slot, segment.pointee.sequence + UInt32(action.payloadOffset) + UInt32(action.payloadLength))
      if let outcome = takeHeld(slot, role, &io) { return breakOff(slot, outcome, &spare, &io) }
    }
    if events.has(.peerClosed) {
      statistics.count(role, before.ordinal <= TCPState.established.ordinal ? .finActiveReceived : .finPassiveReceived)
      statistics.count(role, .ackOfFinSent)
      if let outcome = workload.peerClosed(view(slot), &companions.base[Int(slot)].workload) {
        return breakOff(slot, outcome, &spare, &io)
      }
    }
    if events.has(.finAcknowledged) { statistics.count(role, .ackOfFinReceived) }
    if records.isOn, connection.pointee.state != before { records.entered(slot, connection.pointee.state, now) }
    if events.has(.closed) {
      if let left = spare.claim() { io.free(left) }
      return release(slot, .completed)
    }

    // What is to be sent: a new client acknowledges by itself, before it says anything; then what the workload has; else what was asked for.
    var acknowledges = action.asksToAcknowledge
    if events.has(.established), role == .client {
      statistics.count(.client, .ackOfSynAckSent)
      sendAcknowledgment(slot, &spare, &io)
      acknowledges = false
    }
    if rarely(events.has(.retransmit)), retransmit(slot, &spare, &io) { acknowledges = false }
    if connection.pointee.state.maySend, events.rawValue != 0 {
      let progress = progress(slot, connection, companion)
      if progress.end != connection.pointee.streamSent || progress.finish {
        if sendAtOnce(progress, slot, connection, companion, role, &spare, &io) { acknowledges = false }
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
    let due = moment.milliseconds &+ parameters.pointee.minimumRTO
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
  private func established(_ companion: UnsafePointer<Companions<W.State>>, _ role: Role) {
    if role == .client {
      statistics.count(.client, .synAckReceived)
      statistics.measured(.handshake, ticks: companion.pointee.tcp.phase(until: now))
    } else {
      statistics.count(.server, .ackOfSynAckReceived)
    }
  }

  /// Hands the new octets to the workload. Nil: they are what it expected.
  @inline(always)
  private mutating func take(
    _ action: Action, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, _ role: Role, _ frame: UnsafeRawPointer
  )
    -> Outcome?
  {
    let place = segment.pointee.sequence + UInt32(action.payloadOffset)
    let offset = place.distance(from: connections.base[Int(slot)].initialReceive) &- 1
    return hand(slot, role, offset, frame + Int(segment.pointee.payloadOffset) + Int(action.payloadOffset), Int(action.payloadLength))
  }

  @inline(always)
  mutating func hand(_ slot: UInt32, _ role: Role, _ offset: UInt32, _ bytes: UnsafeRawPointer, _ count: Int) -> Outcome? {
    let companion = companions.base + Int(slot)
    let view = view(slot)
    statistics.count(role, .payloadReceived)
    statistics.count(role, .payloadBytesReceived, UInt64(truncatingIfNeeded: count))
    if role == .client, offset == 0 { statistics.measured(.firstByte, ticks: companion.pointee.tcp.phase(until: now)) }
    let outcome = workload.receive(view, &companion.pointee.workload, offset: offset, bytes: bytes, count: count)
    if records.isOn { recordReceived(slot, view, bytes, offset, count) }
    return outcome
  }

  /// `sendNew`, without a call for what is said in one segment.
  @inline(always)
  private mutating func sendAtOnce<Port: PacketPort & ~Copyable>(
    _ first: StreamProgress, _ slot: UInt32, _ connection: UnsafeMutablePointer<Connection>,
    _ companion: UnsafeMutablePointer<Companions<W.State>>, _ role: Role, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    guard usually(!connection.pointee.flags.has(.cold)), usually(!io.isCongested) else {
      return sendNew(first, slot, role, &spare, &io)
    }
    let before = connection.pointee.state
    let next = connection.pointee.transmitNext(
      end: first.end, finish: first.finish, &companion.pointee.tcp, parameters, now: moment)
    guard usually(next != nil), let transmission = next else { return sendNew(first, slot, role, &spare, &io) }
    count(transmission, slot, connection, companion, role, before)
    transmitInPlace(transmission, slot, connection, &spare, &io)
    guard connection.pointee.state.maySend else { return true }
    let progress = self.progress(slot, connection, companion)
    if rarely(progress.finish || progress.end != connection.pointee.streamSent) { _ = sendNew(progress, slot, role, &spare, &io) }
    return true
  }

  /// Sends what the workload has and the peer takes: data, and FIN behind the last of it. True if anything went out.
  ///
  /// - Parameter first: what the workload says; it is asked again after each segment.
  @inline(never)
  mutating func sendNew<Port: PacketPort & ~Copyable>(
    _ first: StreamProgress, _ slot: UInt32, _ role: Role, _ spare: inout Packet?, _ io: inout PacketQueue<Port>
  ) -> Bool {
    let connection = connections.base + Int(slot)
    if rarely(connection.pointee.flags.has(.cold)) { return sendCold(slot, role, &spare, &io) }
    let companion = companions.base + Int(slot)
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
          end: progress.end, finish: progress.finish, &companion.pointee.tcp, parameters, now: moment)
      else {
        guard connection.pointee.isHeldByInitialWindow(progress.end, parameters), makeCold(slot) else { return sent }
        return sendCold(slot, role, &spare, &io) || sent
      }
      count(transmission, slot, connection, companion, role, before)
      transmit(transmission, slot, &spare, &io)
      sent = true
      guard connection.pointee.state.maySend else { return true }
      progress = self.progress(slot)
      if progress.end == connection.pointee.streamSent, !progress.finish { return true }
    }
  }

  /// What the workload wants to send; when the run is closing and nothing is under way, what was sent is all there is.
  @inline(always)
  mutating func progress(_ slot: UInt32) -> StreamProgress {
    progress(slot, connections.base + Int(slot), companions.base + Int(slot))
  }

  @inline(always)
  private mutating func progress(
    _ slot: UInt32, _ connection: UnsafeMutablePointer<Connection>, _ companion: UnsafeMutablePointer<Companions<W.State>>
  ) -> StreamProgress {
    let view = WorkloadView(connection, now: now, milliseconds: moment.milliseconds, statistics: statistics)
    if rarely(closes), !workload.isBusy(view, companion.pointee.workload) {
      return StreamProgress(end: view.sent, finish: true)
    }
    if rarely(workload.waits), let due = wake(slot), Int32(bitPattern: due &- moment.milliseconds) > 0 {
      return StreamProgress(end: view.sent, finish: false)
    }
    return workload.progress(view, &companion.pointee.workload)
  }

  @inline(always)
  mutating func count(
    _ transmission: Transmission, _ slot: UInt32, _ connection: UnsafePointer<Connection>,
    _ companion: UnsafeMutablePointer<Companions<W.State>>, _ role: Role, _ before: TCPState
  ) {
    let length = UInt32(transmission.length)
    if length > 0 {
      statistics.count(role, .payloadSent)
      statistics.count(role, .payloadBytesSent, UInt64(length))
      if transmission.streamOffset == 0 { companion.pointee.tcp.beginPhase(now) }
    }
    if connection.pointee.state != before {
      statistics.count(role, before == .established ? .finActiveSent : .finPassiveSent)
      companion.pointee.tcp.beginPhase(now)
    }
    if records.isOn { recordSent(slot, length, transmission.streamOffset, before) }
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

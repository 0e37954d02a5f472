/// Time passes.
extension Stack {
  func advance(_ microseconds: UInt64) {
    guard microseconds >= now.microseconds, microseconds <= Self.lastTime else { return }
    // One deadline after the other, each at its own time: what comes late is handled as if it came in time.
    while true {
      let next = nextDeadline
      guard next <= microseconds else { break }
      if next > now.microseconds { now = Self.moment(next) }
      runTimers()
    }
    now = Self.moment(microseconds)
  }

  /// Beyond it is no time: what `nextDeadline` calls never, `UINT64_MAX`, and what would lead there.
  static var lastTime: UInt64 { UInt64.max / 2 }

  /// The earliest of all timers.
  var nextDeadline: UInt64 {
    var earliest = UInt64.max
    for socket in connections.values { earliest = min(earliest, deadline(socket)) }
    for end in timeWaitEnds.values { earliest = min(earliest, end) }
    return earliest
  }

  private func deadline(_ socket: Socket) -> UInt64 {
    var earliest = min(socket.keepAliveDue, socket.finWait2Due, socket.corkDue, userTimeoutDue(socket))
    let connection = socket.connection.pointee
    if socket.isCold {
      earliest = min(earliest, connection.coldDeadline(socket.recovery))
    } else if connection.flags.has(.timerRunning) {
      let period = connection.backedOffTimeout(socket.companion, socket.parameters)
      let left = Int32(bitPattern: connection.timerStart &+ period &- now.milliseconds)
      earliest = min(earliest, (now.microseconds / 1_000 + UInt64(max(0, left))) * 1_000)
    }
    return earliest
  }

  /// Everything that is due now.
  private func runTimers() {
    for (key, end) in timeWaitEnds where end <= now.microseconds {
      timeWaitEnds[key] = nil
      timeWaits[key] = nil
    }
    // In an order that does not depend on where the sockets lie.
    let due = connections.values.filter { deadline($0) <= now.microseconds }
    for socket in due.sorted(by: { ($0.localPort, $0.connection.pointee.remotePort) < ($1.localPort, $1.connection.pointee.remotePort) }) {
      runTimers(socket)
    }
  }

  private func runTimers(_ socket: Socket) {
    if socket.finWait2Due <= now.microseconds {
      socket.finWait2Due = .max
      return close(socket, error: 0)
    }
    if userTimeoutDue(socket) <= now.microseconds { return abort(socket, error: Errno.timedOut) }
    if socket.keepAliveDue <= now.microseconds {
      keepAlive(socket)
      if socket.kind == .closed { return }
    }
    if socket.corkDue <= now.microseconds {
      socket.lastCallHadMore = false
      uncork(socket)
    }
    switch socket.connection.pointee.timeout(socket.companion, socket.recovery, socket.parameters, now: now) {
    case .wait, .resume, .keepAlive: break  // the stack has its own keep-alive, with SO_KEEPALIVE's counts
    case .synchronize:
      if socket.connection.pointee.state == .synSent { noteStalled(socket) }
      transmitSynchronization(socket)
    case .retransmit:
      if socket.connection.pointee.retransmits > 0 { noteStalled(socket) }
      push(socket)
    case .lossProbe:
      let progress = sendable(socket)
      if let probe = socket.connection.pointee.lossProbe(
        end: progress.end, finish: progress.finish, socket.recovery, socket.parameters, now: now)
      {
        transmit(probe, socket)
      }
    case .probe:
      if socket.isOrphan, socket.connection.pointee.retransmits > Self.orphanProbes { return abort(socket, error: Errno.timedOut) }
      if socket.stalledSince == .max { socket.stalledSince = now.microseconds }
      probeWindow(socket)
    case .acknowledge:
      socket.quick = 0
      acknowledge(socket)
    case .exhausted, .idle:
      abort(socket, error: Errno.timedOut)
    }
  }

  /// Sends what a cork holds back, this once (tcp(7): at most 200 ms, here a retransmission timeout).
  func uncork(_ socket: Socket) {
    socket.corkDue = .max
    socket.corkIsOff = true
    push(socket)
    socket.corkIsOff = false
  }

  /// A peer that answers, and opens its window for nobody, does not keep for ever what nobody holds any more (as Linux: `tcp_orphan_retries`).
  private static var orphanProbes: UInt8 { 8 }

  /// A number that was acknowledged already, so that nothing but an answer is asked for (RFC 9293 3.8.6.1 leaves its form open).
  private func probeWindow(_ socket: Socket) {
    var probe = socket.connection.pointee.acknowledgment
    probe.sequence = socket.connection.pointee.sendUnacknowledged - 1
    transmit(probe, socket)
  }

  // MARK: Keep-alive (RFC 9293 3.8.4), user timeout (RFC 9293 3.8.3)

  func restartKeepAlive(_ socket: Socket) {
    socket.keepAliveProbes = 0
    socket.keepAliveDue =
      socket.options.keepAlive && socket.isCold ? now.microseconds + UInt64(max(1, socket.options.keepIdle)) * 1_000_000 : .max
  }

  /// Something came from the peer.
  func noteAlive(_ socket: Socket) {
    if socket.keepAliveDue != .max { restartKeepAlive(socket) }
    if socket.connection.pointee.retransmits == 0 { socket.stalledSince = .max }
  }

  private func noteStalled(_ socket: Socket) {
    guard socket.stalledSince == .max else { return }
    socket.stalledSince = max(1, socket.isCold ? socket.recovery.pointee.lastSent : socket.synSentAt)
  }

  private func userTimeoutDue(_ socket: Socket) -> UInt64 {
    guard socket.options.userTimeout > 0, socket.stalledSince != .max else { return .max }
    return socket.stalledSince + UInt64(socket.options.userTimeout) * 1_000
  }

  private func keepAlive(_ socket: Socket) {
    // What is in flight tells by itself whether the peer is there.
    guard socket.connection.pointee.flight == 0, socket.outgoing.count == 0 else { return restartKeepAlive(socket) }
    let limit =
      socket.options.userTimeout > 0
      ? UInt64(socket.options.userTimeout) * 1_000 <= UInt64(socket.keepAliveProbes) * UInt64(socket.options.keepInterval) * 1_000_000
      : socket.keepAliveProbes >= socket.options.keepCount
    if limit, socket.keepAliveProbes > 0 { return abort(socket, error: Errno.timedOut) }
    var probe = socket.connection.pointee.acknowledgment
    probe.sequence = socket.connection.pointee.sendNext - 1
    transmit(probe, socket)
    socket.keepAliveProbes += 1
    socket.keepAliveDue = now.microseconds + UInt64(max(1, socket.options.keepInterval)) * 1_000_000
  }
}

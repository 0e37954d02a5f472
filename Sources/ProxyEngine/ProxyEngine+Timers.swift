/// Time has passed. A connection is in the wheel once, and is looked at within `shortestWait`; there it is worked out what is really due.
extension ProxyEngine {
  /// Timers handled in one turn at most; the others come with the next.
  private static var timersPerTurn: Int { 256 }

  /// True if any was due.
  @inline(always)
  mutating func runTimers<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    if discarded != nil { freeDiscarded(&io) }
    // Nothing comes due within a millisecond that was seen to the end.
    if moment.milliseconds == timersSeen { return false }
    records.flush()
    tendNeighbours(&io)
    if survey.isDue(moment.milliseconds) { tendSurvey(&io) }
    var handled = 0
    while handled < Self.timersPerTurn, !io.isCongested, let slot = timers.popDue(now: moment.milliseconds) {
      timeout(slot, &io)
      handled &+= 1
    }
    let ended = endLingering(Self.timersPerTurn)
    if handled &+ ended == 0 { timersSeen = moment.milliseconds }
    return handled &+ ended > 0
  }

  @inline(never)
  private mutating func tendNeighbours<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    let now = moment.microseconds / 1_000
    front.speak(now, seeks: true, &io)
    if isSplit { back.speak(now, seeks: true, &io) }
    if front.learns(now) { Self.lead(routes.base, routes.count, to: front.nextHops.entries.base, front.nextHops.count, from: front.mac) }
    if isSplit, back.learns(now) {
      Self.lead(routes.base, routes.count, to: back.nextHops.entries.base, back.nextHops.count, from: back.mac)
    }
  }

  /// Servers behind next hops are reached through their MAC addresses.
  private static func lead(
    _ routes: UnsafeMutablePointer<ServerRoute>, _ routeCount: Int, to hops: UnsafeMutablePointer<NextHop>, _ hopCount: Int,
    from source: MACAddress
  ) {
    for hop in 0..<hopCount where hops[hop].isNews {
      hops[hop].isNews = false
      for index in 0..<routeCount where !routes[index].isFixed && routes[index].nextHop == hops[hop].address {
        routes[index].link = LinkHeader(destination: hops[hop].mac, source: source)
        routes[index].isResolved = true
      }
    }
  }

  /// Sees to it that a connection is looked at by then.
  @inline(always)
  mutating func wake(_ slot: UInt32, at due: UInt32) {
    if timers.contains(slot) {
      if Int32(bitPattern: connections.base[Int(slot)].timerDue &- due) <= 0 { return }
      timers.cancel(slot)
    }
    timers.schedule(slot, due: due)
  }

  @inline(never)
  private mutating func timeout<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    switch connections.base[Int(slot)].phase {
    case .spliced: timeoutSpliced(slot, &io)
    case .handshake: timeoutHandshake(slot, &io)
    case .request: timeoutRequest(slot, &io)
    case .connecting: timeoutConnecting(slot, &io)
    case .delivering, .replaying: timeoutDelivery(slot, &io)
    case .dismissing: timeoutDismissal(slot, &io)
    case .lingering, .free: break
    }
  }

  /// Milliseconds until a moment; not more than 0: it is past.
  @inline(always)
  private func left(until due: UInt32) -> Int32 { Int32(bitPattern: due &- moment.milliseconds) }

  /// The one of two moments that comes first.
  @inline(always)
  func earlier(_ a: UInt32, _ b: UInt32) -> UInt32 { Int32(bitPattern: a &- b) < 0 ? a : b }

  @inline(always)
  private func backOff(_ retries: UInt8) -> UInt32 { parameters.initialRTO &<< UInt32(min(retries, 6)) }

  private mutating func timeoutSpliced<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let closes = ProxyConnection.Flags(rawValue: 3 | ProxyConnection.Flags.halfOpen.rawValue)
    let isClosing = connection.pointee.flags.has(closes)
    let due = connection.pointee.lastActivity &+ (isClosing ? parameters.closingTimeout : parameters.establishedTimeout)
    if left(until: due) > 0 { return timers.schedule(slot, due: due) }
    resetBoth(slot, isClosing ? .closingTimeout : .idleTimeout, &io)
  }

  private mutating func timeoutHandshake<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let end = connection.pointee.opened &+ parameters.handshakeTimeout
    if left(until: end) <= 0 { return release(slot, .handshakeTimeout) }
    let due = connection.pointee.phaseStart &+ backOff(connection.pointee.retries)
    if left(until: due) > 0 { return timers.schedule(slot, due: earlier(due, end)) }
    if connection.pointee.retries >= parameters.retries { return release(slot, .handshakeTimeout) }
    connection.pointee.retries &+= 1
    connection.pointee.phaseStart = moment.milliseconds
    resendSynAck(slot, &io)
    timers.schedule(slot, due: earlier(moment.milliseconds &+ backOff(connection.pointee.retries), end))
  }

  private mutating func timeoutRequest<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let isSilent = !connection.pointee.flags.has(.bound)
    if isSilent, parameters.serverFirstTimeout > 0 {
      let due = connection.pointee.phaseStart &+ parameters.serverFirstTimeout
      if left(until: due) > 0 { return timers.schedule(slot, due: due) }
      statistics.count(.serversSpokeFirst)
      bind(connection)
      return decide(slot, isLast: true, &io)
    }
    let due = connection.pointee.phaseStart &+ parameters.requestTimeout
    if left(until: due) > 0 { return timers.schedule(slot, due: due) }
    if isSilent || bindings.base[Int(connection.pointee.binding)].isEmpty { return resetBoth(slot, .requestTimeout, &io) }
    decide(slot, isLast: true, &io)
  }

  private mutating func timeoutConnecting<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let end = binding.pointee.tryStart &+ parameters.connectTimeout
    if left(until: end) <= 0 {
      statistics.count(.serversSilent)
      return failOver(slot, isFailure: true, &io)
    }
    if left(until: binding.pointee.resendDue) > 0 { return timers.schedule(slot, due: earlier(binding.pointee.resendDue, end)) }
    if binding.pointee.isAsked {
      connection.pointee.retries &+= 1
      statistics.count(.synsRepeated)
    }
    sendSyn(slot, &io)
  }

  private mutating func timeoutDelivery<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    if left(until: binding.pointee.resendDue) > 0 { return timers.schedule(slot, due: binding.pointee.resendDue) }
    resendDelivery(slot, &io)
  }

  private mutating func timeoutDismissal<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let due = connection.pointee.phaseStart &+ backOff(connection.pointee.retries)
    if left(until: due) > 0 { return timers.schedule(slot, due: due) }
    if connection.pointee.retries >= parameters.retries { return release(slot, .closedWithoutRequest) }
    connection.pointee.retries &+= 1
    connection.pointee.phaseStart = moment.milliseconds
    if let packet = allocate(&io) { repeatDismissal(slot, packet, &io) }
    timers.schedule(slot, due: moment.milliseconds &+ backOff(connection.pointee.retries))
  }
}

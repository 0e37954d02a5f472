/// The calls of sockets. Each returns 0 or more, or the negative of an errno value.
extension Stack {
  func openSocket() -> Int32 {
    guard let free = sockets.firstIndex(where: { $0 == nil }) else { return -Errno.tooManyFiles }
    let socket = Socket(
      SocketOptions(
        receiveBuffer: settings.receiveBuffer, sendBuffer: settings.sendBuffer, synCount: 6, algorithm: settings.algorithm))
    socket.descriptor = free
    sockets[free] = socket
    return Int32(free)
  }

  func bind(_ descriptor: Int32, _ address: UInt32, _ port: UInt16) -> Int32 {
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    guard socket.kind == .fresh, socket.localPort == 0 else { return -Errno.invalid }
    guard address == 0 || address == settings.address else { return -Errno.addressNotAvailable }
    if port != 0, !isFree(port, reuse: socket.options.reuseAddress) { return -Errno.addressInUse }
    guard let port = port != 0 ? port : freePort() else { return -Errno.addressInUse }
    socket.localAddress = settings.address
    socket.localPort = port
    return 0
  }

  private func isFree(_ port: UInt16, reuse: Bool) -> Bool {
    if listeners[port] != nil { return false }
    if sockets.contains(where: { $0?.localPort == port && $0?.kind == .fresh }) { return false }
    return reuse || !connections.values.contains { $0.localPort == port }
  }

  /// From the dynamic ports (RFC 6335 6), as Linux has them by default.
  private func freePort() -> UInt16? {
    for _ in 0..<28_232 {
      nextPort = nextPort >= 60_999 ? 32_768 : nextPort + 1
      if isFree(nextPort, reuse: false) { return nextPort }
    }
    return nil
  }

  func listen(_ descriptor: Int32, _ backlog: Int32) -> Int32 {
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    if socket.kind == .listener {
      socket.backlog = Int(max(0, backlog))
      return 0
    }
    guard socket.kind == .fresh else { return -Errno.invalid }
    if socket.localPort == 0 {
      guard let port = freePort() else { return -Errno.addressInUse }
      socket.localPort = port
      socket.localAddress = settings.address
    }
    if listeners[socket.localPort] != nil { return -Errno.addressInUse }
    socket.kind = .listener
    socket.backlog = Int(max(0, backlog))
    listeners[socket.localPort] = socket
    return 0
  }

  func accept(_ descriptor: Int32) -> (Int32, Socket?) {
    guard let listener = socket(descriptor) else { return (-Errno.badDescriptor, nil) }
    guard listener.kind == .listener else { return (-Errno.invalid, nil) }
    guard !listener.waiting.isEmpty else { return (-Errno.again, nil) }
    guard let free = sockets.firstIndex(where: { $0 == nil }) else { return (-Errno.tooManyFiles, nil) }
    let socket = listener.waiting.removeFirst()
    socket.listener = nil
    socket.descriptor = free
    sockets[free] = socket
    return (Int32(free), socket)
  }

  func connect(_ descriptor: Int32, _ address: UInt32, _ port: UInt16) -> Int32 {
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    switch socket.kind {
    case .fresh: break
    case .listener: return -Errno.isConnected
    case .closed:
      if socket.error != 0 { return -takeError(socket) }
      // Once it has been told that it failed, it may try again.
      guard !socket.hasConnected else { return -Errno.connectionRefused }
      socket.stalledSince = .max
      socket.readIsShut = false
      socket.writeIsShut = false
    case .connection:
      guard socket.hasConnected else { return -Errno.already }
      defer { socket.hasToldConnected = true }
      return socket.hasToldConnected ? -Errno.isConnected : 0
    }
    guard port != 0 else { return -Errno.connectionRefused }
    guard IPv4Address(address).isOfAHost else { return -Errno.networkUnreachable }
    guard let local = socket.localPort != 0 ? socket.localPort : freePort() else { return -Errno.addressNotAvailable }
    let key = FlowKey(
      source: IPv4Address(address), sourcePort: port, destination: IPv4Address(settings.address), destinationPort: local)
    guard connections[PairKey(key)] == nil, !key.isOfOneEnd else { return -Errno.addressNotAvailable }
    timeWaits[PairKey(key)] = nil
    timeWaitEnds[PairKey(key)] = nil
    prepare(socket, local: settings.address, port: local)
    socket.connection.initialize(
      to: Connection.open(key, initial: initialSequence.number(key, now: now), peer: 0, &socket.companion, now: now))
    connections[PairKey(key)] = socket
    socket.synSentAt = now.microseconds
    transmitSynchronization(socket)
    return -Errno.inProgress
  }

  private func takeError(_ socket: Socket) -> Int32 {
    defer { socket.error = 0 }
    return socket.error
  }

  func send(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int, more: Bool) -> Int {
    guard let socket = socket(descriptor) else { return -Int(Errno.badDescriptor) }
    if socket.error != 0 { return -Int(takeError(socket)) }
    switch socket.kind {
    case .fresh, .listener: return -Int(Errno.brokenPipe)
    case .closed: return -Int(Errno.brokenPipe)
    case .connection: break
    }
    if socket.writeIsShut { return -Int(Errno.brokenPipe) }
    guard socket.hasConnected else { return -Int(Errno.again) }
    if count == 0 { return 0 }
    let taken = socket.outgoing.append(bytes, count: count)
    if taken == 0 { return -Int(Errno.again) }
    socket.moreFollows = more && taken == count
    socket.lastCallHadMore = socket.moreFollows
    push(socket)
    return taken
  }

  func receive(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int, peek: Bool) -> Int {
    guard let socket = socket(descriptor) else { return -Int(Errno.badDescriptor) }
    guard socket.kind == .connection || socket.kind == .closed else { return -Int(Errno.notConnected) }
    let held = socket.incoming.count
    if held == 0 {
      if socket.error != 0 { return -Int(takeError(socket)) }
      if socket.peerHasClosed || socket.readIsShut || socket.kind == .closed { return 0 }
      return socket.hasConnected ? -Int(Errno.again) : -Int(Errno.again)
    }
    let taken = min(count, held)
    socket.incoming.read(from: socket.incoming.start, into: bytes, count: taken)
    if peek || taken == 0 { return taken }
    socket.incoming.drop(before: socket.incoming.start &+ UInt32(taken))
    if socket.kind == .connection, socket.isCold { tellAboutRoom(socket) }
    return taken
  }

  /// What was read may be worth an acknowledgment: all that was pushed is read, or the window has grown much (RFC 9293 3.8.6.2.2).
  private func tellAboutRoom(_ socket: Socket) {
    let connection = socket.connection.pointee
    guard !connection.peerHasClosed else { return }
    if socket.recovery.pointee.acknowledgmentDue != .max {
      let unacknowledged = connection.receiveNext.distance(from: socket.acknowledgedUpTo)
      if unacknowledged > socket.peerSegment || (socket.pushedUnread && !socket.isInteractive && socket.incoming.count == 0) {
        socket.pushedUnread = false
        return acknowledge(socket)
      }
    }
    let offered = connection.coldWindow(socket.recovery)
    let gained = possibleEdge(socket).distance(from: socket.recovery.pointee.receiveEdge)
    guard Int32(bitPattern: gained) > 0, 2 * offered <= UInt32(socket.incoming.capacity) else { return }
    if offered &+ gained >= 2 * offered, gained >= min(UInt32(connection.segmentSize), UInt32(socket.incoming.capacity / 2)) {
      acknowledge(socket)
    }
  }

  func shutdown(_ descriptor: Int32, read: Bool, write: Bool) -> Int32 {
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    guard read || write else { return -Errno.invalid }
    switch socket.kind {
    case .fresh: return -Errno.notConnected
    case .closed: return -Errno.notConnected
    case .listener:
      if read { stopListening(socket) }
      return 0
    case .connection: break
    }
    if read { socket.readIsShut = true }
    if write, !socket.writeIsShut {
      socket.writeIsShut = true
      if socket.hasConnected { push(socket) } else { abort(socket, error: 0) }
    }
    return 0
  }

  private func stopListening(_ socket: Socket) {
    listeners[socket.localPort] = nil
    socket.kind = .fresh
    for child in socket.waiting { abort(child, error: 0) }
    socket.waiting = []
    // Handshakes under way end here: what completes one finds nobody.
    for child in connections.values where child.listener === socket {
      child.listener = nil
      abort(child, error: 0)
    }
  }

  func close(_ descriptor: Int32) -> Int32 {
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    sockets[Int(descriptor)] = nil
    socket.descriptor = nil
    switch socket.kind {
    case .fresh, .closed: return 0
    case .listener:
      stopListening(socket)
      return 0
    case .connection: break
    }
    socket.isOrphan = true
    socket.readIsShut = true
    // Octets that came and were not read are lost, and the peer is told (RFC 2525 2.17); so it is by a linger time of 0.
    if !socket.hasConnected || socket.incoming.count > 0 || socket.options.linger == 0 {
      abort(socket, error: 0)
      return 0
    }
    if !socket.writeIsShut {
      socket.writeIsShut = true
      push(socket)
    } else if socket.connection.pointee.state == .finWait2 {
      socket.finWait2Due = now.microseconds + UInt64(max(0, socket.options.finWait2)) * 1_000_000
    }
    return 0
  }

  /// As poll(2) has them.
  func poll(_ descriptor: Int32) -> Int32 {
    let (readable, writable, failed, hungUp, peerHungUp) = (Int32(1), Int32(4), Int32(8), Int32(16), Int32(0x2000))
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    var events: Int32 = 0
    switch socket.kind {
    case .fresh: return writable | hungUp
    case .listener: return socket.waiting.isEmpty ? 0 : readable
    case .closed: events = readable | writable | hungUp | peerHungUp
    case .connection:
      guard socket.hasConnected else { return 0 }
      if socket.incoming.count > 0 || socket.peerHasClosed || socket.readIsShut { events |= readable }
      if socket.peerHasClosed || socket.readIsShut { events |= peerHungUp }
      if (socket.peerHasClosed || socket.readIsShut) && socket.writeIsShut { events |= hungUp }
      if socket.outgoing.room * 3 >= socket.outgoing.capacity || socket.writeIsShut { events |= writable }
    }
    if socket.error != 0 { events |= failed }
    return events
  }
}

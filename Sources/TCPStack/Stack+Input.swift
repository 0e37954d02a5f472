/// From packets to connections.
extension Stack {
  /// False: the packet was ignored.
  func packetIn(_ packet: UnsafeRawPointer, count: Int) -> Bool {
    guard (0...65_535).contains(count) else { return ignore() }
    // Read from memory of its own: answers are written into `frame`.
    let frame = UnsafeMutableRawPointer.allocate(byteCount: Ethernet.headerLength + count, alignment: 16)
    defer { frame.deallocate() }
    frame.initializeMemory(as: UInt8.self, repeating: 0, count: Ethernet.headerLength)
    frame.store(networkOrder(Ethernet.typeIPv4), at: Ethernet.typeOffset)
    (frame + Ethernet.headerLength).copyMemory(from: packet, byteCount: count)
    var segment = TCPSegment()
    guard case .tcp = FrameParser.parse(frame, count: Ethernet.headerLength + count, verify: .software, into: &segment),
      segment.destination.rawValue == settings.address, segment.source.isOfAHost, !segment.key.isOfOneEnd
    else { return ignore() }
    deliver(segment, in: frame)
    return true
  }

  private func ignore() -> Bool {
    ignored += 1
    return false
  }

  private func deliver(_ segment: TCPSegment, in frame: UnsafeRawPointer) {
    let key = PairKey(segment.key)
    if let socket = connections[key] { return arrive(segment, in: frame, socket) }
    var previous: SequenceNumber?
    if timeWaits[key] != nil {
      guard reopens(segment, key, &previous) else { return }
    }
    let control = segment.flags.rawValue & 0x16
    // RFC 9293 3.10.7.2, fourth: a listener has no answer for what neither opens nor acknowledges.
    if control == 0, listeners[segment.destinationPort] != nil { return }
    if control == TCPFlags.syn.rawValue, let listener = listeners[segment.destinationPort] {
      accept(segment, listener, after: previous)
    } else if !segment.flags.has(.rst) {
      reset(answering: segment)
    }
  }

  /// A segment for a pair in TIME-WAIT. True: it is a SYN that may open the pair again, beyond `previous`.
  private func reopens(_ segment: TCPSegment, _ key: PairKey, _ previous: inout SequenceNumber?) -> Bool {
    guard let entry = timeWaits[key] else { return true }
    switch entry.arrive(segment, timestamps: settings.timestamps) {
    case .ignore: return false
    case .end:
      timeWaits[key] = nil
      timeWaitEnds[key] = nil
      return false
    case .acknowledgeAndRestart:
      timeWaitEnds[key] = now.microseconds + UInt64(settings.timeWait) * 1_000
      fallthrough
    case .acknowledge:
      answer(entry.acknowledgment(window: 65_535, timestamps: settings.timestamps, now: now))
      return false
    case .reopen:
      previous = entry.sendNext
      timeWaits[key] = nil
      timeWaitEnds[key] = nil
      return true
    }
  }

  /// A SYN for a listener (RFC 9293 3.10.7.2).
  private func accept(_ segment: TCPSegment, _ listener: Socket, after previous: SequenceNumber?) {
    // A full queue ignores the SYN: the peer tries again.
    guard listener.waiting.count + listener.handshakes < max(1, listener.backlog) + 1 else { return }
    let socket = Socket(listener.options)
    socket.listener = listener
    prepare(socket, local: segment.destination.rawValue, port: segment.destinationPort)
    var initial = initialSequence.number(segment.key, now: now)
    if let previous, initial <= previous { initial = previous + 64_000 }
    socket.connection.initialize(
      to: withUnsafePointer(to: segment) {
        Connection.accept($0, initial: initial, peer: 0, &socket.companion, socket.parameters, now: now)
      })
    listener.handshakes += 1
    connections[PairKey(segment.key)] = socket
    transmitSynchronization(socket)
  }

  /// What a connection needs before its first segment.
  func prepare(_ socket: Socket, local address: UInt32, port: UInt16) {
    socket.kind = .connection
    socket.localAddress = address
    socket.localPort = port
    socket.outgoing = ByteRing(capacity: socket.options.sendBuffer)
    socket.incoming = ByteRing(capacity: socket.options.receiveBuffer)
    var parameters = TCPParameters()
    parameters.maximumSegmentSize = largestSegment
    if socket.options.maximumSegment != 0 { parameters.maximumSegmentSize = min(largestSegment, socket.options.maximumSegment) }
    parameters.receiveWindow = UInt32(socket.incoming.capacity)
    parameters.windowScaling = settings.windowScaling
    parameters.fixedReceiveScale = settings.windowScale
    parameters.sackPermitted = settings.sack
    parameters.timestamps = settings.timestamps
    parameters.minimumRTO = settings.minimumRTO
    parameters.maximumRTO = 120_000
    parameters.restartsAfterIdle = settings.restartsAfterIdle
    parameters.initialSegments = settings.initialSegments
    parameters.synRetries = socket.options.synCount
    // Silence ends nothing here: keep-alives, the user timeout and retransmissions do.
    parameters.synSentTimeout = .max
    parameters.synReceivedTimeout = .max
    parameters.establishedTimeout = .max
    parameters.closingTimeout = .max
    socket.parameters.pointee = parameters
  }

  // MARK: A segment of a connection

  private func arrive(_ segment: TCPSegment, in frame: UnsafeRawPointer, _ socket: Socket) {
    let before = socket.connection.pointee.state
    let action = withUnsafePointer(to: segment) {
      socket.connection.pointee.arrive($0, in: frame, &socket.companion, socket.recovery, socket.parameters, now: now)
    }
    noteAlive(socket)
    let events = action.events
    if events.has(.reset) { return wasReset(socket, before) }
    switch action.reply {
    case .challenge: return challenge(socket)
    case .reset: return reset(answering: segment)
    case .synAcknowledge: return transmitSynchronization(socket)
    case .none, .acknowledge: break
    }
    if events.has(.established) { established(socket, before) }
    if socket.isCold, socket.outgoing.count > 0 {
      releaseAcknowledged(socket)
      // That more follows was said of a call, and the acknowledgment is what small segments wait for.
      if events.has(.maySend) { socket.moreFollows = false }
    }

    var acknowledgesAtOnce = action.reply == .acknowledge && !events.has(.payload)
    if events.has(.payload) || events.has(.keep) {
      if socket.isOrphan { return resetOrphan(segment, socket) }
      take(segment, action, in: frame, socket)
    }
    if events.has(.keptInOrder) { takeKept(socket) }
    if events.has(.peerClosed) {
      socket.peerHasClosed = true
      acknowledgesAtOnce = true
    }
    // Only what takes numbers, or two ends that both lack something would acknowledge each other's acknowledgments (RFC 9293 3.5).
    let isBehindGap = socket.isCold && socket.recovery.pointee.received.count > 0 && segment.length > 0
    if events.has(.keptInOrder) || isBehindGap { acknowledgesAtOnce = true }
    if events.has(.finAcknowledged), socket.isOrphan, socket.connection.pointee.state == .finWait2 {
      socket.finWait2Due = now.microseconds + UInt64(max(0, socket.options.finWait2)) * 1_000_000
    }
    answerSegment(socket, action, acknowledgesAtOnce: acknowledgesAtOnce)
    if socket.connection.pointee.state == .timeWait { enterTimeWait(socket) }
    if events.has(.closed) { close(socket, error: 0) }
  }

  private func answerSegment(_ socket: Socket, _ action: Action, acknowledgesAtOnce: Bool) {
    let state = socket.connection.pointee.state
    guard state != .closed else { return }
    // Out of order, or a client's handshake: at once. Text that is in order may ride on what is sent.
    if acknowledgesAtOnce { acknowledge(socket) }
    let sent = push(socket)
    if action.events.has(.payload), !acknowledgesAtOnce, !sent { acknowledgeLater(socket) }
  }

  private func established(_ socket: Socket, _ before: TCPState) {
    socket.hasConnected = true
    let companion = socket.companion
    socket.connection.pointee.becomeCold(
      &socket.companion, handle: 0, ring: socket.ring, capacity: Socket.ringCapacity, ranges: socket.ranges,
      socket.recovery, socket.options.algorithm,
      socket.parameters, now: now)
    // Text that came with the handshake's ACK takes room of the window that the SYN-ACK offered, and adds none.
    let edge = socket.recovery.pointee.receiveEdge
    socket.recovery.pointee.receiveEdge = edge + (0 &- socket.connection.pointee.streamReceived)
    if companion.smoothedRTT == 0 { socket.recovery.pointee.congestionWindow = larger(UInt32(socket.connection.pointee.segmentSize), 1) }
    let mss = min(536, UInt32(socket.parameters.pointee.maximumSegmentSize))
    socket.peerSegment = max(88, mss)
    socket.quick = max(2, min(16, Int(window(socket) / (2 * socket.peerSegment))))
    socket.acknowledgedUpTo = socket.connection.pointee.receiveNext
    socket.lastReceived = now.microseconds
    restartKeepAlive(socket)
    if let listener = socket.listener {
      listener.handshakes -= 1
      listener.waiting.append(socket)
    }
  }

  /// The stream's octets that were acknowledged need not be sent again.
  private func releaseAcknowledged(_ socket: Socket) {
    let connection = socket.connection.pointee
    let stream = connection.sendUnacknowledged.distance(from: connection.initialSend) &- 1
    let end = socket.outgoing.end
    // Our FIN counts as an octet behind the last.
    let bound = Int32(bitPattern: stream &- end) > 0 ? end : stream
    if Int32(bitPattern: bound &- socket.outgoing.start) > 0 { socket.outgoing.drop(before: bound) }
  }

  private func take(_ segment: TCPSegment, _ action: Action, in frame: UnsafeRawPointer, _ socket: Socket) {
    let count = Int(action.payloadLength)
    let bytes = frame + Int(segment.payloadOffset) + Int(action.payloadOffset)
    let place = segment.sequence + UInt32(action.payloadOffset)
    let offset = place.distance(from: socket.connection.pointee.initialReceive) &- 1
    socket.lastReceived = now.microseconds
    socket.hasReceived = true
    if UInt32(count) > socket.peerSegment { socket.peerSegment = UInt32(count) }
    if segment.flags.has(.psh) || UInt32(count) >= socket.peerSegment { socket.pushedUnread = true }
    socket.incoming.store(bytes, at: offset, count: count)
    if action.events.has(.payload) {
      socket.incoming.extend(to: offset &+ UInt32(count))
    } else {
      withUnsafePointer(to: segment) { socket.connection.pointee.kept($0, action, socket.recovery) }
      socket.quick = 16
      socket.isInteractive = false
    }
  }

  private func takeKept(_ socket: Socket) {
    let end = socket.connection.pointee.streamReceived
    socket.incoming.extend(to: end)
  }

  // MARK: Ends

  private func challenge(_ socket: Socket) {
    if challenges.permits(now) { acknowledge(socket) }
  }

  private func wasReset(_ socket: Socket, _ before: TCPState) {
    let error: Int32 =
      switch before {
      case .synSent: Errno.connectionRefused
      case .closeWait: Errno.brokenPipe
      default: Errno.connectionReset
      }
    close(socket, error: error)
  }

  /// Text for an end that nobody reads any more is answered by a RST (RFC 9293 3.10.4; RFC 2525 2.17).
  private func resetOrphan(_ segment: TCPSegment, _ socket: Socket) {
    reset(answering: segment)
    close(socket, error: Errno.connectionReset)
  }

  /// The connection is over. What has come can still be read by whoever holds the descriptor.
  func close(_ socket: Socket, error: Int32) {
    if let listener = socket.listener, !socket.hasConnected { listener.handshakes -= 1 }
    connections[PairKey(socket.connection.pointee.key)] = nil
    socket.connection.pointee.state = .closed
    socket.kind = .closed
    if error != 0 { socket.error = error }
  }

  private func enterTimeWait(_ socket: Socket) {
    let key = PairKey(socket.connection.pointee.key)
    timeWaits[key] = TimeWait(socket.connection.pointee, socket.companion, hash: 0, due: 0)
    timeWaitEnds[key] = now.microseconds + UInt64(settings.timeWait) * 1_000
    close(socket, error: 0)
  }

  /// Resets a connection that we give up.
  func abort(_ socket: Socket, error: Int32) {
    let state = socket.connection.pointee.state
    if state != .closed, state != .synSent { transmit(socket.connection.pointee.abort, socket) }
    close(socket, error: error)
  }
}

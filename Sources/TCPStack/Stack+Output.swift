/// From connections to packets.
extension Stack {
  /// Sends what the connection's stream has and its windows permit. True if anything went out.
  @discardableResult
  func push(_ socket: Socket) -> Bool {
    let connection = socket.connection
    guard socket.isCold, connection.pointee.state != .closed, connection.pointee.state != .timeWait else { return false }
    var sent = false
    var run = 0
    while true {
      let delays = !socket.options.noDelay
      let progress = sendable(socket)
      guard
        var transmission = connection.pointee.transmitCold(
          end: progress.end, finish: progress.finish, delaysSmall: delays, socket.recovery, socket.parameters, now: now)
      else { break }
      pushPairs(&transmission, &run, socket)
      transmit(transmission, socket)
      sent = true
    }
    noteLimits(socket)
    return sent
  }

  /// Of full segments that leave together every second asks to be delivered at once (RFC 9293 3.9.1.2 leaves it to the sender): Linux does so
  /// at the end of each unit it hands to its device, two segments at least, unless the window is too small for two of them.
  private func pushPairs(_ transmission: inout Transmission, _ run: inout Int, _ socket: Socket) {
    let size = socket.connection.pointee.segmentSize
    // The end of what a call gave, unless it said that more follows.
    let end = transmission.streamOffset &+ UInt32(transmission.length)
    if transmission.control.has(.psh), !transmission.control.has(.fin), end != socket.outgoing.end || socket.lastCallHadMore {
      transmission.control.clear(.psh)
    }
    run = transmission.isRetransmission || transmission.length < size ? 0 : run + 1
    guard run == 2 else { return }
    run = 0
    if socket.recovery.pointee.congestionWindow >= 4 * UInt32(size) { transmission.control.set(.psh) }
  }

  /// What keeps the stream from going on, for `TCP_INFO`; and octets that only a cork holds back are not held for ever.
  private func noteLimits(_ socket: Socket) {
    let connection = socket.connection.pointee
    let unsent = socket.writeIsShut && connection.flags.has(.finSent) ? 0 : socket.unsent
    let room = connection.sendWindow > connection.flight ? connection.sendWindow - connection.flight : 0
    let isBusy = connection.flight > 0 || unsent > 0
    socket.busy.set(isBusy, now.microseconds)
    let wanted = min(unsent, UInt32(connection.segmentSize))
    let pipe = socket.recovery.pointee.pipe(connection.flight)
    let permitted = socket.recovery.pointee.congestionWindow
    socket.limitedByPeer.set(unsent > 0 && room < wanted && pipe &+ wanted <= permitted, now.microseconds)
    if connection.flight == 0, unsent > 0, socket.recovery.pointee.timer == .none, room > 0 {
      if socket.corkDue == .max {
        socket.corkDue = now.microseconds + socket.recovery.pointee.retransmissionTimeout(socket.parameters)
      }
    } else {
      socket.corkDue = .max
    }
  }

  /// How far our stream may be sent: what is corked or followed by more waits until it fills a segment.
  func sendable(_ socket: Socket) -> (end: UInt32, finish: Bool) {
    let end = socket.outgoing.end
    if socket.writeIsShut { return (end, true) }
    guard socket.options.cork || socket.moreFollows, !socket.corkIsOff else { return (end, false) }
    let size = UInt32(socket.connection.pointee.segmentSize)
    let unsent = socket.unsent
    return (end &- unsent % size, false)
  }

  func transmit(_ transmission: Transmission, _ socket: Socket) {
    let length = Int(transmission.length)
    let connection = socket.connection
    let optionsLength =
      socket.isCold
      ? connection.pointee.coldOptionsLength(socket.recovery, withBlocks: length == 0)
      : (connection.pointee.flags.has(.timestamps) ? TCPOptions.timestampLayoutLength : 0)
    advertise(socket)
    let options = frame + FrameWriter.plainPayloadOffset
    var sum = ChecksumSum()
    if socket.isCold {
      connection.pointee.writeColdOptions(socket.companion, socket.recovery, withBlocks: length == 0, to: options, &sum, now: now)
    } else if optionsLength > 0 {
      FrameWriter.writeTimestamps(
        now.milliseconds, echo: socket.companion.timestampRecent, before: options + optionsLength, &sum)
    }
    if length > 0 {
      socket.outgoing.read(from: transmission.streamOffset, into: options + optionsLength, count: length)
      sum.add(UnsafeRawPointer(options + optionsLength), count: length)
    }
    let window = UInt16(truncatingIfNeeded: min(65_535, window(socket) >> UInt32(connection.pointee.receiveScale)))
    let count = FrameWriter.writeHeaders(
      connection.pointee.key.reversed, sequence: transmission.sequence, acknowledgment: connection.pointee.receiveNext,
      transmission.control, window: transmission.control.has(.rst) && !socket.hasConnected ? 0 : window, optionsLength: optionsLength,
      payloadLength: length, sum: sum, to: frame)
    send(count)
    acknowledged(socket, byData: length > 0)
  }

  /// What `writeHeaders` left in the frame is sent, without its link header.
  func send(_ count: Int) {
    let packet = UnsafeRawBufferPointer(start: frame + Ethernet.headerLength, count: count - Ethernet.headerLength)
    output.append(Array(packet))
  }

  /// Our SYN or SYN-ACK.
  func transmitSynchronization(_ socket: Socket) {
    let segment = socket.connection.pointee.synchronization(socket.companion, socket.parameters, now: now)
    send(FrameWriter.write(segment, to: frame))
  }

  func acknowledge(_ socket: Socket) { transmit(socket.connection.pointee.acknowledgment, socket) }

  /// A segment that belongs to no connection.
  func answer(_ segment: TCPSegment) { send(FrameWriter.write(segment, to: frame)) }

  /// The RST of RFC 9293 3.10.7.1.
  func reset(answering segment: TCPSegment) {
    var reset = TCPSegment(segment.key.reversed)
    if segment.flags.has(.ack) {
      reset.sequence = segment.acknowledgment
      reset.flags = .rst
    } else {
      reset.flags = .rstAck
      reset.acknowledgment = segment.sequence + segment.length
    }
    answer(reset)
  }

  // MARK: The receiver's window

  /// Octets we say we take.
  func window(_ socket: Socket) -> UInt32 {
    socket.isCold ? socket.connection.pointee.coldWindow(socket.recovery) : socket.connection.pointee.receiveWindow(socket.parameters)
  }

  /// Moves the window's edge as far as the buffer has room, if that is worth telling (RFC 9293 3.8.6.2.2).
  func advertise(_ socket: Socket) {
    guard socket.isCold else { return }
    let edge = possibleEdge(socket)
    let gained = edge.distance(from: socket.recovery.pointee.receiveEdge)
    guard Int32(bitPattern: gained) > 0 else { return }
    let worth = min(UInt32(socket.connection.pointee.segmentSize), UInt32(socket.incoming.capacity / 2))
    if gained >= worth { socket.recovery.pointee.receiveEdge = edge }
  }

  func possibleEdge(_ socket: Socket) -> SequenceNumber {
    let scale = UInt32(socket.connection.pointee.receiveScale)
    let room = min(UInt32(socket.incoming.room) >> scale, 65_535) << scale
    return socket.connection.pointee.receiveNext + room
  }

  // MARK: Delayed acknowledgments (RFC 5681 4.2)

  /// Every segment acknowledges what has come.
  func acknowledged(_ socket: Socket, byData: Bool) {
    socket.acknowledgedUpTo = socket.connection.pointee.receiveNext
    guard socket.isCold else { return }
    socket.recovery.pointee.acknowledgmentDue = .max
    if byData {
      if socket.hasReceived, now.microseconds - socket.lastReceived < Self.acknowledgmentDelay { socket.isInteractive = true }
    } else if socket.quick > 0 {
      socket.quick -= 1
    }
  }

  static var acknowledgmentDelay: UInt64 { 40_000 }

  /// Text has come in order: acknowledges every second segment, and the others after a while.
  func acknowledgeLater(_ socket: Socket) {
    let unacknowledged = socket.connection.pointee.receiveNext.distance(from: socket.acknowledgedUpTo)
    if unacknowledged > socket.peerSegment || (socket.quick > 0 && !socket.isInteractive) {
      acknowledge(socket)
    } else if socket.recovery.pointee.acknowledgmentDue == .max {
      socket.recovery.pointee.acknowledgmentDue = now.microseconds + Self.acknowledgmentDelay
    }
  }
}

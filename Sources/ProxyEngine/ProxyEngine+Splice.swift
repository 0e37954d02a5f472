/// The steady state: one packet in, one packet out, with the other leg's header.
extension ProxyEngine {
  /// From the client to the server.
  /// - Parameters:
  ///   - frame: the packet's.
  ///   - isUsual: see `ProxyConnection.isUsual`. A constant where this is called, and inlined there: what is not usual is then not asked for.
  @inline(always)
  mutating func passToServer<Port: PacketPort & ~Copyable>(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>,
    _ frame: UnsafeMutableRawPointer, _ packet: consuming Packet, isUsual: Bool, _ io: inout PacketQueue<Port>
  ) {
    let numbers = TranslatedNumbers(
      segment, adding: isUsual ? 0 : connection.pointee.toServer, takingOff: connection.pointee.toClient)
    let sequence = numbers.sequence
    let acknowledgment = numbers.acknowledgment
    let end = sequence + (isUsual ? UInt32(segment.pointee.payloadLength) : segment.pointee.length)
    // One octet beyond the window is a probe of it (RFC 9293 3.8.6.1).
    guard end <= connection.pointee.server.edge + 1 else { return refuseBeyond(connection, slot, segment, sequence, packet, &io) }
    guard acknowledgment <= connection.pointee.server.next else { return drop(packet, .acknowledgesUnsent, &io) }
    if !isUsual, connection.pointee.flags.has(.halfOpen), acknowledgment < connection.pointee.serverStart {
      return refuseHandshake(segment, packet, &io)
    }
    if !isUsual, connection.pointee.isEdited, segment.pointee.payloadLength > 0, connection.pointee.isReplaced(sequence) {
      return refuseReplaced(slot, packet, &io)
    }
    if !isUsual, segment.pointee.options.present.has(.timestamps) {
      let isNews = ProxyConnection.isNews(end, connection.pointee.client, to: connection.pointee.server)
      if isNews { ProxyConnection.note(segment.pointee.options.timestampValue, in: &connection.pointee.clientTimestamp) }
    }
    statistics.count(.toServer)
    let isRepeated = note(&connection.pointee.client, sequence, end, acknowledgment)
    if isRepeated { statistics.count(.repeatedByClient) }
    records.passed(slot, from: .client, octets: segment.pointee.payloadLength, isRepeated: isRepeated)
    let edge = acknowledgment + UInt32(segment.pointee.window) &<< connection.pointee.clientScale
    if edge > connection.pointee.client.edge { connection.pointee.client.edge = edge }
    statistics.count(.toServerBytes, UInt64(segment.pointee.payloadLength))
    if inspectsEnd(.client, connection, slot, segment, frame, sequence) { return endByInspector(slot, packet, &io) }

    let tcp = isUsual ? Self.usualTCPOffset : HeaderRewriter.tcpOffset(frame)
    HeaderRewriter.rewrite(
      frame, tcp,
      Translation(
        link: routes.base[Int(connection.pointee.target)].link, key: connection.pointee.serverKey.reversed, numbers: numbers,
        change: connection.pointee.change))
    if !isUsual { rewriteRestForServer(frame, tcp, connection, segment) }
    packet.side = UInt16(truncatingIfNeeded: sideMask)
    if !isUsual, connection.pointee.flags.has(.splits) {
      sendSplit(connection, segment, packet, &io)
    } else {
      io.send(packet)
    }
    connection.pointee.lastActivity = moment.milliseconds
    if !isUsual { closeAsFar(connection, slot, .client, acknowledgment, segment) }
  }

  /// Where the TCP header of a usual segment begins.
  private static var usualTCPOffset: Int { Ethernet.headerLength &+ IPv4.headerLength }

  /// What of a header only few segments need another of.
  @inline(always)
  private func rewriteRestForServer(
    _ frame: UnsafeMutableRawPointer, _ tcp: Int, _ connection: UnsafePointer<ProxyConnection>, _ segment: UnsafePointer<TCPSegment>
  ) {
    if connection.pointee.flags.has(.rescales) {
      HeaderRewriter.setWindow(frame, connection.pointee.windowForServer(segment.pointee.window))
    }
    guard segment.pointee.options.present.rawValue != 0 else { return }
    let options = OptionTranslation(
      echo: 0 &- connection.pointee.toClientTimestamp, blocks: 0 &- connection.pointee.toClient,
      blanksBlocks: !connection.pointee.flags.has(.serverSACK))
    HeaderRewriter.rewriteOptions(frame, tcp, segment, options)
  }

  /// Beyond the server's window. Of a request that has become longer the server may not have all yet; what the client sends of it is answered.
  /// An acknowledgment stands behind all that the client has sent: by the window that it was offered before there was a server, perhaps.
  @inline(never)
  private mutating func refuseBeyond<Port: PacketPort & ~Copyable>(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>, _ sequence: SequenceNumber,
    _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    if connection.pointee.isEdited, segment.pointee.payloadLength > 0, connection.pointee.isReplaced(sequence) {
      return refuseReplaced(slot, packet, &io)
    }
    let sent = sentToServer(connection)
    let isBehindAll = segment.pointee.length == 0 && sequence.distance(from: sent) <= parameters.requestLimit + connection.pointee.unitRest
    guard isBehindAll, sent <= connection.pointee.server.edge else { return drop(packet, .outsideWindow, &io) }
    var lowered = segment.pointee
    lowered.sequence = sent - connection.pointee.toServer
    // Numbers that an edit has moved may lead beyond the window again.
    guard lowered.sequence != segment.pointee.sequence else { return drop(packet, .outsideWindow, &io) }
    HeaderRewriter.setSequence(packet.bytes, lowered.sequence)
    passToServer(connection, slot, &lowered, packet.bytes, packet, isUsual: false, &io)
  }

  /// From the server to the client.
  @inline(always)
  mutating func passToClient<Port: PacketPort & ~Copyable>(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>,
    _ frame: UnsafeMutableRawPointer, _ packet: consuming Packet, isUsual: Bool, _ io: inout PacketQueue<Port>
  ) {
    let sequence = segment.pointee.sequence
    let acknowledgment = segment.pointee.acknowledgment
    let end = sequence + (isUsual ? UInt32(segment.pointee.payloadLength) : segment.pointee.length)
    guard end <= connection.pointee.client.edge + 1 else { return drop(packet, .outsideWindow, &io) }
    guard acknowledgment <= connection.pointee.client.next else { return drop(packet, .acknowledgesUnsent, &io) }
    if !isUsual, segment.pointee.options.present.has(.timestamps) {
      let isNews = ProxyConnection.isNews(end, connection.pointee.server, to: connection.pointee.client)
      if isNews { ProxyConnection.note(segment.pointee.options.timestampValue, in: &connection.pointee.serverTimestamp) }
    }
    statistics.count(.toClient)
    let isRepeated = note(&connection.pointee.server, sequence, end, acknowledgment)
    if isRepeated { statistics.count(.repeatedByServer) }
    records.passed(slot, from: .server, octets: segment.pointee.payloadLength, isRepeated: isRepeated)
    let window = segment.pointee.window
    var octets = UInt32(window) &<< connection.pointee.serverScale
    if !isUsual, connection.pointee.flags.has(.rescales) {
      let rescaled = connection.pointee.windowForClient(window)
      HeaderRewriter.setWindow(frame, rescaled)
      // What the client reads in it is what it may send, be it by rounding.
      octets = max(octets, UInt32(rescaled) &<< UInt32(connection.pointee.offeredScale))
    }
    let edge = acknowledgment + octets
    if edge > connection.pointee.server.edge { connection.pointee.server.edge = edge }
    statistics.count(.toClientBytes, UInt64(segment.pointee.payloadLength))
    if inspectsEnd(.server, connection, slot, segment, frame, sequence) { return endByInspector(slot, packet, &io) }

    let tcp = isUsual ? Self.usualTCPOffset : HeaderRewriter.tcpOffset(frame)
    let numbers = TranslatedNumbers(
      segment, adding: connection.pointee.toClient, takingOff: isUsual ? 0 : connection.pointee.toServer)
    HeaderRewriter.rewrite(
      frame, tcp,
      Translation(
        link: front.peers.link(connection.pointee.peer), key: connection.pointee.clientKey.reversed, numbers: numbers,
        change: connection.pointee.change.reversed))
    if !isUsual, segment.pointee.options.present.rawValue != 0 {
      let options = OptionTranslation(timestamp: connection.pointee.toClientTimestamp, blocks: 0 &- connection.pointee.toServer)
      HeaderRewriter.rewriteOptions(frame, tcp, segment, options)
    }
    packet.side = 0
    io.send(packet)
    connection.pointee.lastActivity = moment.milliseconds
    if !isUsual { closeAsFar(connection, slot, .server, acknowledgment, segment) }
  }

  /// What an end has said by a segment, in the numbers of the server's leg. Whether it had said it before.
  @inline(always)
  private func note(
    _ end: inout EndState, _ sequence: SequenceNumber, _ next: SequenceNumber, _ acknowledgment: SequenceNumber
  ) -> Bool {
    if acknowledgment > end.acknowledged { end.acknowledged = acknowledgment }
    guard next > end.next else { return next != sequence }
    end.next = next
    return false
  }

  /// What the segment means for the connection's end.
  @inline(always)
  private mutating func closeAsFar(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ leg: Leg, _ acknowledgment: SequenceNumber,
    _ segment: UnsafePointer<TCPSegment>
  ) {
    let closes = ProxyConnection.Flags(rawValue: ProxyConnection.Flags.closing)
    if segment.pointee.flags.has(.fin) || connection.pointee.flags.has(closes) {
      noteClosing(connection, slot, leg, acknowledgment, segment)
    }
  }
}

extension ProxyConnection {
  /// Data or an acknowledgment without options, on a connection that does not close, whose numbers and windows are what both ends say: asked with
  /// one branch, it answers for many.
  @inline(always)
  func isUsual(_ segment: UnsafePointer<TCPSegment>, from leg: Leg) -> Bool {
    let control = TCPFlags.fin.rawValue | TCPFlags.syn.rawValue | TCPFlags.rst.rawValue | TCPFlags.ack.rawValue
    let isOther = UInt32(segment.pointee.flags.rawValue & control ^ TCPFlags.ack.rawValue)
    // Two headers of 20 octets each are the shortest.
    let options = UInt32(segment.pointee.payloadOffset) ^ UInt32(truncatingIfNeeded: FrameWriter.plainPayloadOffset)
    let edits = (leg == .client ? clientFloor.rawValue ^ clientStart.rawValue : 0) | toServer
    return UInt32(flags.rawValue & Flags.unusual) | options | isOther | edits == 0
  }

  /// Whether a segment that ends there can be of an end's present: what lies below what the other has acknowledged is old, or somebody's guess,
  /// whose timestamp that other would not look at (RFC 7323 4.3).
  @inline(always)
  static func isNews(_ end: SequenceNumber, _ own: EndState, to other: EndState) -> Bool { end > other.acknowledged || end == own.next }

  /// Keeps the newest: one that came in another order would make the proxy's own segments too old for the other end (RFC 7323 5.3).
  @inline(always)
  static func note(_ timestamp: UInt32, in newest: inout UInt32) {
    if Int32(bitPattern: timestamp &- newest) > 0 { newest = timestamp }
  }

  /// The client's request has been replaced by another one, perhaps as long.
  @inline(always)
  var isEdited: Bool { toServer != 0 || clientFloor != clientStart }

  /// Whether these octets of the client's have been replaced by others. What cannot be repeated any more need not be remembered: the floor
  /// follows, or it would lie ahead again after half of the numbers.
  @inline(never)
  mutating func isReplaced(_ sequence: SequenceNumber) -> Bool {
    if sequence < clientFloor { return true }
    if sequence.distance(from: clientFloor) > 1 << 30 { clientFloor = sequence - (1 << 29) }
    return false
  }

  /// A client's window as the server reads it: with the client's shift, or with none if the server took no window scale.
  @inline(always)
  func windowForServer(_ window: UInt16) -> UInt16 {
    flags.has(.serverScales) ? window : UInt16(truncatingIfNeeded: min(UInt32(window) &<< clientScale, 65_535))
  }

  /// A server's window as the client reads it: with the shift that we promised. What is open does not close by rounding.
  @inline(always)
  func windowForClient(_ window: UInt16) -> UInt16 {
    if window == 0 { return 0 }
    let octets = UInt32(window) &<< serverScale
    let unit = UInt32(1) &<< UInt32(offeredScale)
    // Few units would lose much by rounding down, and the client waits rather than send less than a segment (RFC 9293 3.8.6.2.1); what it sends
    // too much by rounding up is less than a segment. Large units would make it far too much.
    let isSmall = octets < 4 &* unit && unit <= 1_024
    // Of a window for one whole segment it would send nothing.
    let segment = UInt32(serverMSS) &- (flags.has(.timestamps) ? UInt32(TCPOptions.timestampLayoutLength) : 0)
    let isForOne = octets >= segment && octets & ~(unit &- 1) < segment
    let offered = (isSmall || isForOne ? octets &+ unit &- 1 : octets) &>> UInt32(offeredScale)
    return UInt16(truncatingIfNeeded: max(1, min(offered, 65_535)))
  }
}

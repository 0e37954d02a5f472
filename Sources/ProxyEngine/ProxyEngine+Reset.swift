/// SYN and RST on connections that have their place already (RFC 5961).
extension ProxyEngine {
  /// A RST: passed on when it is exact, answered by a challenge when it only lies in the window, dropped otherwise.
  @inline(never)
  mutating func receiveReset<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ leg: Leg, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let phase = connection.pointee.phase
    if phase == .connecting, leg == .server { return receiveRefusal(segment, slot, packet, &io) }
    let sequence = segment.pointee.sequence + (leg == .client ? connection.pointee.toServer : 0)
    let (own, other) =
      leg == .client ? (connection.pointee.client, connection.pointee.server) : (connection.pointee.server, connection.pointee.client)
    // A closed client repeats the number of our challenge to it.
    let isChallenged = leg == .client && segment.pointee.sequence == acknowledgmentToClient(connection)
    guard sequence == own.next || sequence == other.acknowledged || isChallenged else {
      let edge = leg == .client ? edgeOffered(connection) : other.edge
      if sequence >= other.acknowledged, sequence < edge, phase != .lingering { return challenge(leg, slot, packet, &io) }
      return drop(packet, .resetNotExact, &io)
    }
    switch phase {
    case .handshake, .request, .dismissing:
      io.free(packet)
      release(slot, .resetBeforeBinding)
    case .connecting:
      io.free(packet)
      release(slot, .resetBeforeBinding)
    case .delivering, .replaying:
      if leg == .server, !connection.pointee.flags.has(.committed) {
        io.free(packet)
        statistics.count(.serversReset)
        return failOver(slot, isFailure: true, &io)
      }
      passReset(segment, slot, leg, packet, &io)
    case .spliced, .lingering: passReset(segment, slot, leg, packet, &io)
    case .free: io.free(packet)
    }
  }

  /// How far the client was ever let send: by the server, or by the proxy before there was one.
  private func edgeOffered(_ connection: UnsafePointer<ProxyConnection>) -> SequenceNumber {
    let edge = connection.pointee.server.edge
    guard connection.pointee.flags.has(.bound) else { return edge }
    let offered = bindings.base[Int(connection.pointee.binding)].start + parameters.requestLimit
    return offered > edge ? offered : edge
  }

  private mutating func passReset<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ leg: Leg, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    if leg == .client, connection.pointee.flags.has(.bound) {
      // The server has not been sent all that the client has said.
      sendBare(segment.pointee.flags.has(.ack) ? .rstAck : .rst, to: .server, slot, packet, &io)
      return release(slot, .resetByClient)
    }
    let toOwn = leg == .client ? connection.pointee.toServer : connection.pointee.toClient
    let toOther = leg == .client ? connection.pointee.toClient : connection.pointee.toServer
    let isExplained = segment.pointee.flags.has(.ack)
    let change = leg == .client ? connection.pointee.change : connection.pointee.change.reversed
    let translation = Translation(
      link: leg == .client ? routes.base[Int(connection.pointee.target)].link : front.peers.link(connection.pointee.peer),
      key: leg == .client ? connection.pointee.serverKey.reversed : connection.pointee.clientKey.reversed,
      numbers: TranslatedNumbers(segment, adding: toOwn, takingOff: isExplained ? toOther : 0),
      change: isExplained ? change : change.keepingAcknowledgment(of: toOther))
    let tcp = HeaderRewriter.tcpOffset(packet.bytes)
    HeaderRewriter.rewrite(packet.bytes, tcp, translation)
    let toClientTimestamp = connection.pointee.toClientTimestamp
    let options = leg == .client ? OptionTranslation(echo: 0 &- toClientTimestamp) : OptionTranslation(timestamp: toClientTimestamp)
    HeaderRewriter.rewriteOptions(packet.bytes, tcp, segment, options)
    packet.side = leg == .client && isSplit ? 1 : 0
    io.send(packet)
    if connection.pointee.phase != .lingering { return release(slot, leg == .client ? .resetByClient : .resetByServer) }
    // RFC 9293 3.10.7.4: an acceptable RST ends TIME-WAIT.
    lingering.vacate(connection.pointee.binding)
    forget(slot)
  }

  /// A RST instead of a SYN-ACK: believed only if it acknowledges our SYN (RFC 9293 3.10.7.3).
  private mutating func receiveRefusal<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    guard segment.pointee.flags.has(.ack), acknowledgesOurSyn(segment, slot) else { return drop(packet, .resetNotExact, &io) }
    io.free(packet)
    statistics.count(.serversRefused)
    failOver(slot, isFailure: true, &io)
  }

  /// A SYN, or SYN-ACK, where there is a connection.
  @inline(never)
  mutating func receiveRepeatedSYN<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ leg: Leg, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let opens = leg == .client && !segment.pointee.flags.has(.ack)
    switch connection.pointee.phase {
    case .handshake where opens && segment.pointee.sequence + 1 == connection.pointee.clientStart:
      repeatSynAck(segment, slot, packet, &io)
    case .connecting where leg == .server:
      receiveSynAck(segment, slot, packet, &io)
    case .connecting where opens && connection.pointee.flags.has(.immediate):
      takeRepeatedSyn(segment, slot, packet, &io)
    case .spliced where connection.pointee.flags.has(.halfOpen) && leg == .server:
      if segment.pointee.sequence + 1 != connection.pointee.serverStart { return passOtherSynAck(segment, slot, packet, &io) }
      passJoining(segment, slot, packet, &io)
    case .spliced where connection.pointee.flags.has(.halfOpen) && opens && segment.pointee.sequence + 1 == connection.pointee.clientStart:
      passRepeatedSyn(segment, slot, packet, &io)
    case .lingering where opens && phase == .run && connection.pointee.isFollowed(by: segment):
      reopen(segment, slot, packet, &io)
    default:
      challenge(leg, slot, packet, &io)
    }
  }
}

extension ProxyConnection {
  /// Whether a client's SYN cannot be of this connection, which is closed: its number or its timestamp lies beyond (RFC 6191 2).
  fileprivate func isFollowed(by segment: UnsafePointer<TCPSegment>) -> Bool {
    if segment.pointee.sequence + toServer > client.next { return true }
    guard flags.has(.timestamps), segment.pointee.options.present.has(.timestamps) else { return false }
    return Int32(bitPattern: segment.pointee.options.timestampValue &- clientTimestamp) > 0
  }
}

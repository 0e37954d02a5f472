/// ICMP errors: what is said of one leg is told to the other end, whose segment it was.
extension ProxyEngine {
  /// Where in a frame an error lies, and what it quotes of a segment that we have sent (RFC 792): its IPv4 header and octets behind it.
  private struct Quote {
    let message: Int
    let messageLength: Int
    let ip: Int
    let tcp: Int
    /// Octets quoted of the TCP segment.
    let tcpLength: Int

    /// In a frame that an error was read from.
    init(_ frame: UnsafeRawPointer) {
      let outer = Ethernet.headerLength
      message = outer &+ Int(frame.octet(outer) & 0xf) &* 4
      messageLength = outer &+ Int(frame.bigEndian16(outer &+ 2)) &- message
      ip = message &+ 8
      tcp = ip &+ Int(frame.octet(ip) & 0xf) &* 4
      tcpLength = message &+ messageLength &- tcp
    }
  }

  /// An error about a segment that passed through us goes on to the one who sent it; any other is dropped.
  @inline(never)
  mutating func passError<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard isOurMAC(packet.bytes, packet.side), let error = ICMPError(packet.bytes) else { return pass(packet, .icmpUnanswered, &io) }
    guard let handle = find(flowHash(error.key), error.key) else {
      var segment = TCPSegment(error.key)
      if let other = crossing.otherOwner(of: &segment, tells: isFromServers(packet)) {
        return handOver(packet, to: other.worker, hops: other.hops, &io)
      }
      return pass(packet, .icmpUnanswered, &io)
    }
    // About what left there, to the address that it left from.
    guard (UInt32(packet.side) ^ handle) & sideMask == 0 else { return drop(packet, .otherPort, &io) }
    guard error.receiver == error.key.destination else { return drop(packet, .icmpUnanswered, &io) }
    let slot = handle &>> 1
    let connection = connections.base + Int(slot)
    let leg: Leg = handle & 1 == 0 ? .client : .server
    if connection.pointee.phase == .connecting, leg == .server { return receiveConnectError(error, slot, packet, &io) }
    guard connection.pointee.isJoined, isInFlight(error.sequence, connection, leg) else { return drop(packet, .icmpUnanswered, &io) }
    if leg == .server, case .fragmentationNeeded(let mtu) = error.kind,
      let path = PathMTU.estimate(mtu, packetLength: error.packetLength)
    {
      if connection.pointee.narrow(to: path) { resendAtOnce(slot) }
    }
    rewriteError(packet.bytes, Quote(packet.bytes), connection, leg)
    statistics.count(.icmpPassed)
    let length = Ethernet.headerLength &+ Int(UnsafeRawPointer(packet.bytes).bigEndian16(Ethernet.headerLength &+ 2))
    packet.side = leg == .client && isSplit ? 1 : 0
    io.send(packet, length: length)
  }

  /// What was sent on the client's behalf was too long: it need not wait for its time.
  @inline(always)
  private mutating func resendAtOnce(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    guard connection.pointee.phase == .delivering || connection.pointee.phase == .replaying else { return }
    bindings.base[Int(connection.pointee.binding)].resendDue = moment.milliseconds
    wake(slot, at: moment.milliseconds)
  }

  /// RFC 5927 4.1: an error is believed if its segment can be on its way.
  @inline(always)
  private func isInFlight(_ sequence: SequenceNumber, _ connection: UnsafePointer<ProxyConnection>, _ leg: Leg) -> Bool {
    if leg == .server { return sequence >= connection.pointee.server.acknowledged && sequence <= connection.pointee.client.next }
    let number = sequence - connection.pointee.toClient
    return number >= connection.pointee.client.acknowledged && number <= connection.pointee.server.next
  }

  /// About our SYN: that a server is not there at all (RFC 1122 4.2.3.9) is as good as its RST; anything else may pass.
  private mutating func receiveConnectError<Port: PacketPort & ~Copyable>(
    _ error: ICMPError, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let start = bindings.base[Int(connections.base[Int(slot)].binding)].start
    let isHard = error.kind == .portUnreachable || error.kind == .protocolUnreachable || error.kind == .prohibited
    guard isHard, error.sequence == start - 1 else { return drop(packet, .icmpUnanswered, &io) }
    io.free(packet)
    statistics.count(.serversRefused)
    failOver(slot, isFailure: true, &io)
  }

  /// Makes it an error about the segment as the other end sent it, from us to that end.
  private mutating func rewriteError(
    _ frame: UnsafeMutableRawPointer, _ quote: Quote, _ connection: UnsafePointer<ProxyConnection>, _ leg: Leg
  ) {
    let isToClient = leg == .server
    let key = isToClient ? connection.pointee.clientKey : connection.pointee.serverKey
    let toOwn = isToClient ? connection.pointee.toServer : connection.pointee.toClient
    let toOther = isToClient ? connection.pointee.toClient : connection.pointee.toServer
    let bytes = UnsafeRawPointer(frame)
    var header = ChecksumSum(UInt64(~bytes.native16(quote.ip &+ 10)))
    var sum = ChecksumSum()
    let old = bytes.native64(quote.ip &+ 12)
    header.add(~old)
    header.add(key.addresses)
    frame.store(header.field, at: quote.ip &+ 10)
    frame.store(key.addresses, at: quote.ip &+ 12)
    sum.add(~old)
    sum.add(key.addresses)
    replace(frame, quote.tcp, with: key.ports, &sum)
    replace(frame, quote.tcp &+ 4, with: networkOrder(bytes.bigEndian32(quote.tcp &+ 4) &- toOwn), &sum)
    // The acknowledgment, and the segment's sum, if so much is quoted.
    if quote.tcpLength >= 12 {
      replace(frame, quote.tcp &+ 8, with: networkOrder(bytes.bigEndian32(quote.tcp &+ 8) &+ toOther), &sum)
    }
    if quote.tcpLength >= 18 {
      sum.add(UInt64(~bytes.native16(quote.tcp &+ 16)))
      frame.store(sum.field, at: quote.tcp &+ 16)
    }

    frame.store(0 as UInt16, at: quote.message &+ 2)
    var message = ChecksumSum()
    message.add(bytes + quote.message, count: quote.messageLength)
    frame.store(message.field, at: quote.message &+ 2)

    let link = isToClient ? front.peers.link(connection.pointee.peer) : routes.base[Int(connection.pointee.target)].link
    link.store(to: frame)
    let ip = Ethernet.headerLength
    frame.store(key.reversed.addresses, at: ip &+ 12)
    frame.store(0 as UInt16, at: ip &+ 10)
    var outer = ChecksumSum()
    outer.add(bytes + ip, count: quote.message &- ip)
    frame.store(outer.field, at: ip &+ 10)
  }

  @inline(always)
  private func replace(_ frame: UnsafeMutableRawPointer, _ place: Int, with word: UInt32, _ sum: inout ChecksumSum) {
    sum.add(~UnsafeRawPointer(frame).native32(place))
    sum.add(word)
    frame.store(word, at: place)
  }
}

extension ProxyConnection {
  /// Room for all options there can be, and an octet of data. RFC 1191 3 has 68.
  private static var leastPathMTU: UInt16 { 40 + 41 }

  /// What the proxy itself sends to the server must fit, and what the client has sent before it heard of it.
  /// True: segments are shorter from now on.
  mutating func narrow(to mtu: UInt16) -> Bool {
    let size = max(mtu, Self.leastPathMTU) &- 40
    guard size < serverMSS else { return false }
    serverMSS = size
    flags.set(.splits)
    return true
  }
}

/// Neighbours without a kernel: ARP (RFC 826) for our addresses and for the targets' next hops, and echo (RFC 792).
extension TrafficEngine {
  /// Requests for each next hop, one a second; then it is given up.
  private static var arpRequests: Int { 3 }
  private static var arpInterval: UInt32 { 1_000 }

  @inline(never)
  mutating func receiveARP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard let arp = ARPPacket(packet.bytes, count: packet.length) else { return drop(packet, .arpUnanswered, &io) }
    learn(arp.senderAddress, arp.senderMAC)
    guard arp.operation == .request else {
      if hops == 0 { statistics.add(.arpRepliesReceived) }
      // It answers the question of every worker, but comes to one.
      if let lanes, let next = passedOn(lanes) { return handOver(packet, to: next.worker, hops: next.hops, &io) }
      return io.free(packet)
    }
    guard isOurs(arp.targetAddress) else { return drop(packet, .arpUnanswered, &io) }
    let reply = ARPPacket(.reply, from: mac, arp.targetAddress, to: arp.senderMAC, arp.senderAddress)
    reply.write(to: packet.bytes)
    statistics.add(.arpAnswered)
    io.send(packet, length: ARPPacket.frameLength)
  }

  @inline(never)
  mutating func receiveICMP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    let frame = packet.bytes
    let bytes = UnsafeRawPointer(frame)
    let length = packet.length
    guard MACAddress(bytes.bigEndian64(0) &>> 16) == mac, isOurs(IPv4Address(bytes.bigEndian32(30))), ICMP.answerEcho(frame) else {
      return drop(packet, .icmpUnanswered, &io)
    }
    statistics.add(.echoAnswered)
    io.send(packet, length: length)
  }

  @inline(always)
  mutating func isOurs(_ address: IPv4Address) -> Bool {
    for index in 0..<ourAddresses.count where ourAddresses[index].first <= address && address <= ourAddresses[index].last { return true }
    return false
  }

  /// A neighbour has told its MAC address; all targets behind it can be reached.
  private mutating func learn(_ address: IPv4Address, _ neighbour: MACAddress) {
    if unresolvedTargets == 0 { return }
    for index in 0..<targets.count where !targets[index].isResolved && targets[index].nextHop == address {
      targets.base[index].link = LinkHeader(destination: neighbour, source: mac)
      targets.base[index].isResolved = true
      unresolvedTargets &-= 1
    }
  }

  /// Asks for what is not known yet. Connections are opened when all targets are.
  @inline(never)
  mutating func resolveTargets<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    if arpRounds > 0, moment.milliseconds &- lastARP < Self.arpInterval { return }
    lastARP = moment.milliseconds
    if arpRounds == Self.arpRequests { return giveUpNeighbour() }
    arpRounds &+= 1
    for index in 0..<targets.count where !targets[index].isResolved {
      guard let packet = io.allocate() else { return statistics.dropped(.noBuffer) }
      let request = ARPPacket(.request, from: mac, arpSource, to: MACAddress(0), targets[index].nextHop)
      request.write(to: packet.bytes)
      statistics.add(.arpRequestsSent)
      io.send(packet, length: ARPPacket.frameLength)
    }
  }

  private mutating func giveUpNeighbour() {
    for index in 0..<targets.count where !targets[index].isResolved {
      return statistics.set(.silentNeighbour, UInt64(targets[index].nextHop.rawValue))
    }
  }

  /// The address in whose name we ask: one that lies in the network we ask in.
  private var arpSource: IPv4Address { @inline(always) get { serverAddress } }
}

/// What the station of this worker hears and says (`Station`), and what follows from it for targets.
extension TrafficEngine {
  @inline(never)
  mutating func receiveARP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    let hearing = station.hear(packet.bytes, count: packet.length)
    learn()
    switch hearing {
    case .answered: io.send(packet, length: ARPPacket.frameLength)
    case .heard: kernel.passOrFree(packet, &io)
    case .foreign: kernel.pass(packet, .arpUnanswered, &io)
    }
  }

  @inline(never)
  mutating func receiveICMP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    if station.isAddressed(packet.bytes), let error = ICMPError(packet.bytes) { return receiveICMPError(error, packet, &io) }
    guard station.answersEcho(packet) else { return kernel.pass(packet, .icmpUnanswered, &io) }
    io.send(packet)
  }

  @inline(always)
  func isOurs(_ address: IPv4Address) -> Bool { station.has(address) }

  /// What time has brought: next hops to be asked for, what other workers have heard, addresses to be announced. Called once a millisecond
  /// where there are others on the wire.
  @inline(never)
  mutating func tendNeighbours<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    learn()
    station.speak(moment.microseconds / 1_000, seeks: phase == .run, &io)
  }

  /// Targets behind next hops are reached through their MAC addresses. Connections are opened when all are known.
  private mutating func learn() {
    guard station.learns(moment.microseconds / 1_000) else { return }
    for index in 0..<station.nextHops.count where station.nextHops.entries.base[index].isNews { lead(to: index) }
  }

  private mutating func lead(to index: Int) {
    let hop = station.nextHops.entries.base + index
    hop.pointee.isNews = false
    for target in 0..<targets.count where !targets.base[target].isFixed && targets.base[target].nextHop == hop.pointee.address {
      targets.base[target].link = LinkHeader(destination: hop.pointee.mac, source: station.mac)
      if targets.base[target].isResolved { continue }
      targets.base[target].isResolved = true
      unresolvedTargets &-= 1
    }
  }
}

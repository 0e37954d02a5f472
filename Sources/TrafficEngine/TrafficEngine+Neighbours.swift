/// Neighbours without a kernel: ARP (RFC 826) for our addresses and for the targets' next hops, and echo (RFC 792).
extension TrafficEngine {
  /// Each of our addresses is announced twice, two seconds apart (RFC 5227 2.3, 1.1).
  private static var announcements: Int { 2 }
  private static var announcementInterval: UInt64 { 2_000 }
  /// Addresses announced in one turn at most.
  private static var announcementsPerTurn: Int { 16 }

  @inline(never)
  mutating func receiveARP<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard let arp = ARPPacket(packet.bytes, count: packet.length) else { return pass(packet, .arpUnanswered, &io) }
    heard(arp.senderAddress, arp.senderMAC)
    if arp.operation == .reply {
      statistics.add(.arpRepliesReceived)
      return passOrFree(packet, &io)
    }
    if arp.targetAddress == arp.senderAddress {
      statistics.add(.arpAnnouncementsReceived)
      return passOrFree(packet, &io)
    }
    guard isOurs(arp.targetAddress) else { return pass(packet, .arpUnanswered, &io) }
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
      return pass(packet, .icmpUnanswered, &io)
    }
    statistics.add(.echoAnswered)
    io.send(packet, length: length)
  }

  @inline(always)
  mutating func isOurs(_ address: IPv4Address) -> Bool {
    if listeners.has(address) { return true }
    for index in 0..<ourAddresses.count where ourAddresses[index].first <= address && address <= ourAddresses[index].last { return true }
    return false
  }

  /// A station has told its MAC address: whoever is sent to at its address is sent to there from now on, in connections that are open too.
  private mutating func heard(_ address: IPv4Address, _ neighbour: MACAddress) {
    guard address.rawValue != 0, neighbour.isUnicast else { return }
    if isOurs(address) {
      if neighbour != mac { statistics.add(.addressConflicts) }
      return
    }
    if let index = nextHops.index(of: address) {
      board.publish(index, neighbour.rawValue)
      readBoard(moment.microseconds / 1_000)
    }
    if peers.follow(address, to: neighbour) { statistics.add(.peersMoved) }
  }

  /// Targets behind the next hop are reached through its MAC address.
  private mutating func lead(to index: Int) {
    let hop = nextHops.entries[index]
    for target in 0..<targets.count where !targets.base[target].isFixed && targets.base[target].nextHop == hop.address {
      targets.base[target].link = LinkHeader(destination: hop.mac, source: mac)
      if targets.base[target].isResolved { continue }
      targets.base[target].isResolved = true
      unresolvedTargets &-= 1
    }
  }

  /// What time has brought: next hops to be asked for, what other workers have heard, addresses to be announced. Called once a millisecond
  /// where there are others on the wire.
  @inline(never)
  mutating func tendNeighbours<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    let now = moment.microseconds / 1_000
    readBoard(now)
    // One worker asks, and all of them hear.
    guard share.worker == 0 else { return }
    if now >= nextHops.due { askNextHops(now, &io) }
    if announced < Self.announcements, now >= announcementDue { announce(now, &io) }
  }

  private mutating func readBoard(_ now: UInt64) {
    let version = board.version
    if version == boardVersion { return }
    boardVersion = version
    for index in 0..<nextHops.count {
      let entry = board.entry(index)
      let hop = nextHops.entries.base + index
      if entry == hop.pointee.entry { continue }
      hop.pointee.entry = entry
      let (wasKnown, wasSilent) = (hop.pointee.isKnown, hop.pointee.isSilent)
      let isNews = nextHops.heard(index, from: MACAddress(entry), now: now)
      if isNews { lead(to: index) }
      // Each worker is told; one counts.
      guard share.worker == 0 else { continue }
      if isNews, wasKnown { statistics.add(.neighboursMoved) }
      if wasSilent { statistics.set(.neighboursSilent, statistics[.neighboursSilent] &- 1) }
    }
    nextHops.plan()
  }

  /// Connections are opened when all targets are known.
  private mutating func askNextHops<Port: PacketPort & ~Copyable>(_ now: UInt64, _ io: inout PacketQueue<Port>) {
    for index in 0..<nextHops.count where phase == .run || nextHops.entries.base[index].isKnown {
      let wasSilent = nextHops.entries.base[index].isSilent
      let step = nextHops.step(index, now: now)
      let address = nextHops.entries.base[index].address
      if nextHops.entries.base[index].isSilent, !wasSilent {
        statistics.add(.neighboursLost)
        statistics.add(.neighboursSilent)
      }
      switch step {
      case .nothing: break
      case .giveUp: statistics.set(.silentNeighbour, UInt64(address.rawValue))
      case .ask(let destination):
        let request = ARPPacket(.request, from: mac, listeners.address, to: MACAddress(0), address)
        if send(request, to: destination, &io) { statistics.add(.arpRequestsSent) }
      }
    }
    nextHops.plan()
  }

  /// Tells everyone who we are, some addresses a turn, so that caches that hold another MAC address for them are put right.
  private mutating func announce<Port: PacketPort & ~Copyable>(_ now: UInt64, _ io: inout PacketQueue<Port>) {
    var budget = Self.announcementsPerTurn
    while budget > 0, announcePosition < ownAddresses.count, !io.isCongested {
      let address = ownAddresses[announcePosition]
      guard send(ARPPacket(.request, from: mac, address, to: MACAddress(0), address), to: .broadcast, &io) else { return }
      statistics.add(.arpAnnouncementsSent)
      announcePosition &+= 1
      budget &-= 1
    }
    guard announcePosition == ownAddresses.count else { return }
    announcePosition = 0
    announced &+= 1
    announcementDue = now &+ Self.announcementInterval
  }

  /// False: there was no buffer.
  private mutating func send<Port: PacketPort & ~Copyable>(
    _ arp: ARPPacket, to destination: MACAddress, _ io: inout PacketQueue<Port>
  ) -> Bool {
    guard let packet = io.allocate() else {
      statistics.dropped(.noBuffer)
      return false
    }
    arp.write(to: packet.bytes, linkDestination: destination)
    io.send(packet, length: ARPPacket.frameLength)
    return true
  }

  /// Our addresses in the order in which they are announced; not more than are worth a broadcast each.
  static func ownAddresses(_ port: PortSettings) -> Table<IPv4Address> {
    let limit = 1_024
    var addresses = [port.address]
    var seen: Set<IPv4Address> = [port.address]
    for range in port.servers + port.clients {
      var address = range.first.rawValue
      while addresses.count < limit, address <= range.last.rawValue {
        if seen.insert(IPv4Address(address)).inserted { addresses.append(IPv4Address(address)) }
        address += 1
      }
    }
    let table = Table<IPv4Address>(count: addresses.count)
    for (index, address) in addresses.enumerated() { table[index] = address }
    return table
  }
}

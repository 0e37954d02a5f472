/// What a host is on its link besides TCP: its MAC and IPv4 addresses, ARP (RFC 826) for them and for those it sends to, and echo (RFC 792).
/// Nothing here is on the path of a TCP segment.
struct Station: ~Copyable {
  let mac: MACAddress
  /// Which side of a two-sided port it is on.
  let side: UInt16
  /// Our own address, which ARP requests come from.
  let address: IPv4Address
  /// All addresses that are ours, whichever worker has them.
  let addresses: Table<AddressRange>
  /// Those to whom we send of our own accord, and what all workers know of them.
  var nextHops: NextHops
  let board: NeighbourBoardView
  private let boardOwner: NeighbourBoard
  private var boardVersion: UInt64 = 0
  /// Those whom we answer.
  var peers: PeerLinks
  private let announced: Table<IPv4Address>
  private var announcements = 0
  private var announcePosition = 0
  private var announcementDue: UInt64 = 0
  /// One worker asks and announces; all of them hear.
  private let speaks: Bool
  /// Who never answered is asked again later, and not given up for good.
  private let persists: Bool
  private let networkMask: UInt32
  private let statistics: WorkerStatistics

  /// Each of our addresses is announced twice, two seconds apart (RFC 5227 2.3, 1.1).
  private static var announcementRounds: Int { 2 }
  private static var announcementInterval: UInt64 { 2_000 }
  private static var announcementsPerTurn: Int { 16 }

  /// Addresses that others are told of unasked: not more than are worth a broadcast each.
  private static var announcedMost: Int { 1_024 }

  /// - Parameters:
  ///   - addresses: all that are ours, whichever worker has them, the own one among them.
  ///   - announced: which of them others are told of unasked.
  ///   - hops: those whose MAC addresses we must ask for.
  ///   - side: of a two-sided port; 0 where there is one.
  ///   - board: shared by the workers of a run, for the same `hops`; nil: the worker is alone.
  init(
    mac: MACAddress, address: IPv4Address, prefixLength: Int, addresses ranges: [AddressRange], announced: [AddressRange],
    hops: [IPv4Address], side: UInt16 = 0, board: NeighbourBoard?, speaks: Bool, persists: Bool, statistics: WorkerStatistics
  ) {
    self.mac = mac
    self.side = side
    self.address = address
    networkMask = UInt32.max << UInt32(32 - prefixLength)
    addresses = Table(count: ranges.count)
    for (index, range) in ranges.enumerated() { addresses[index] = range }
    nextHops = NextHops(hops)
    boardOwner = board ?? NeighbourBoard(count: hops.count)
    self.board = boardOwner.view
    peers = PeerLinks(source: mac)
    self.announced = Self.list(announced)
    self.speaks = speaks
    self.persists = persists
    self.statistics = statistics
  }

  /// The first of these addresses, each once.
  private static func list(_ ranges: [AddressRange]) -> Table<IPv4Address> {
    var list: [IPv4Address] = []
    var seen: Set<IPv4Address> = []
    for range in ranges {
      var address = range.first.rawValue
      while list.count < announcedMost, address <= range.last.rawValue {
        if seen.insert(IPv4Address(address)).inserted { list.append(IPv4Address(address)) }
        address += 1
      }
    }
    let table = Table<IPv4Address>(count: list.count)
    for (index, address) in list.enumerated() { table[index] = address }
    return table
  }

  /// Whether an address is ours.
  @inline(always)
  func has(_ address: IPv4Address) -> Bool {
    for index in 0..<addresses.count where addresses.base[index].first <= address && address <= addresses.base[index].last { return true }
    return false
  }

  /// Whether a frame comes from nobody: no host has this source address (RFC 1122 3.2.1.3, 4.2.3.10), or a group of stations this MAC address.
  @inline(never)
  func isImpossible(_ source: IPv4Address, _ frame: UnsafeRawPointer) -> Bool {
    if !source.isOfAHost || frame.octet(6) & 1 != 0 { return true }
    if (source.rawValue ^ address.rawValue) & networkMask == 0 {
      let host = source.rawValue & ~networkMask
      if host == 0 || host == ~networkMask { return true }
    }
    return false
  }

  /// Whether a frame is sent to us: to our MAC and to an address of ours.
  @inline(never)
  func isAddressed(_ frame: UnsafeRawPointer) -> Bool {
    MACAddress(frame.bigEndian64(0) &>> 16) == mac && has(IPv4Address(frame.bigEndian32(30)))
  }

  /// The `peers` entry of a frame's sender; nil when all are taken. Behind a MAC address of another network's senders there may be several.
  @inline(always)
  mutating func peer(of frame: UnsafeRawPointer, _ source: IPv4Address) -> UInt16? {
    let isOnLink = (source.rawValue ^ address.rawValue) & networkMask == 0
    return peers.index(of: MACAddress(frame.bigEndian64(4)), address: isOnLink ? source : IPv4Address(0))
  }

  /// What an ARP packet is to us.
  enum Hearing {
    /// It asked for us: the frame is our answer now, `ARPPacket.frameLength` octets long.
    case answered
    /// It has told something.
    case heard
    /// It asks for somebody else, or cannot be read.
    case foreign
  }

  /// Hears an ARP packet, and makes a request for one of our addresses its own answer.
  @inline(never)
  mutating func hear(_ frame: UnsafeMutableRawPointer, count: Int) -> Hearing {
    guard let arp = ARPPacket(UnsafeRawPointer(frame), count: count) else { return .foreign }
    heard(arp.senderAddress, arp.senderMAC)
    if arp.operation == .reply || arp.targetAddress == arp.senderAddress {
      statistics.add(arp.operation == .reply ? .arpRepliesReceived : .arpAnnouncementsReceived)
      return .heard
    }
    // No station is a group of them.
    guard has(arp.targetAddress), arp.senderMAC.isUnicast else { return .foreign }
    ARPPacket(.reply, from: mac, arp.targetAddress, to: arp.senderMAC, arp.senderAddress).write(to: frame)
    statistics.add(.arpAnswered)
    return .answered
  }

  /// Answers an echo request in place, without what lay behind its datagram. False: it is none to us.
  @inline(never)
  func answersEcho(_ packet: borrowing Packet) -> Bool {
    let frame = packet.bytes
    let source = IPv4Address(UnsafeRawPointer(frame).bigEndian32(26))
    let isFromItself = source.rawValue == UnsafeRawPointer(frame).bigEndian32(30)
    guard isAddressed(UnsafeRawPointer(frame)), !isFromItself, !isImpossible(source, frame), ICMP.answerEcho(frame) else { return false }
    statistics.add(.echoAnswered)
    packet.length = Ethernet.headerLength &+ Int(UnsafeRawPointer(frame).bigEndian16(Ethernet.headerLength &+ 2))
    return true
  }

  /// A station has told its MAC address: whoever is sent to at its address is sent to there from now on.
  private mutating func heard(_ address: IPv4Address, _ neighbour: MACAddress) {
    guard address.isOfAHost, neighbour.isUnicast else { return }
    if has(address) {
      if neighbour != mac { statistics.add(.addressConflicts) }
      return
    }
    // Who is sent to there is ourselves.
    guard neighbour != mac else { return }
    if let index = nextHops.index(of: address) { board.publish(index, neighbour.rawValue) }
    if peers.follow(address, to: neighbour) { statistics.add(.peersMoved) }
  }

  /// Takes from the board what any worker has heard since. True if a next hop has a new MAC address.
  @inline(always)
  mutating func learns(_ now: UInt64) -> Bool { board.version == boardVersion ? false : readBoard(now) }

  @inline(never)
  private mutating func readBoard(_ now: UInt64) -> Bool {
    boardVersion = board.version
    var isNews = false
    for index in 0..<nextHops.count {
      let entry = board.entry(index)
      let hop = nextHops.entries.base + index
      if entry == hop.pointee.entry { continue }
      hop.pointee.entry = entry
      let (wasKnown, wasSilent) = (hop.pointee.isKnown, hop.pointee.isSilent)
      let hasMoved = nextHops.heard(index, from: MACAddress(entry), now: now)
      if hasMoved {
        hop.pointee.isNews = true
        isNews = true
      }
      guard speaks else { continue }
      if hasMoved, wasKnown { statistics.add(.neighboursMoved) }
      if wasSilent { statistics.set(.neighboursSilent, statistics[.neighboursSilent] &- 1) }
    }
    nextHops.plan()
    return isNews
  }

  /// Asks for next hops and announces our addresses, as far as either is due; called once a millisecond.
  /// - Parameter seeks: those who never answered are asked for, too.
  @inline(never)
  mutating func speak<Port: PacketPort & ~Copyable>(_ now: UInt64, seeks: Bool, _ io: inout PacketQueue<Port>) {
    guard speaks else { return }
    if now >= nextHops.due { askNextHops(now, seeks: seeks, &io) }
    if announcements < Self.announcementRounds, now >= announcementDue { announce(now, &io) }
  }

  private mutating func askNextHops<Port: PacketPort & ~Copyable>(_ now: UInt64, seeks: Bool, _ io: inout PacketQueue<Port>) {
    for index in 0..<nextHops.count where seeks || nextHops.entries.base[index].isKnown {
      let hop = nextHops.entries.base + index
      let wasSilent = hop.pointee.isSilent
      let step = nextHops.step(index, now: now)
      if hop.pointee.isSilent, !wasSilent {
        statistics.add(.neighboursLost)
        statistics.add(.neighboursSilent)
      }
      switch step {
      case .nothing: break
      case .giveUp:
        statistics.set(.silentNeighbour, UInt64(hop.pointee.address.rawValue))
        if persists { hop.pointee.requests = 0 }
      case .ask(let destination):
        let request = ARPPacket(.request, from: mac, address, to: MACAddress(0), hop.pointee.address)
        if send(request, to: destination, &io) { statistics.add(.arpRequestsSent) }
      }
    }
    nextHops.plan()
  }

  /// Tells everyone who we are, some addresses a turn, so that caches that hold another MAC address for them are put right.
  private mutating func announce<Port: PacketPort & ~Copyable>(_ now: UInt64, _ io: inout PacketQueue<Port>) {
    var budget = Self.announcementsPerTurn
    while budget > 0, announcePosition < announced.count, !io.isCongested {
      let address = announced[announcePosition]
      guard send(ARPPacket(.request, from: mac, address, to: MACAddress(0), address), to: .broadcast, &io) else { return }
      statistics.add(.arpAnnouncementsSent)
      announcePosition &+= 1
      budget &-= 1
    }
    guard announcePosition == announced.count else { return }
    announcePosition = 0
    announcements &+= 1
    announcementDue = now &+ Self.announcementInterval
  }

  /// False: there was no buffer.
  private func send<Port: PacketPort & ~Copyable>(
    _ arp: ARPPacket, to destination: MACAddress, _ io: inout PacketQueue<Port>
  ) -> Bool {
    guard let packet = io.allocate() else {
      statistics.dropped(.noBuffer)
      return false
    }
    arp.write(to: packet.bytes, linkDestination: destination)
    packet.side = side
    io.send(packet, length: ARPPacket.frameLength)
    return true
  }
}

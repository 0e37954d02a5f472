/// The link headers to those whose SYNs the server role has answered: one for each MAC address, under an index that fits a connection.
///
/// Entry 0 is the looped wire's. An entry stays for the run; 32,767 of them are more than a link has stations. One that is seen with a single
/// address of our own network follows that address when ARP says that it has moved, and so does a router's, which others' segments come through,
/// by the address that ARP has told of it; behind any other there may be several stations.
struct PeerLinks: ~Copyable {
  private let links: Table<LinkHeader>
  private let addresses: Table<UInt64>
  /// Open addressing from a MAC address to its entry plus one.
  private let places: Table<UInt16>
  /// The one address of our own network that came from there; 0: none did; `.max`: several.
  private let owners: Table<UInt32>
  /// By a hash of the MAC address, whom ARP told of last: so that a router has an address before the first segment comes through it.
  private let told: Table<Told>
  private var count: Int
  /// Entries of `places` that are taken, those that are out of date included.
  private var placesTaken = 0
  private let source: MACAddress

  /// A station that ARP told of.
  struct Told: BitwiseCopyable {
    var mac: UInt64
    var address: UInt32
  }

  private static var toldCount: Int { 256 }
  private static var capacity: Int { 32_767 }
  private static var placeCount: Int { 65_536 }

  init(source: MACAddress) {
    links = Table(count: Self.capacity)
    addresses = Table(count: Self.capacity)
    places = Table(count: Self.placeCount)
    owners = Table(count: Self.capacity)
    told = Table(count: Self.toldCount)
    self.source = source
    links[0] = LinkHeader(destination: source, source: source)
    count = 1
  }

  @inline(always)
  func link(_ index: UInt16) -> LinkHeader { links[Int(index)] }

  /// The entry of this MAC address, from which a segment of `address` came (0.0.0.0: one of another network); nil when all are taken.
  @inline(never)
  mutating func index(of mac: MACAddress, address: IPv4Address) -> UInt16? {
    guard let index = index(of: mac) else { return nil }
    if address.rawValue == 0 {
      let told = told[Self.toldPlace(of: mac)]
      if owners[Int(index)] == 0, told.mac == mac.rawValue { owners[Int(index)] = told.address }
      return index
    }
    if owners[Int(index)] == address.rawValue { return index }
    owners[Int(index)] = owners[Int(index)] == 0 ? address.rawValue : .max
    return index
  }

  /// The station with this address has this MAC address. True if it is another than before: whom its entry belongs to are followed there.
  @inline(never)
  mutating func follow(_ address: IPv4Address, to mac: MACAddress) -> Bool {
    told[Self.toldPlace(of: mac)] = Told(mac: mac.rawValue, address: address.rawValue)
    for index in 1..<count where owners.base[index] == address.rawValue {
      if addresses.base[index] == mac.rawValue { return false }
      let before = addresses.base[index]
      addresses.base[index] = mac.rawValue
      // Where it was before it need not be entered again.
      if known(mac) == nil {
        // A table half full of what is out of date would be slow, and full when all stations come that there may be.
        guard placesTaken < Self.placeCount / 2 else {
          addresses.base[index] = before
          return false
        }
        enter(UInt16(truncatingIfNeeded: index), Self.place(of: mac))
      }
      links.base[index] = LinkHeader(destination: mac, source: source)
      return true
    }
    // Whom it stands for is known now, if nobody else did.
    if let index = known(mac), owners[Int(index)] == 0 { owners[Int(index)] = address.rawValue }
    return false
  }

  private static func toldPlace(of mac: MACAddress) -> Int { place(of: mac) & (toldCount &- 1) }

  private static func place(of mac: MACAddress) -> Int {
    Int(truncatingIfNeeded: (mac.rawValue &* 0x9e37_79b9_7f4a_7c15) &>> 48)
  }

  private mutating func enter(_ index: UInt16, _ first: Int) {
    var place = first
    while places[place] != 0 { place = (place &+ 1) & (Self.placeCount &- 1) }
    places[place] = index &+ 1
    placesTaken &+= 1
  }

  /// The entry of this MAC address; nil: there is none yet.
  private func known(_ mac: MACAddress) -> UInt16? {
    var place = Self.place(of: mac)
    while places[place] != 0 {
      let index = places[place] &- 1
      if addresses[Int(index)] == mac.rawValue { return index }
      place = (place &+ 1) & (Self.placeCount &- 1)
    }
    return nil
  }

  /// The entry of this MAC address; nil when all are taken.
  @inline(never)
  mutating func index(of mac: MACAddress) -> UInt16? {
    if let index = known(mac) { return index }
    guard count < Self.capacity, placesTaken < 7 &* (Self.placeCount / 8) else { return nil }
    let index = UInt16(truncatingIfNeeded: count)
    count &+= 1
    addresses[Int(index)] = mac.rawValue
    links[Int(index)] = LinkHeader(destination: mac, source: source)
    enter(index, Self.place(of: mac))
    return index
  }
}

/// The link headers to those whose SYNs the server role has answered: one for each MAC address, under an index that fits a connection.
///
/// Entry 0 is the looped wire's. An entry stays for the run; 32,767 of them are more than a link has stations.
struct PeerLinks: ~Copyable {
  private let links: Table<LinkHeader>
  private let addresses: Table<UInt64>
  /// Open addressing from a MAC address to its entry plus one.
  private let places: Table<UInt16>
  private var count: Int
  private let source: MACAddress

  private static var capacity: Int { 32_767 }
  private static var placeCount: Int { 65_536 }

  init(source: MACAddress) {
    links = Table(count: Self.capacity)
    addresses = Table(count: Self.capacity)
    places = Table(count: Self.placeCount)
    self.source = source
    links[0] = LinkHeader(destination: source, source: source)
    count = 1
  }

  @inline(always)
  func link(_ index: UInt16) -> LinkHeader { links[Int(index)] }

  /// The entry of this MAC address; nil when all are taken.
  @inline(never)
  mutating func index(of mac: MACAddress) -> UInt16? {
    var place = Int(truncatingIfNeeded: (mac.rawValue &* 0x9e37_79b9_7f4a_7c15) &>> 48)
    while places[place] != 0 {
      let index = places[place] &- 1
      if addresses[Int(index)] == mac.rawValue { return index }
      place = (place &+ 1) & (Self.placeCount &- 1)
    }
    guard count < Self.capacity else { return nil }
    let index = UInt16(truncatingIfNeeded: count)
    count &+= 1
    addresses[Int(index)] = mac.rawValue
    links[Int(index)] = LinkHeader(destination: mac, source: source)
    places[place] = index &+ 1
    return index
  }
}

/// Where the server role listens: a bit for each TCP port, and the addresses it has.
struct Listeners: ~Copyable {
  /// The host's own address, which comes first.
  let address: IPv4Address
  private let ports: Table<UInt64>
  /// Further addresses.
  private let ranges: Table<AddressRange>
  private let rangeCount: Int

  init(_ address: IPv4Address, others: [AddressRange], ports list: [ClosedRange<UInt16>]) {
    self.address = address
    ports = Table(count: 1_024)
    ranges = Table(count: others.count)
    rangeCount = others.count
    for (index, range) in others.enumerated() { ranges[index] = range }
    for port in list.joined() where port != 0 { ports[Int(port >> 6)] |= 1 << UInt64(port & 63) }
  }

  @inline(always)
  func has(_ port: UInt16) -> Bool { ports[Int(port &>> 6)] &>> UInt64(port & 63) & 1 == 1 }

  @inline(always)
  func has(_ address: IPv4Address) -> Bool { address == self.address || isFurther(address) }

  @inline(always)
  private func isFurther(_ address: IPv4Address) -> Bool {
    for index in 0..<rangeCount where ranges.base[index].first <= address && address <= ranges.base[index].last { return true }
    return false
  }
}

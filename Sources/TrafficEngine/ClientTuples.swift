/// A client's end of a connection.
struct ClientTuple: BitwiseCopyable, Sendable {
  var address: IPv4Address
  var port: UInt16
}

/// The client role's addresses and ports, one after the other and around again: constant memory, however large the ranges.
struct ClientTuples: ~Copyable {
  private let ranges: Table<AddressRange>
  private var range = 0
  private(set) var current: ClientTuple
  private let firstPort: UInt16
  private let lastPort: UInt16

  init(_ settings: PortSettings, worker: Int, workers: Int, seed: UInt64) {
    ranges = Table(count: settings.clients.count)
    for (index, range) in settings.clients.enumerated() { ranges[index] = range }
    let width = 64_512 / workers
    firstPort = UInt16(1024 + worker * width)
    lastPort = UInt16(1024 + worker * width + width - 1)
    current = ClientTuple(address: ranges[0].first, port: firstPort)
  }

  /// Goes on to the next: the address changes first, then the port.
  @inline(always)
  mutating func advance() {
    if current.address < ranges[range].last {
      current.address = IPv4Address(current.address.rawValue &+ 1)
      return
    }
    range &+= 1
    if range == ranges.count {
      range = 0
      current.port = current.port == lastPort ? firstPort : current.port &+ 1
    }
    current.address = ranges[range].first
  }

  func contains(_ address: IPv4Address) -> Bool {
    for index in 0..<ranges.count where ranges[index].first <= address && address <= ranges[index].last { return true }
    return false
  }
}

/// Which worker a segment belongs to, told from the segment alone.
struct Ownership: ~Copyable {
  private enum Rule {
    case ports(PortSteering)
    /// Those that each worker has of its own, which may be where it listens.
    case addresses(listensThere: Bool)
    /// What the port's own hash says.
    case hash
  }

  private let rule: Rule
  private let rss: RSSTable?
  private let listeners: Listeners
  /// First address, last address and worker of each run of addresses, when these tell.
  private let shares: Table<OwnedAddresses>
  private let shareCount: Int

  /// What can be wrong with addresses and ports, Configuration has refused.
  ///
  /// - Parameters:
  ///   - hash: what the port spreads by, if that is known.
  ///   - listening: TCP ports of the port's own addresses where clients are accepted.
  ///   - listensOnOwnAddress: with steering by address, each worker at the address that is its own.
  init(
    _ port: PortSettings, workers: Int, hash: PortHash?, listening: [ClosedRange<UInt16>], listensOnOwnAddress: Bool
  ) throws(SteeringError) {
    var runs: [OwnedAddresses] = []
    let rule: Rule
    if port.steersByAddress {
      let shares = try port.addressShares(workers: workers)
      for worker in 0..<workers {
        let own = IPv4Address(port.address.rawValue &+ UInt32(worker))
        if listensOnOwnAddress { runs.append(OwnedAddresses(first: own, last: own, worker: worker)) }
        runs += shares.ranges(ofWorker: worker).map { OwnedAddresses(first: $0.lowerBound, last: $0.upperBound, worker: worker) }
      }
      rule = .addresses(listensThere: listensOnOwnAddress)
    } else if hash != nil {
      rule = .hash
    } else {
      rule = .ports(try PortSteering(mask: port.dstPortMask, workers: workers))
    }
    let table = try Self.table(hash, workers: workers)
    self.rule = rule
    rss = table
    listeners = Listeners(port.address, others: port.servers, ports: listening)
    shares = Table(count: runs.count)
    shareCount = runs.count
    for (index, run) in runs.enumerated() { shares[index] = run }
  }

  private static func table(_ hash: PortHash?, workers: Int) throws(SteeringError) -> RSSTable? {
    guard let hash else { return nil }
    return try RSSTable(key: hash.key, entries: hash.entries, queues: workers)
  }

  /// Nil: the segment does not tell. What clients send to the server role is for the worker that their SYN arrived at.
  @inline(__always)
  func owner(of segment: UnsafePointer<TCPSegment>) -> Int? {
    switch rule {
    case .addresses(let listensThere):
      if !listensThere, isToServer(segment) { return nil }
      let address = segment.pointee.destination
      for index in 0..<shareCount where shares[index].first <= address && address <= shares[index].last { return shares[index].worker }
      return nil
    case .ports(let steering):
      return isToServer(segment) ? nil : steering.owner(of: segment.pointee.destinationPort)
    case .hash:
      return isToServer(segment) ? nil : queue(of: segment.pointee.key)
    }
  }

  /// The queue on which a port with a known hash delivers segments with this key; nil: the hash is not known.
  @inline(__always)
  func queue(of key: FlowKey) -> Int? {
    switch rss {
    case .some(let table):
      table.queue(
        source: key.source, sourcePort: key.sourcePort, destination: key.destination, destinationPort: key.destinationPort)
    case .none: nil
    }
  }

  private func isToServer(_ segment: UnsafePointer<TCPSegment>) -> Bool {
    listeners.has(segment.pointee.destinationPort) && listeners.has(segment.pointee.destination)
  }
}

/// Addresses of one worker, first to last.
struct OwnedAddresses: BitwiseCopyable {
  var first: IPv4Address
  var last: IPv4Address
  var worker: Int
}

/// One end of a connection to be opened.
public struct ClientEndpoint: Hashable, Sendable, BitwiseCopyable {
  public var address: IPv4Address
  public var port: UInt16

  @inline(__always)
  public init(address: IPv4Address, port: UInt16) {
    self.address = address
    self.port = port
  }
}

/// Walks the client addresses and source ports that one worker opens connections from, around and around.
///
/// The address changes first, so that connections opened one after another spread over the addresses; after the last address comes the
/// worker's next port. Each pair comes exactly once in `tuplesPerCycle`. Which of them are still in use is not known here. Its state does
/// not grow with the addresses; a step costs a few ticks, and with a reply filter as many times a candidate's seven loads as there are
/// queues, on the average.
public struct SourcePortChooser: ~Copyable, @unchecked Sendable {
  private struct Position: BitwiseCopyable {
    var range: Int
    var address: UInt32
    var port: UInt16
  }

  private let ranges: UnsafeMutablePointer<ClosedRange<IPv4Address>>
  private let rangeCount: Int
  private let ports: WorkerPorts
  private let filter: ReplyFilter?
  private let isFiltered: Bool
  /// What the next step looks at first.
  private var position: Position
  /// Pairs of address and port in a walk.
  public let tuplesPerCycle: Int

  /// All ports from 1024 on, of addresses that belong to this worker alone, or of a worker that is alone. There is at least one address
  /// (`noAddresses`), and no range overlaps another (`addressInTwoRanges`).
  public init(addresses: [ClosedRange<IPv4Address>]) throws(SteeringError) {
    try self.init(addresses, .all, nil)
  }

  /// The ports that belong to a worker by their mask, of addresses that all workers share. Errors as above.
  public init(addresses: [ClosedRange<IPv4Address>], steering: PortSteering, worker: Int) throws(SteeringError) {
    try self.init(addresses, steering.ports(ofWorker: worker), nil)
  }

  /// The pairs of address and port, from 1024 on, for which the server's replies arrive on `queue`. Errors as above, and `queueOutOfRange`,
  /// and `noReplyReachesQueue` when there is none. Reads every address once.
  public init(
    addresses: [ClosedRange<IPv4Address>], repliesTo queue: Int, of table: consuming RSSTable, from server: IPv4Address, port: UInt16
  ) throws(SteeringError) {
    try self.init(addresses, .all, ReplyFilter(table: table, queue: queue, server: server, serverPort: port))
  }

  private init(_ addresses: [ClosedRange<IPv4Address>], _ ports: WorkerPorts, _ filter: consuming ReplyFilter?) throws(SteeringError) {
    guard let first = addresses.first else { throw .noAddresses }
    try Self.refuseOverlap(addresses)
    switch filter {
    case .some(let filter):
      tuplesPerCycle = try filter.count(addresses, ports)
      isFiltered = true
    case .none:
      tuplesPerCycle = addresses.reduce(0) { $0 + Self.count($1) } * ports.count
      isFiltered = false
    }
    ranges = .allocate(capacity: addresses.count)
    ranges.initialize(from: addresses, count: addresses.count)
    rangeCount = addresses.count
    self.ports = ports
    self.filter = filter
    position = Position(range: 0, address: first.lowerBound.rawValue, port: ports.first)
  }

  deinit { ranges.deallocate() }

  /// Goes on from a port that `draw` chooses, any number: one that is no service's, if there is any. A program that is started again and begins
  /// elsewhere than before does not meet, at servers, the connections of its last run that are in TIME-WAIT; and a stranger cannot tell the
  /// port (RFC 6056 2.1).
  public mutating func begin(at draw: UInt64) {
    let candidates = ports.dynamicCount > 0 ? ports.dynamicCount : ports.count
    let index = ports.count - candidates + Int(draw % UInt64(candidates))
    position = Position(range: 0, address: ranges[0].lowerBound.rawValue, port: ports[index])
  }

  /// The next pair.
  @inline(__always)
  public mutating func next() -> ClientEndpoint {
    let endpoint = ClientEndpoint(address: IPv4Address(position.address), port: position.port)
    step()
    return rarely(isFiltered) ? nextAccepted(endpoint) : endpoint
  }

  /// What the next pair will be, where there is no filter: for a prefetch.
  @inline(__always)
  public var upcoming: ClientEndpoint { ClientEndpoint(address: IPv4Address(position.address), port: position.port) }

  /// The first, from this one on, that the filter lets through.
  @inline(never)
  private mutating func nextAccepted(_ first: ClientEndpoint) -> ClientEndpoint {
    var endpoint = first
    while !accepts(endpoint) {
      endpoint = ClientEndpoint(address: IPv4Address(position.address), port: position.port)
      step()
    }
    return endpoint
  }

  /// Whether the address is one of these.
  public func contains(_ address: IPv4Address) -> Bool {
    for index in 0..<rangeCount where ranges[index].lowerBound <= address && address <= ranges[index].upperBound { return true }
    return false
  }

  @inline(__always)
  private func accepts(_ endpoint: ClientEndpoint) -> Bool {
    switch filter {
    case .some(let filter): filter.accepts(endpoint.address, endpoint.port)
    case .none: true
    }
  }

  @inline(__always)
  private mutating func step() {
    if usually(position.address < ranges[position.range].upperBound.rawValue) {
      position.address &+= 1
    } else {
      leaveRange()
    }
  }

  /// The first address of the next range, or of the first one with the next port.
  @inline(never)
  private mutating func leaveRange() {
    position.range &+= 1
    if position.range == rangeCount {
      position.range = 0
      position.port = ports.next(after: position.port) ?? ports.first
    }
    position.address = ranges[position.range].lowerBound.rawValue
  }

  private static func count(_ range: ClosedRange<IPv4Address>) -> Int {
    Int(range.upperBound.rawValue) - Int(range.lowerBound.rawValue) + 1
  }

  private static func refuseOverlap(_ addresses: [ClosedRange<IPv4Address>]) throws(SteeringError) {
    let sorted = addresses.sorted { $0.lowerBound < $1.lowerBound }
    for (range, next) in zip(sorted, sorted.dropFirst()) where next.lowerBound <= range.upperBound {
      throw .addressInTwoRanges(next.lowerBound)
    }
  }
}

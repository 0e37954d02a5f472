/// The client addresses of each worker, where each has an address of its own: that one, if it is among the clients, and of the others a share:
/// runs as even as possible, in the order in which they are given.
public struct AddressShares: Hashable, Sendable {
  private let steering: AddressSteering
  /// Clients that are no worker's own.
  private let others: [ClosedRange<IPv4Address>]
  private let otherCount: Int
  private let ownClients: [Bool]

  /// Ranges of addresses without overlap, so many that each worker gets at least one (`noAddresses`).
  public init(_ clients: [ClosedRange<IPv4Address>], _ steering: AddressSteering) throws(SteeringError) {
    self.steering = steering
    let first = steering.first.rawValue
    let end = first + UInt32(steering.workers)
    others = clients.flatMap { range in
      var parts: [ClosedRange<IPv4Address>] = []
      if range.lowerBound.rawValue < first {
        parts.append(range.lowerBound...IPv4Address(min(range.upperBound.rawValue, first - 1)))
      }
      if range.upperBound.rawValue >= end { parts.append(IPv4Address(max(range.lowerBound.rawValue, end))...range.upperBound) }
      return parts
    }
    otherCount = others.reduce(0) { $0 + Self.count($1) }
    ownClients = (0..<steering.workers).map { worker in clients.contains { $0.contains(steering.address(ofWorker: worker)) } }
    for worker in 0..<steering.workers where ranges(ofWorker: worker).isEmpty { throw .noAddresses }
  }

  /// A worker's client addresses.
  public func ranges(ofWorker worker: Int) -> [ClosedRange<IPv4Address>] {
    let own = steering.address(ofWorker: worker)
    var shares = ownClients[worker] ? [own...own] : []
    let first = worker * otherCount / steering.workers
    let end = (worker + 1) * otherCount / steering.workers
    var position = 0
    for range in others {
      let from = max(first, position)
      let to = min(end, position + Self.count(range))
      if from < to {
        let base = Int(range.lowerBound.rawValue) - position
        shares.append(IPv4Address(UInt32(base + from))...IPv4Address(UInt32(base + to - 1)))
      }
      position += Self.count(range)
    }
    return shares
  }

  /// A rule for each worker's own address and for each of its clients; none for a worker that is alone.
  public var rules: [SteeringRule] {
    guard steering.workers > 1 else { return [] }
    return steering.rules + clientRules.filter { $0.match != .destinationAddress(steering.address(ofWorker: $0.queue)) }
  }

  /// A rule for each client address.
  public var clientRules: [SteeringRule] {
    guard steering.workers > 1 else { return [] }
    return (0..<steering.workers).flatMap { worker in
      ranges(ofWorker: worker).flatMap { $0.lowerBound.rawValue...$0.upperBound.rawValue }
        .map { SteeringRule(match: .destinationAddress(IPv4Address($0)), queue: worker) }
    }
  }

  /// How many rules that would be.
  public var ruleCount: Int { steering.workers + otherCount }

  private static func count(_ range: ClosedRange<IPv4Address>) -> Int {
    Int(range.upperBound.rawValue) - Int(range.lowerBound.rawValue) + 1
  }
}

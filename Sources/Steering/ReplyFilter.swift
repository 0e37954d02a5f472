/// Which client addresses and ports have a server's replies arrive on one queue of a port that spreads them by RSS.
struct ReplyFilter: ~Copyable {
  private let table: RSSTable
  private let queue: Int
  /// The part of a reply's hash that stays: the server's address and port, its source.
  private let server: UInt32

  /// The filter for a queue of the table (`queueOutOfRange`).
  init(table: consuming RSSTable, queue: Int, server: IPv4Address, serverPort: UInt16) throws(SteeringError) {
    guard queue >= 0, queue < table.queues else { throw .queueOutOfRange(queue) }
    self.server = table.hash.source(server) ^ table.hash.sourcePort(serverPort)
    self.queue = queue
    self.table = table
  }

  /// Whether replies to this address and port arrive on the queue. Costs seven loads.
  @inline(__always)
  func accepts(_ address: IPv4Address, _ port: UInt16) -> Bool {
    table.queue(ofHash: server ^ table.hash.destination(address) ^ table.hash.destinationPort(port)) == queue
  }

  /// How many of the pairs of these addresses and ports are accepted; `noReplyReachesQueue` when none is. As the hash is linear, it is
  /// enough to count how often each table index comes from an address and from a port. Costs a step for each address and port, and one
  /// for each pair of table entries.
  func count(_ ranges: [ClosedRange<IPv4Address>], _ ports: WorkerPorts) throws(SteeringError) -> Int {
    var fromAddresses = [Int](repeating: 0, count: table.size)
    for range in ranges {
      for address in range.lowerBound.rawValue...range.upperBound.rawValue {
        fromAddresses[index(table.hash.destination(IPv4Address(address)))] += 1
      }
    }
    var fromPorts = [Int](repeating: 0, count: table.size)
    for port in ports { fromPorts[index(table.hash.destinationPort(port))] += 1 }

    var count = 0
    for a in 0..<table.size where fromAddresses[a] > 0 {
      for p in 0..<table.size where table[index(server) ^ a ^ p] == queue { count += fromAddresses[a] * fromPorts[p] }
    }
    guard count > 0 else { throw .noReplyReachesQueue(queue) }
    return count
  }

  private func index(_ hash: UInt32) -> Int { Int(hash) & (table.size - 1) }
}

/// Receive-side scaling as a port does it: the Toeplitz hash of a packet, whose low bits choose an entry of the redirection table, which
/// names a queue.
public struct RSSTable: ~Copyable, @unchecked Sendable {
  /// The most entries a redirection table has.
  public static let maximumSize = 4096

  public let key: RSSKey
  /// Entries; a power of two.
  public let size: Int
  /// Queues; the entries name 0 ..< `queues`.
  public let queues: Int
  public let hash: ToeplitzHash
  private let entries: UnsafeMutablePointer<UInt16>

  /// A table of these entries, to be told to the port or read from it. The size is a power of two up to `maximumSize`
  /// (`redirectionTableSize`), each entry less than `queues` (`queueOutOfRange`).
  public init(key: RSSKey = .microsoft, entries: [UInt16], queues: Int) throws(SteeringError) {
    let size = entries.count
    try Self.check(size: size)
    for entry in entries where Int(entry) >= queues { throw .queueOutOfRange(Int(entry)) }
    self.key = key
    self.size = size
    self.queues = queues
    hash = ToeplitzHash(key: key)
    self.entries = .allocate(capacity: size)
    self.entries.initialize(from: entries, count: size)
  }

  /// A table whose entries name the queues in turn, as drivers set it up. At least one queue (`noWorkers`), and no more than entries
  /// (`queueOutOfRange`).
  public init(key: RSSKey = .microsoft, size: Int = 128, queues: Int) throws(SteeringError) {
    guard queues > 0 else { throw .noWorkers }
    try Self.check(size: size)
    guard queues <= size else { throw .queueOutOfRange(queues - 1) }
    try self.init(key: key, entries: (0..<size).map { UInt16(truncatingIfNeeded: $0 % queues) }, queues: queues)
  }

  deinit { entries.deallocate() }

  private static func check(size: Int) throws(SteeringError) {
    guard size > 0, size <= maximumSize, size & (size - 1) == 0 else { throw .redirectionTableSize(size) }
  }

  /// The queue that an entry names.
  public subscript(entry: Int) -> Int {
    precondition(entry >= 0 && entry < size)
    return Int(entries[entry])
  }

  /// The queue of packets with this hash. Costs a load.
  @inline(__always)
  public func queue(ofHash hash: UInt32) -> Int {
    Int(entries[Int(truncatingIfNeeded: hash) & (size &- 1)])
  }

  /// The queue on which a packet with these addresses and ports arrives.
  @inline(__always)
  public func queue(
    source: IPv4Address, sourcePort: UInt16, destination: IPv4Address, destinationPort: UInt16
  ) -> Int {
    queue(
      ofHash: hash.value(source: source, sourcePort: sourcePort, destination: destination, destinationPort: destinationPort))
  }
}

/// Why workers cannot be told apart as asked, or a worker has nothing to open connections from. Thrown at set-up only.
public enum SteeringError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Octets that a key was given.
  case keyLength(Int)
  /// Entries that a redirection table was given.
  case redirectionTableSize(Int)
  /// A queue that is not among the queues.
  case queueOutOfRange(Int)
  case noWorkers
  case portMaskZero
  case portMaskNotContiguous(UInt16)
  case portMaskTooNarrow(values: Int, workers: Int)
  /// All ports of this worker are below 1024.
  case workerWithoutPorts(Int)
  case prefixLength(Int)
  case addressOutsideNetwork(IPv4Address)
  case networkAddress(IPv4Address)
  case broadcastAddress(IPv4Address)
  case noAddresses
  /// An address that two client ranges hold.
  case addressInTwoRanges(IPv4Address)
  /// No client address and port bring the server's replies to this queue.
  case noReplyReachesQueue(Int)

  public var description: String {
    switch self {
    case .keyLength(let count): "an RSS key has 40 or 52 octets, not \(count)"
    case .redirectionTableSize(let count):
      "an RSS redirection table has a power of two of entries, at most \(RSSTable.maximumSize), not \(count)"
    case .queueOutOfRange(let queue): "there is no queue \(queue)"
    case .noWorkers: "at least one worker is needed"
    case .portMaskZero: "a port mask of 0 tells no workers apart"
    case .portMaskNotContiguous(let mask): "the bits of the port mask 0x\(String(mask, radix: 16)) are not contiguous"
    case .portMaskTooNarrow(let values, let workers): "the port mask has \(values) values, too few for \(workers) workers"
    case .workerWithoutPorts(let worker): "the port mask leaves worker \(worker) no port of 1024 or above"
    case .prefixLength(let length): "a prefix length is 0 to 32, not \(length)"
    case .addressOutsideNetwork(let address): "\(address), needed for a worker, lies outside the port's network"
    case .networkAddress(let address): "\(address), needed for a worker, is the network's own address"
    case .broadcastAddress(let address): "\(address), needed for a worker, is the network's broadcast address"
    case .noAddresses: "at least one client address is needed"
    case .addressInTwoRanges(let address): "\(address) lies in two client ranges"
    case .noReplyReachesQueue(let queue): "no client address and port bring replies to queue \(queue)"
    }
  }
}

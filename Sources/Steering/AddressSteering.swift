/// Steering by destination address ("Ip"): worker i has the port's own address plus i.
public struct AddressSteering: Hashable, Sendable, BitwiseCopyable {
  /// The address of worker 0.
  public let first: IPv4Address
  public let workers: Int

  /// Steering of 1 or more workers (`noWorkers`) by addresses from `own` on, all within the network of `own` that the prefix length, 0 to
  /// 32 (`prefixLength`), says (`addressOutsideNetwork`). Unless the network has no such (RFC 3021 2.1), none is its own address or its
  /// broadcast address (`networkAddress`, `broadcastAddress`).
  public init(own: IPv4Address, prefixLength: Int, workers: Int) throws(SteeringError) {
    guard workers > 0 else { throw .noWorkers }
    guard (0...32).contains(prefixLength) else { throw .prefixLength(prefixLength) }
    let hosts = UInt32.max >> UInt32(prefixLength)
    let network = own.rawValue & ~hosts
    let broadcast = own.rawValue | hosts
    let room = Int(broadcast - own.rawValue) + 1
    guard workers <= room else { throw .addressOutsideNetwork(IPv4Address(broadcast &+ 1)) }
    if prefixLength <= 30 {
      guard own.rawValue != network else { throw .networkAddress(own) }
      guard workers < room else { throw .broadcastAddress(IPv4Address(broadcast)) }
    }
    first = own
    self.workers = workers
  }

  /// The address of a worker.
  @inline(__always)
  public func address(ofWorker worker: Int) -> IPv4Address {
    IPv4Address(first.rawValue &+ UInt32(truncatingIfNeeded: worker))
  }

  /// The worker that an address belongs to; nil when it is none of ours.
  @inline(__always)
  public func owner(of address: IPv4Address) -> Int? {
    let worker = Int(address.rawValue &- first.rawValue)
    return worker < workers ? worker : nil
  }
}

/// A rule for the port: packets that match go to a queue, that of worker `queue`. Said by rte_flow as eth / ipv4 / tcp to a queue action.
public struct SteeringRule: Hashable, Sendable {
  public enum Match: Hashable, Sendable {
    /// The destination port, masked, is this value.
    case destinationPort(value: UInt16, mask: UInt16)
    case destinationAddress(IPv4Address)
  }

  public var match: Match
  public var queue: Int

  public init(match: Match, queue: Int) {
    self.match = match
    self.queue = queue
  }
}

extension PortSteering {
  /// A rule for each value under the mask; none for a worker that is alone. All have the same mask, because there are ports, Intel's 82599
  /// among them, that take one mask for all their rules.
  public var rules: [SteeringRule] {
    guard workers > 1 else { return [] }
    return (0..<values).map { value in
      SteeringRule(match: .destinationPort(value: bits(ofValue: value), mask: mask), queue: owner(ofValue: value))
    }
  }
}

extension AddressSteering {
  /// A rule for each worker's address; none for a worker that is alone.
  public var rules: [SteeringRule] {
    guard workers > 1 else { return [] }
    return (0..<workers).map { worker in
      SteeringRule(match: .destinationAddress(address(ofWorker: worker)), queue: worker)
    }
  }
}

/// A server that connections are handed to.
public struct ServerTarget: Sendable, Equatable {
  public var name: String
  /// IPv4, in host order.
  public var address: UInt32
  public var port: UInt16
  /// Its share of connections, beside the others': 1 to 256.
  public var weight: Int
  /// Connections open at once, all workers together. 0: any number.
  public var maximumConnections: Int

  public init(name: String, address: UInt32, port: UInt16, weight: Int = 1, maximumConnections: Int = 0) {
    self.name = name
    self.address = address
    self.port = port
    self.weight = weight
    self.maximumConnections = maximumConnections
  }
}

/// How a group chooses.
public enum SelectionAlgorithm: String, Sendable, CaseIterable, BitwiseCopyable {
  /// One after the other; weights do not count.
  case roundRobin = "round_robin"
  /// In proportion to their weights, evenly spread.
  case weightedRoundRobin = "weighted_round_robin"
  /// The one with the fewest open connections for its weight.
  case leastConnections = "least_connections"
  /// By the client's address, in proportion to weights.
  case sourceHash = "source_hash"
  /// Maglev: by the client's address, or by a key from the payload; few move when a server comes or goes.
  case consistentHash = "consistent_hash"
}

/// Servers that do the same.
public struct ServerGroupSettings: Sendable, Equatable {
  public var name: String
  public var algorithm: SelectionAlgorithm
  /// Of `ServerSettings.targets`, by number. A target may be in several groups: what is open there, and its health, is counted once.
  public var targets: [Int]
  /// Entries of the consistent hash: a prime.
  public var tableSize: Int

  public static var defaultTableSize: Int { 65_537 }

  public init(name: String, algorithm: SelectionAlgorithm, targets: [Int], tableSize: Int = defaultTableSize) {
    self.name = name
    self.algorithm = algorithm
    self.targets = targets
    self.tableSize = tableSize
  }
}

/// When a server is taken out, and for how long.
public struct PassiveHealth: Sendable, Equatable {
  /// Failures in a row. 0: it never is.
  public var maximumFails: Int
  /// Milliseconds.
  public var failTimeout: Int

  public init(maximumFails: Int = 3, failTimeout: Int = 10_000) {
    self.maximumFails = maximumFails
    self.failTimeout = failTimeout
  }
}

/// All servers of a proxy.
public struct ServerSettings: Sendable, Equatable {
  public var targets: [ServerTarget]
  public var groups: [ServerGroupSettings]
  public var health: PassiveHealth

  public init(targets: [ServerTarget], groups: [ServerGroupSettings], health: PassiveHealth = PassiveHealth()) {
    self.targets = targets
    self.groups = groups
    self.health = health
  }
}

/// Why servers cannot be used.
public struct ServerSettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
}

extension ServerSettings {
  /// Throws what is wrong, in one sentence.
  public func validate(workers: Int) throws(ServerSettingsError) {
    try check(targets.count <= 65_535, "there are \(targets.count) targets: at most 65535 are possible")
    for target in targets {
      try check(1...256 ~= target.weight, "target \(target.name): weight must be 1 to 256, not \(target.weight)")
      let most = target.maximumConnections
      try check(0...Int(Int32.max) ~= most, "target \(target.name): max_connections must be 0 to 2147483647, not \(most)")
      try check(
        most == 0 || most >= workers,
        "target \(target.name): max_connections is \(most), and each of \(workers) workers needs at least one of them")
    }
    try check(groups.count <= 255, "there are \(groups.count) groups: at most 255 are possible")
    for group in groups { try validate(group) }
    try check(0...65_535 ~= health.maximumFails, "max_fails must be 0 to 65535, not \(health.maximumFails)")
    try check(1...86_400_000 ~= health.failTimeout, "fail_timeout must be 1 ms to a day, not \(health.failTimeout) ms")
  }

  private func validate(_ group: ServerGroupSettings) throws(ServerSettingsError) {
    try check(!group.targets.isEmpty, "group \(group.name) has no target")
    for target in group.targets {
      try check(targets.indices.contains(target), "group \(group.name): there is no target \(target)")
    }
    try check(Set(group.targets).count == group.targets.count, "group \(group.name) names a target twice")
    guard group.algorithm == .consistentHash else { return }
    let size = group.tableSize
    try check(
      251...5_000_011 ~= size && Self.isPrime(size), "group \(group.name): table_size must be a prime from 251 to 5000011, not \(size)")
    try check(
      size >= group.targets.count,
      "group \(group.name): table_size must be at least the number of targets, \(group.targets.count), not \(size)")
  }

  private func check(_ isRight: Bool, _ text: @autoclosure () -> String) throws(ServerSettingsError) {
    guard isRight else { throw ServerSettingsError(description: text()) }
  }

  private static func isPrime(_ number: Int) -> Bool {
    guard number > 3, number % 2 == 1 else { return number == 2 || number == 3 }
    var divisor = 3
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 2
    }
    return true
  }
}

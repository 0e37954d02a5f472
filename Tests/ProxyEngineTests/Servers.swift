@testable import TCPEngine

/// Groups of servers as a test asks them: addresses 10.0.0.1 and on, a millisecond a tick.
final class Servers {
  private var groups: ServerGroups

  init(
    _ algorithm: SelectionAlgorithm, weights: [Int], most: [Int: Int] = [:], fails: Int = 3, timeout: Int = 1_000, tableSize: Int = 251,
    worker: Int = 0, workers: Int = 1
  ) throws {
    let targets = weights.enumerated().map {
      ServerTarget(name: "s\($0)", address: 0x0a00_0001 + UInt32($0), port: 80, weight: $1, maximumConnections: most[$0] ?? 0)
    }
    let group = ServerGroupSettings(name: "g", algorithm: algorithm, targets: Array(weights.indices), tableSize: tableSize)
    let settings = ServerSettings(
      targets: targets, groups: [group], health: PassiveHealth(maximumFails: fails, failTimeout: timeout))
    groups = try ServerGroups(settings, worker: worker, workers: workers, ticksPerMillisecond: 1)
  }

  /// A target, and the connection to it opened.
  func next(from address: UInt32 = 1, key: UInt32 = 0, tried: Set<UInt16> = [], now: UInt64 = 0) -> UInt16? {
    let bits = tried.reduce(0) { $0 | ServerGroups.bit(of: $1) }
    let target = groups.select(group: 0, clientAddress: address, key: key, tried: bits, now: now)
    if let target { groups.opened(target) }
    return target
  }

  func next(_ count: Int, tried: Set<UInt16> = [], now: UInt64 = 0) -> [UInt16?] {
    (0..<count).map { _ in next(tried: tried, now: now) }
  }

  // What a test asks of the groups is passed on, as an expectation cannot hold what is not copied.

  func opened(_ target: UInt16) { groups.opened(target) }
  func closed(_ target: UInt16, isDecided: Bool = false) { groups.closed(target, isDecided: isDecided) }
  func failed(_ target: UInt16, now: UInt64) { groups.failed(target, now: now) }
  func succeeded(_ target: UInt16) { groups.succeeded(target) }
  func isOut(_ target: UInt16) -> Bool { groups.isOut(target) }
  func open(at target: UInt16) -> UInt32 { groups.open(at: target) }
  func counters(of target: UInt16) -> TargetCounters { groups.counters(of: target) }
}

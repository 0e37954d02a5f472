import Testing

@testable import TCPEngine

@Suite struct HealthTests {
  /// A connection that the target refuses.
  private func fail(_ servers: Servers, _ target: UInt16, now: UInt64) {
    servers.opened(target)
    servers.failed(target, now: now)
    servers.closed(target)
  }

  @Test func failuresInARowTakeATargetOut() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 3)
    for _ in 0..<2 { fail(servers, 0, now: 0) }
    #expect(servers.next(2) == [0, 1])
    servers.succeeded(0)
    for _ in 0..<2 { fail(servers, 0, now: 0) }
    #expect(!servers.isOut(0))
    fail(servers, 0, now: 0)
    #expect(servers.isOut(0))
    #expect(servers.next(3, now: 999) == [1, 1, 1])
    #expect(servers.counters(of: 0) == TargetCounters(chosen: 1, failed: 5, takenOut: 1))
    #expect(servers.counters(of: 1) == TargetCounters(chosen: 4, failed: 0, takenOut: 0))
  }

  @Test func oneTrialLetsItBack() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 1, timeout: 1_000)
    fail(servers, 0, now: 0)
    #expect(servers.next(3, now: 1_000) == [0, 1, 1], "one only")
    servers.succeeded(0)
    #expect(!servers.isOut(0))
    #expect(servers.next(2, now: 1_001) == [0, 1])
  }

  @Test func aTrialThatFailsKeepsItOut() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 3, timeout: 1_000)
    for _ in 0..<3 { fail(servers, 0, now: 0) }
    #expect(servers.next(now: 1_500) == 0)
    servers.failed(0, now: 1_600)
    servers.closed(0)
    #expect(servers.next(2, now: 2_599) == [1, 1])
    #expect(servers.next(2, now: 2_600) == [0, 1])
    #expect(servers.counters(of: 0).takenOut == 1, "it was never back")
  }

  @Test func aTrialWithoutOutcomeIsFollowedByAnother() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 1, timeout: 1_000)
    fail(servers, 0, now: 0)
    #expect(servers.next(2, now: 1_000) == [0, 1])
    servers.closed(0)  // the client went away first
    #expect(servers.next(2, now: 1_001) == [0, 1])
    #expect(servers.next(2, now: 2_000) == [1, 1])
    #expect(servers.next(2, now: 2_001) == [0, 1], "no word of it for as long as it was out")
  }

  @Test func theEndOfOlderConnectionsIsNoWordOfTheTrial() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 1, timeout: 1_000)
    servers.opened(0)
    fail(servers, 0, now: 0)
    #expect(servers.next(2, now: 1_000) == [0, 1])
    servers.closed(0, isDecided: true)
    #expect(servers.next(2, now: 1_001) == [1, 1])
  }

  @Test func failuresOfOlderConnectionsDoNotPutItsReturnOff() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 1, timeout: 1_000)
    fail(servers, 0, now: 0)
    fail(servers, 0, now: 900)
    #expect(servers.next(2, now: 1_000) == [0, 1])
  }

  @Test func withoutALimitNothingIsTakenOut() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1], fails: 0)
    for _ in 0..<1_000 { fail(servers, 0, now: 0) }
    #expect(servers.next(2) == [0, 1])
    #expect(servers.counters(of: 0).failed == 1_000)
  }

  /// The one that was taken out first, then the next, each once for a connection.
  @Test(arguments: SelectionAlgorithm.allCases) func whenAllAreOutTheyAreTriedAllTheSame(_ algorithm: SelectionAlgorithm) throws {
    let servers = try Servers(algorithm, weights: [1, 1, 1], fails: 1, timeout: 1_000)
    for (target, now) in [(1, 0), (2, 1), (0, 2)] as [(UInt16, UInt64)] { fail(servers, target, now: now) }
    #expect(servers.next(now: 10) == 1)
    #expect(servers.next(tried: [1], now: 11) == 2)
    #expect(servers.next(tried: [1, 2], now: 12) == 0)
    #expect(servers.next(tried: [0, 1, 2], now: 13) == nil)
    servers.succeeded(2)
    #expect(servers.next(2, now: 14) == [2, 2])
  }

  @Test(arguments: SelectionAlgorithm.allCases) func fullTargetsAreNeverChosen(_ algorithm: SelectionAlgorithm) throws {
    let servers = try Servers(algorithm, weights: [1, 1, 1], most: [0: 2, 1: 1, 2: 3], fails: 1)
    servers.failed(2, now: 0)
    let chosen = (0..<6).compactMap { servers.next(from: $0) }
    #expect((0..<3).map { target in chosen.filter { $0 == target }.count } == [2, 1, 3])
    #expect(servers.next(now: 5_000) == nil)
    servers.closed(1)
    #expect(servers.next(now: 5_000) == 1)
  }

  @Test func workersShareALimit() throws {
    let sums = try (0..<4).map { worker in
      let servers = try Servers(.roundRobin, weights: [1], most: [0: 10], worker: worker, workers: 4)
      return servers.next(20).compactMap { $0 }.count
    }
    #expect(sums == [3, 3, 2, 2])
  }

  @Test func groupsShareTargets() throws {
    let targets = (0..<2).map { ServerTarget(name: "s\($0)", address: UInt32($0), port: 80, maximumConnections: 1) }
    let groups = [0, 1].map { ServerGroupSettings(name: "g\($0)", algorithm: .roundRobin, targets: [0, 1]) }
    var servers = try ServerGroups(ServerSettings(targets: targets, groups: groups), worker: 0, workers: 1, ticksPerMillisecond: 1)
    for (group, expected) in [(0, 0), (1, 1), (0, nil), (2, nil)] as [(UInt8, UInt16?)] {
      let target = servers.select(group: group, clientAddress: 1, key: 0, tried: 0, now: 0)
      if let target { servers.opened(target) }
      #expect(target == expected)
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct TurnTests {
  @Test func oneAfterTheOther() throws {
    let servers = try Servers(.roundRobin, weights: [5, 1, 1])
    #expect(servers.next(7) == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test func workersBeginAtDifferentTargets() throws {
    let second = try Servers(.roundRobin, weights: [1, 1, 1], worker: 1, workers: 5)
    #expect(second.next(3) == [1, 2, 0])
    let fifth = try Servers(.roundRobin, weights: [1, 1, 1], worker: 4, workers: 5)
    #expect(fifth.next(3) == [1, 2, 0])
    let weighted = try Servers(.weightedRoundRobin, weights: [2, 1], worker: 1, workers: 2)
    #expect(weighted.next(4) == [1, 0, 0, 1])
  }

  @Test func whatWasTriedIsPassedOver() throws {
    let servers = try Servers(.roundRobin, weights: [1, 1, 1])
    #expect(servers.next(4, tried: [1]) == [0, 2, 0, 2])
    #expect(servers.next(2, tried: [0, 1, 2]) == [nil, nil])
  }

  @Test func weightsAreKeptAndSpread() throws {
    let servers = try Servers(.weightedRoundRobin, weights: [5, 1, 1])
    #expect(servers.next(14) == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
  }

  @Test func weightsAreKeptAmongThoseLeft() throws {
    let servers = try Servers(.weightedRoundRobin, weights: [5, 3, 1])
    _ = servers.next(7)
    let chosen = servers.next(40, tried: [0]).compactMap { $0 }
    // Three to one, within what they were owed before.
    #expect(29...31 ~= chosen.filter { $0 == 1 }.count)
    #expect(9...11 ~= chosen.filter { $0 == 2 }.count)
  }

  @Test func theFewestOpenForTheWeight() throws {
    let servers = try Servers(.leastConnections, weights: [1, 1, 2])
    let chosen = servers.next(400).compactMap { $0 }
    #expect((0..<3).map { target in chosen.filter { $0 == target }.count } == [100, 100, 200])
    for _ in 0..<50 { servers.closed(1) }
    #expect(servers.next(49) == .init(repeating: 1, count: 49))
    #expect((0..<3).map { servers.open(at: $0) } == [100, 99, 200])
  }

  @Test func equalsTakeTurns() throws {
    let servers = try Servers(.leastConnections, weights: [1, 1, 1])
    let chosen = (0..<6).map { _ in
      let target = servers.next()
      if let target { servers.closed(target) }
      return target
    }
    #expect(chosen == [0, 1, 2, 0, 1, 2])
  }

  @Test func manyMembers() throws {
    let servers = try Servers(.roundRobin, weights: .init(repeating: 1, count: 300))
    #expect(servers.next(301).compactMap { $0 } == Array(0..<300) + [0])
    // A bit stands for several: 1 and 65, 129, 193, 257.
    #expect(servers.next(3, tried: [65]) == [2, 3, 4])
    let skipped = try Servers(.roundRobin, weights: .init(repeating: 1, count: 300))
    #expect(skipped.next(2, tried: [65]) == [0, 2])
  }
}

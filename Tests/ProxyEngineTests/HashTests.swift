import Testing

@testable import TCPEngine

@Suite struct HashTests {
  private static let algorithms: [SelectionAlgorithm] = [.sourceHash, .consistentHash]

  /// The targets of many clients.
  private func targets(_ servers: Servers, _ clients: Int = 8_000, tried: Set<UInt16> = [], now: UInt64 = 0) -> [UInt16?] {
    (0..<clients).map { servers.next(from: 0x0a01_0000 + UInt32($0), tried: tried, now: now) }
  }

  private func shares(_ targets: [UInt16?], _ count: Int) -> [Double] {
    (0..<count).map { target in Double(targets.filter { $0 == UInt16(target) }.count) / Double(targets.count) }
  }

  @Test(arguments: algorithms) func aClientKeepsItsTarget(_ algorithm: SelectionAlgorithm) throws {
    let servers = try Servers(algorithm, weights: [1, 1, 1, 1])
    let other = try Servers(algorithm, weights: [1, 1, 1, 1], worker: 3, workers: 4)
    let before = targets(servers)
    #expect(targets(servers) == before)
    #expect(targets(other) == before, "another worker")
  }

  @Test(arguments: algorithms) func sharesFollowWeights(_ algorithm: SelectionAlgorithm) throws {
    let servers = try Servers(algorithm, weights: [1, 2, 5], tableSize: 65_537)
    for (share, expected) in zip(shares(targets(servers), 3), [0.125, 0.25, 0.625]) { #expect(abs(share - expected) < 0.02) }
  }

  /// Only clients of the target that is missing move, to all others alike; and they come back.
  @Test(arguments: algorithms) func onlyClientsOfALostTargetMove(_ algorithm: SelectionAlgorithm) throws {
    let servers = try Servers(algorithm, weights: [1, 1, 1, 1, 1], fails: 1, timeout: 10, tableSize: 65_537)
    let before = targets(servers)
    servers.failed(2, now: 0)
    let after = targets(servers, now: 5)
    #expect(zip(before, after).allSatisfy { $0 == $1 ? $0 != 2 : $0 == 2 })
    let moved = zip(before, after).filter { $0.0 == 2 }.map(\.1)
    for (target, share) in shares(moved, 5).enumerated() { #expect(abs(share - (target == 2 ? 0 : 0.25)) < 0.03) }
    servers.succeeded(2)
    #expect(targets(servers, now: 6) == before)
  }

  @Test(arguments: algorithms) func oneIsFoundAmongManyThatAreNotUsable(_ algorithm: SelectionAlgorithm) throws {
    let servers = try Servers(algorithm, weights: .init(repeating: 1, count: 64))
    for client in 0..<200 as Range<UInt32> {
      let left = UInt16(client % 64)
      #expect(servers.next(from: client, tried: Set((0..<64).filter { $0 != left })) == left)
    }
    #expect(servers.next(tried: Set(0..<64)) == nil)
  }

  @Test func keysCountBeforeAddresses() throws {
    let servers = try Servers(.consistentHash, weights: [1, 1, 1, 1])
    let byKey = (1...64).map { servers.next(from: 5, key: $0) }
    #expect((1...64).map { servers.next(from: UInt32($0) * 77, key: UInt32($0)) } == byKey)
    #expect(Set(byKey).count == 4)
    let hash = try Servers(.sourceHash, weights: [1, 1, 1, 1])
    #expect((1...64).map { hash.next(from: 5, key: $0) } == .init(repeating: hash.next(from: 5), count: 64))
  }

  // MARK: The table

  private func table(_ count: Int, weights: [Int], without missing: Int? = nil) -> [UInt16] {
    let members = weights.enumerated().filter { $0.offset != missing }.map {
      ConsistentHashTable.Member(place: UInt16($0.offset), address: 0x0a00_0001 + UInt32($0.offset), port: 80, weight: $0.element)
    }
    return [UInt16](unsafeUninitializedCapacity: count) { buffer, used in
      ConsistentHashTable.fill(buffer.baseAddress!, count: count, members)
      used = count
    }
  }

  @Test func everyMemberHasItsShareOfEntries() {
    let entries = table(9_973, weights: .init(repeating: 1, count: 10))
    for member in 0..<10 as Range<UInt16> { #expect(abs(entries.filter { $0 == member }.count - 997) <= 1) }
    let weighted = table(251, weights: [1, 256])
    #expect(weighted.filter { $0 == 0 }.count == 1)
    #expect(table(251, weights: [256]).allSatisfy { $0 == 0 })
  }

  /// What the paper is about: without one of ten, its tenth moves, and little else (its figure: some percent; a hash modulo the number of
  /// members would move 90 %).
  @Test func disruptionAtRemoval() {
    let before = table(9_973, weights: .init(repeating: 1, count: 10))
    for missing in 0..<10 {
      let after = table(9_973, weights: .init(repeating: 1, count: 10), without: missing)
      let others = zip(before, after).filter { $0.0 != UInt16(missing) }
      let moved = Double(others.filter { $0.0 != $0.1 }.count) / Double(others.count)
      #expect(moved > 0 && moved < 0.03, "\(missing): \(moved)")
    }
  }

  @Test func theOrderOfMembersDoesNotMatter() {
    let members = (0..<7).map { ConsistentHashTable.Member(place: UInt16($0), address: UInt32($0 * 99 % 7), port: 80, weight: 1 + $0) }
    var (one, other) = ([UInt16](repeating: 9, count: 251), [UInt16](repeating: 9, count: 251))
    one.withUnsafeMutableBufferPointer { ConsistentHashTable.fill($0.baseAddress!, count: 251, members) }
    other.withUnsafeMutableBufferPointer { ConsistentHashTable.fill($0.baseAddress!, count: 251, members.reversed()) }
    #expect(one == other)
  }
}

import TCPEngine
import Testing

@Suite struct AddressSharesTests {
  private static func address(_ last: UInt32) -> IPv4Address { IPv4Address(0x0a00_0000 + last) }
  private static func range(_ first: UInt32, _ last: UInt32) -> ClosedRange<IPv4Address> { address(first)...address(last) }

  /// Workers with the addresses from 10.0.0.100 on.
  private static func shares(_ clients: [ClosedRange<IPv4Address>], workers: Int) throws -> AddressShares {
    try AddressShares(clients, try AddressSteering(own: address(100), prefixLength: 16, workers: workers))
  }

  @Test func evenlyAndInOrder() throws {
    let shares = try Self.shares([Self.range(1, 4), Self.range(11, 13)], workers: 3)
    #expect(shares.ranges(ofWorker: 0) == [Self.range(1, 2)])
    #expect(shares.ranges(ofWorker: 1) == [Self.range(3, 4)])
    #expect(shares.ranges(ofWorker: 2) == [Self.range(11, 13)])
  }

  @Test func aShareMayLieInTwoRanges() throws {
    let shares = try Self.shares([Self.range(1, 3), Self.range(11, 11)], workers: 2)
    #expect(shares.ranges(ofWorker: 1) == [Self.range(3, 3), Self.range(11, 11)])
  }

  @Test func aWorkersOwnAddressIsNobodyElses() throws {
    let shares = try Self.shares([Self.range(98, 105)], workers: 2)
    #expect(shares.ranges(ofWorker: 0) == [Self.range(100, 100), Self.range(98, 99), Self.range(102, 102)])
    #expect(shares.ranges(ofWorker: 1) == [Self.range(101, 101), Self.range(103, 105)])
    let onlyOwn = try Self.shares([Self.range(100, 101)], workers: 2)
    #expect(onlyOwn.ranges(ofWorker: 0) == [Self.range(100, 100)] && onlyOwn.ranges(ofWorker: 1) == [Self.range(101, 101)])
  }

  @Test(arguments: [(1, 1), (5, 2), (7, 7), (150, 9)])
  func everyAddressHasOneOwner(addresses: Int, workers: Int) throws {
    let shares = try Self.shares([Self.range(1, UInt32(addresses))], workers: workers)
    let all = (0..<workers).flatMap { shares.ranges(ofWorker: $0).flatMap { Array($0.lowerBound.rawValue...$0.upperBound.rawValue) } }
    #expect(all.sorted() == (1...UInt32(addresses)).map { 0x0a00_0000 + $0 })
    #expect((0..<workers).allSatisfy { !shares.ranges(ofWorker: $0).isEmpty })
  }

  @Test func aRuleForEachAddress() throws {
    let shares = try Self.shares([Self.range(1, 3), Self.range(101, 101)], workers: 2)
    let rules = shares.rules
    #expect(rules.map(\.match) == [100, 101, 1, 2, 3].map { .destinationAddress(Self.address($0)) })
    #expect(rules.map(\.queue) == [0, 1, 0, 1, 1])
    #expect(shares.ruleCount == rules.count)
    #expect(try Self.shares([Self.range(1, 3)], workers: 1).rules.isEmpty)
  }

  @Test func fewerAddressesThanWorkers() {
    #expect(throws: SteeringError.noAddresses) { try Self.shares([Self.range(1, 3)], workers: 4) }
    // One worker's own, and one for the two.
    #expect(throws: SteeringError.noAddresses) { try Self.shares([Self.range(100, 100), Self.range(1, 1)], workers: 3) }
  }
}

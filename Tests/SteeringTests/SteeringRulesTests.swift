import Testing

@testable import TCPEngine

@Suite struct SteeringRulesTests {
  private func port(_ value: UInt16, _ mask: UInt16, _ queue: Int) -> SteeringRule {
    SteeringRule(match: .destinationPort(value: value, mask: mask), queue: queue)
  }

  @Test func eightWorkersByTheDefaultMask() throws {
    #expect(
      try PortSteering(workers: 8).rules == [
        port(0x0000, 0xe000, 0), port(0x2000, 0xe000, 1), port(0x4000, 0xe000, 2), port(0x6000, 0xe000, 3),
        port(0x8000, 0xe000, 4), port(0xa000, 0xe000, 5), port(0xc000, 0xe000, 6), port(0xe000, 0xe000, 7),
      ])
  }

  @Test func threeWorkersShareEightValues() throws {
    #expect(
      try PortSteering(workers: 3).rules == [
        port(0x0000, 0xe000, 0), port(0x2000, 0xe000, 0), port(0x4000, 0xe000, 0), port(0x6000, 0xe000, 1),
        port(0x8000, 0xe000, 1), port(0xa000, 0xe000, 1), port(0xc000, 0xe000, 2), port(0xe000, 0xe000, 2),
      ])
  }

  @Test func aMaskOfLowBits() throws {
    #expect(
      try PortSteering(mask: 0x0006, workers: 4).rules == [port(0, 6, 0), port(2, 6, 1), port(4, 6, 2), port(6, 6, 3)])
  }

  @Test(arguments: PortSteeringTests.configurations.filter { $0.1 > 1 && $0.0 != 0xffff })
  func exactlyOneRuleMatchesAPortAndNamesItsOwner(mask: UInt16, workers: Int) throws {
    let steering = try PortSteering(mask: mask, workers: workers)
    let rules = steering.rules
    #expect(rules.count == steering.values)
    for port in stride(from: 0, through: 65_535, by: 61) {
      let matching = rules.filter {
        if case .destinationPort(let value, let mask) = $0.match { UInt16(port) & mask == value } else { false }
      }
      #expect(matching.map(\.queue) == [steering.owner(of: UInt16(port))])
    }
  }

  @Test func aRuleForEachWorkersAddress() throws {
    let rules = try AddressSteering(own: IPv4Address("10.0.0.254")!, prefixLength: 16, workers: 3).rules
    #expect(
      rules == [
        SteeringRule(match: .destinationAddress(IPv4Address("10.0.0.254")!), queue: 0),
        SteeringRule(match: .destinationAddress(IPv4Address("10.0.0.255")!), queue: 1),
        SteeringRule(match: .destinationAddress(IPv4Address("10.0.1.0")!), queue: 2),
      ])
  }

  @Test func aWorkerThatIsAloneNeedsNoRules() throws {
    #expect(try PortSteering(workers: 1).rules.isEmpty)
    #expect(try AddressSteering(own: IPv4Address("10.0.0.1")!, prefixLength: 16, workers: 1).rules.isEmpty)
  }
}

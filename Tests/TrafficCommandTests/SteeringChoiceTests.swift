import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct SteeringChoiceTests {
  private static func settings(_ change: (inout TrafficSettings) -> Void) -> TrafficSettings {
    var settings = TrafficSettings()
    settings.port.interface = "eth1"
    settings.port.address = IPv4Address(0x0a00_0001)
    settings.port.clients = [AddressRange(first: settings.port.address, last: settings.port.address)]
    settings.engine.port = 0
    change(&settings)
    return settings
  }

  @Test func byPortOneRuleForEachValue() throws {
    let rules = try SteeringChoice.rules(Self.settings { $0.port.dstPortMask = 0xc000 }, workers: 2)
    #expect(
      rules
        == [0x0000, 0x4000, 0x8000, 0xc000].enumerated().map { index, value in
          SteeringRule(match: .destinationPort(value: value, mask: 0xc000), queue: index / 2)
        })
  }

  @Test func notByPortWithAServerRole() {
    let error = #expect(throws: DPDKError.self) { try SteeringChoice.rules(Self.settings { $0.engine.port = 80 }, workers: 2) }
    #expect(error?.description == "the server role's segments have all one destination port")
  }

  @Test func byAddressTheWorkersOwnAndTheirClients() throws {
    let first = IPv4Address(0x0a00_0001)
    let second = IPv4Address(0x0a00_0002)
    let far = IPv4Address(0x0a00_0020)
    let rules = try SteeringChoice.rules(
      Self.settings {
        $0.port.flowSteering = .address
        $0.engine.port = 80
        $0.port.clients = [AddressRange(first: first, last: second), AddressRange(first: far, last: far)]
      }, workers: 2)
    #expect(
      rules == [
        SteeringRule(match: .destinationAddress(first), queue: 0), SteeringRule(match: .destinationAddress(second), queue: 1),
        SteeringRule(match: .destinationAddress(far), queue: 1),
      ])
  }

  @Test func notByMoreAddressesThanRules() {
    #expect(throws: DPDKError.self) {
      try SteeringChoice.rules(
        Self.settings {
          $0.port.flowSteering = .address
          $0.port.clients = [AddressRange(first: IPv4Address(0x0a00_0001), last: IPv4Address(0x0a00_0800))]
        }, workers: 2)
    }
  }

  @Test func repliesShowWhetherAPortObeys() {
    let rules = SteeringChoice(.flowRules, [], nil)
    #expect(rules.isObeyed(replies: 0, astray: 0) == nil)
    #expect(rules.isObeyed(replies: 9, astray: 0) == true)
    #expect(rules.isObeyed(replies: 9, astray: 1) == false)
    #expect(SteeringChoice(.handOver, [], nil).isObeyed(replies: 9, astray: 4) == nil)
  }

  @Test func onlyWorkersOfAPortWithOthersOnItHandOver() {
    #expect([.flowRules, .rss, .handOver].allSatisfy { SteeringChoice($0, [], nil).needsHandOver })
    #expect(![.none, .queues].contains { SteeringChoice($0, [], nil).needsHandOver })
  }
}

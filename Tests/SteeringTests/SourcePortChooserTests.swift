import Testing

@testable import TCPEngine

@Suite struct SourcePortChooserTests {
  private func range(_ first: String, _ last: String) -> ClosedRange<IPv4Address> { IPv4Address(first)!...IPv4Address(last)! }

  /// Takes one cycle, checks that no pair comes twice and that the next cycle begins with the same pairs.
  private func walk(_ chooser: inout SourcePortChooser) -> [ClientEndpoint] {
    let endpoints = (0..<chooser.tuplesPerCycle).map { _ in chooser.next() }
    #expect(Set(endpoints).count == endpoints.count, "a pair came twice")
    for endpoint in endpoints.prefix(5) { #expect(chooser.next() == endpoint) }
    return endpoints
  }

  @Test func allPortsOfAllAddressesOnceAndAddressesFirst() throws {
    var chooser = try SourcePortChooser(addresses: [range("10.0.0.9", "10.0.0.10"), range("10.0.0.2", "10.0.0.2")])
    #expect(chooser.tuplesPerCycle == 3 * 64_512)
    let endpoints = walk(&chooser)
    let addresses = ["10.0.0.9", "10.0.0.10", "10.0.0.2"].map { IPv4Address($0)! }
    var wrong = 0
    for (index, endpoint) in endpoints.enumerated() {
      if endpoint != ClientEndpoint(address: addresses[index % 3], port: UInt16(1024 + index / 3)) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: [(0xe000 as UInt16, 8), (0xe000, 3), (0x0007, 5), (0x0ff0, 40)])
  func workersShareAllPairsByTheMask(mask: UInt16, workers: Int) throws {
    let steering = try PortSteering(mask: mask, workers: workers)
    let addresses = [range("10.1.0.255", "10.1.1.0"), range("10.0.0.1", "10.0.0.1")]
    var seen = Set<ClientEndpoint>()
    for worker in 0..<workers {
      var chooser = try SourcePortChooser(addresses: addresses, steering: steering, worker: worker)
      let endpoints = walk(&chooser)
      #expect(endpoints.allSatisfy { steering.owner(of: $0.port) == worker })
      seen.formUnion(endpoints)
    }
    #expect(seen.count == 3 * 64_512)
    #expect(seen.allSatisfy { $0.port >= 1024 })
  }

  @Test(arguments: [(0xe000 as UInt16, 8), (0xe000, 3), (0x0007, 5), (0x0ff0, 40)])
  func aDrawChoosesWhereTheWalkBegins(mask: UInt16, workers: Int) throws {
    let steering = try PortSteering(mask: mask, workers: workers)
    for worker in 0..<workers {
      let ports = Array(steering.ports(ofWorker: worker))
      for draw in [0, 1, UInt64(ports.count) - 1, UInt64(ports.count), 0x9e37_79b9_7f4a_7c15] {
        var chooser = try SourcePortChooser(addresses: [range("10.0.0.1", "10.0.0.2")], steering: steering, worker: worker)
        chooser.begin(at: draw)
        let endpoints = walk(&chooser)
        #expect(endpoints.count == 2 * ports.count)
        let dynamic = ports.filter { $0 >= 49_152 }
        let candidates = dynamic.isEmpty ? ports : dynamic
        let port = candidates[Int(draw % UInt64(candidates.count))]
        #expect(endpoints[0] == ClientEndpoint(address: IPv4Address("10.0.0.1")!, port: port))
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8])
  func repliesComeHomeByTheHash(queues: Int) throws {
    let server = IPv4Address("192.168.7.1")!
    let addresses = [range("10.0.0.2", "10.0.0.3")]
    let judge = try RSSTable(size: 128, queues: queues)
    var seen = Set<ClientEndpoint>()
    for queue in 0..<queues {
      let table = try RSSTable(size: 128, queues: queues)
      var chooser = try SourcePortChooser(addresses: addresses, repliesTo: queue, of: table, from: server, port: 443)
      let endpoints = walk(&chooser)
      let home = endpoints.allSatisfy {
        judge.queue(source: server, sourcePort: 443, destination: $0.address, destinationPort: $0.port) == queue
      }
      #expect(home)
      seen.formUnion(endpoints)
    }
    #expect(seen.count == 2 * 64_512)
  }

  @Test func aQueueThatNoReplyReachesIsRefused() throws {
    // Of a key of zeros every hash is zero: all replies arrive on the queue of the first entry.
    let key = try RSSKey([UInt8](repeating: 0, count: 40))
    let addresses = [range("10.0.0.2", "10.0.0.9")]
    let server = IPv4Address("10.0.0.1")!
    let reached = try SourcePortChooser(
      addresses: addresses, repliesTo: 0, of: RSSTable(key: key, queues: 2), from: server, port: 80)
    #expect(reached.tuplesPerCycle == 8 * 64_512)
    #expect(throws: SteeringError.noReplyReachesQueue(1)) {
      _ = try SourcePortChooser(addresses: addresses, repliesTo: 1, of: RSSTable(key: key, queues: 2), from: server, port: 80)
    }
  }

  @Test func theStateDoesNotGrowWithTheAddresses() throws {
    var chooser = try SourcePortChooser(addresses: [IPv4Address(0)...IPv4Address(.max)])
    #expect(chooser.tuplesPerCycle == 64_512 << 32)
    #expect(chooser.next() == ClientEndpoint(address: IPv4Address(0), port: 1024))
    #expect(chooser.next() == ClientEndpoint(address: IPv4Address(1), port: 1024))
  }

  @Test func theHighestAddressIsFollowedByTheNextPort() throws {
    var chooser = try SourcePortChooser(addresses: [IPv4Address(.max - 1)...IPv4Address(.max)])
    let ports = (0..<4).map { _ in chooser.next().port }
    #expect(ports == [1024, 1024, 1025, 1025])
  }

  @Test func nonsenseIsRefused() throws {
    #expect(throws: SteeringError.noAddresses) { _ = try SourcePortChooser(addresses: []) }
    #expect(throws: SteeringError.addressInTwoRanges(IPv4Address("10.0.0.9")!)) {
      _ = try SourcePortChooser(addresses: [range("10.0.0.9", "10.0.0.20"), range("10.0.0.2", "10.0.0.9")])
    }
    for queue in [-1, 2] {
      #expect(throws: SteeringError.queueOutOfRange(queue)) {
        _ = try SourcePortChooser(
          addresses: [range("10.0.0.1", "10.0.0.1")], repliesTo: queue, of: RSSTable(queues: 2), from: IPv4Address(1), port: 80)
      }
    }
  }
}

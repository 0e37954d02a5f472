import Testing

@testable import TCPEngine

/// Two workers of a proxy whose servers' answers come to either's queue; clients' segments come to that of their flow.
@Suite struct ProxyHandOverTests {
  private static let ports = try! PortSteering(mask: 0xe000, workers: 2)

  /// The queue of a client's segment.
  private static func home(_ key: FlowKey) -> Int { Int(key.sourcePort & 1) }
  private static func isFromServer(_ key: FlowKey) -> Bool { key.source == SteeredProxy.server }

  @Test func everyAnswerOnTheWrongQueue() {
    let run = SteeredProxy(400) { Self.isFromServer($0) ? 1 - Self.ports.owner(of: $0.destinationPort) : Self.home($0) }
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.repliesAstray) == 400)
    #expect(run.sum(.handOverFull) == 0 && run.sum(.noConnection) == 0)
  }

  @Test func everyAnswerOnTheRightQueue() {
    let run = SteeredProxy(400) { Self.isFromServer($0) ? Self.ports.owner(of: $0.destinationPort) : Self.home($0) }
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.steeredElsewhere) == 0 && run.sum(.repliesAstray) == 0)
  }

  @Test func eachWorkerHasItsAddresses() {
    let shares = [0x0a00_0001: 0, 0x0a00_0002: 1, 0x0a00_0003: 0, 0x0a00_0004: 1] as [UInt32: Int]
    let run = SteeredProxy(400) {
      Self.isFromServer($0) ? shares[$0.destination.rawValue]! : Self.home($0)
    } change: {
      $0.ports[0].flowSteering = .address
    }
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.steeredElsewhere) == 0 && run.sum(.repliesAstray) == 0)
  }

  @Test func eachWorkerHasItsAddressesAndNoQueueObeys() {
    let run = SteeredProxy(400) {
      Self.isFromServer($0) ? 0 : Self.home($0)
    } change: {
      $0.ports[0].flowSteering = .address
    }
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.repliesAstray) == run.links[1].statistics.attempts(.client))
  }

  @Test func portsAreChosenByAKnownHash() throws {
    let hash = PortHash(key: .microsoft, entries: (0..<128).map { UInt16($0 % 2) })
    let table = try RSSTable(key: hash.key, entries: hash.entries, queues: 2)
    let run = SteeredProxy(400, hash: hash) {
      table.queue(source: $0.source, sourcePort: $0.sourcePort, destination: $0.destination, destinationPort: $0.destinationPort)
    }
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.steeredElsewhere) == 0 && run.sum(.repliesAstray) == 0)
  }

  /// A queue that is full may have its frames come to another (PACKET_FANOUT_FLAG_ROLLOVER).
  @Test func clientsSegmentsFindTheirConnection() {
    var frames = 0
    let run = SteeredProxy(400) {
      if Self.isFromServer($0) { return Self.ports.owner(of: $0.destinationPort) }
      frames += 1
      return frames % 3 == 0 ? 1 - Self.home($0) : Self.home($0)
    }
    run.complete()
    #expect(run.sum(.steeredElsewhere) > 100)
    #expect(run.stationLink.statistics[.client, .completed] == 400)
  }
}

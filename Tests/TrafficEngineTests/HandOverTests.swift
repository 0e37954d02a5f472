import Testing

@testable import TCPEngine

/// Two workers on one port whose frames come to the wrong queue.
@Suite struct HandOverTests {
  private static let ports = try! PortSteering(mask: 0xe000, workers: 2)

  @Test func everyReplyOnTheWrongQueue() {
    let run = SteeredRun(400, role: .client, route: { 1 - Self.ports.owner(of: $0.destinationPort) })
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.repliesAstray) == 400)
    #expect(run.workers.allSatisfy { $0.statistics[.steeredElsewhere] > 500 && $0.statistics.attempts(.client) == 200 })
    #expect(run.sum(.handOverFull) == 0 && run.sum(.noConnection) == 0)
  }

  @Test func everyReplyOnTheRightQueue() {
    let run = SteeredRun(400, role: .client, route: { Self.ports.owner(of: $0.destinationPort) })
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.repliesAstray) == 0)
    #expect(run.sum(.steeredElsewhere) == 0 && run.sum(.arpRepliesReceived) > 0)
  }

  @Test func eachWorkerHasItsAddress() {
    // Both workers' replies on worker 0's queue.
    let run = SteeredRun(
      300, role: .client, route: { _ in 0 },
      change: {
        $0.port.flowSteering = .address
        $0.port.clients = [AddressRange(first: IPv4Address(0x0a00_f001), last: IPv4Address(0x0a00_f002))]
      })
    run.complete()
    run.expectAllCompleted()
    #expect(run.workers[0].statistics[.repliesAstray] == 0 && run.workers[1].statistics[.repliesAstray] == 150)
  }

  @Test func sourcePortsAreChosenByAKnownHash() throws {
    let hash = PortHash(key: .microsoft, entries: (0..<128).map { UInt16($0 % 2) })
    let table = try RSSTable(key: hash.key, entries: hash.entries, queues: 2)
    let run = SteeredRun(
      400, role: .client, hash: hash,
      route: { key in
        table.queue(source: key.source, sourcePort: key.sourcePort, destination: key.destination, destinationPort: key.destinationPort)
      })
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.repliesAstray) == 0)
    #expect(run.sum(.steeredElsewhere) == 0)
  }

  /// A port that does not do as it says costs speed, and nothing else.
  @Test func aHashThatIsNotObeyed() {
    let hash = PortHash(key: .microsoft, entries: (0..<128).map { UInt16($0 % 2) })
    let run = SteeredRun(400, role: .client, hash: hash, route: { Int($0.destinationPort & 1) })
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.repliesAstray) > 100)
  }

  @Test func whatWentAstrayIsAvoided() {
    var strays = StraySet(isNeeded: true)
    for hash in [0, 7, 63, 64, 0xf_ffff, 0x10_0001] as [UInt32] { strays.insert(hash) }
    var found: [UInt32] = []
    for hash in [0, 1, 2, 7, 8, 62, 63, 64, 65, 0xf_fffe, 0xf_ffff, 0x20_0007] as [UInt32] where strays.contains(hash) {
      found.append(hash)
    }
    #expect(found == [0, 1, 7, 63, 64, 0xf_ffff, 0x20_0007])
  }

  @Test func aServersConnectionsStayWhereTheyArrive() {
    let run = SteeredRun(400, role: .server, route: { Int($0.source.rawValue & 1) })
    run.complete()
    run.expectAllCompleted()
    #expect(run.workers.allSatisfy { $0.statistics.attempts(.server) > 100 })
    #expect(run.sum(.steeredElsewhere) == 0)
  }

  /// A queue that is full may have its frames come to another (PACKET_FANOUT_FLAG_ROLLOVER).
  @Test func aServersSegmentsFindTheirConnection() {
    var frames = 0
    let run = SteeredRun(
      400, role: .server,
      route: { key in
        frames += 1
        // A SYN, and every third segment else, on the flow's own queue.
        return frames % 3 == 0 ? Int(~key.source.rawValue & 1) : Int(key.source.rawValue & 1)
      })
    run.complete()
    #expect(run.sum(.steeredElsewhere) > 100)
    #expect(run.sum(.noConnection) == 0 || run.sum(.noConnection) < 40)
    #expect(run.other.statistics[.client, .completed] == 400)
  }

  @Test func aServerWithAnAddressForEachWorker() {
    let run = SteeredRun(300, role: .server, route: { _ in 1 }, change: { $0.port.flowSteering = .address })
    // The client knows the first address only: that of worker 0.
    run.complete()
    run.expectAllCompleted()
    #expect(run.workers[0].statistics.attempts(.server) == 300 && run.workers[1].statistics[.steeredElsewhere] > 600)
  }

  /// A worker that does not take what is handed to it loses frames by that name.
  @Test func aFullRing() {
    let run = SteeredRun(10, role: .client, route: { _ in 0 })
    run.workers[1].rests = true
    let strange = HandOver.depth + 76
    for index in 0..<strange {
      // To the first of worker 1's ports.
      var segment = Bench.segment(.ack, UInt32(index), 1)
      segment.destination = run.address
      segment.destinationPort = 0x8000
      run.wire.inject(Frame(segment, to: MACAddress(0x02_00_00_00_00_02)).octets)
      if index % 512 == 511 { for _ in 0..<16 { run.workers[0].worker.turn() } }
    }
    for _ in 0..<16 { run.workers[0].worker.turn() }
    #expect(run.sum(.handOverFull) == 76)
    #expect(run.workers[0].statistics[.steeredElsewhere] == UInt64(HandOver.depth))
    run.workers[1].rests = false
    run.complete()
    // The owner refuses them: there is no such connection.
    #expect(run.workers[1].statistics[.noConnection] == UInt64(HandOver.depth) && run.workers[0].statistics[.noConnection] == 0)
    run.expectAllCompleted()
  }

  /// A segment of no connection at all is refused once, whichever queue it came to.
  @Test func nobodysSegmentIsRefusedOnce() {
    let run = SteeredRun(10, role: .server, route: { Int($0.source.rawValue & 1) })
    var segment = Bench.segment(.ack, 1, 1)
    segment.destination = run.address
    segment.destinationPort = EngineSettings().port
    run.wire.inject(Frame(segment, to: PortSettings.loopedMAC).octets)
    run.complete()
    run.expectAllCompleted()
    #expect(run.sum(.noConnection) == 1 && run.sum(.steeredElsewhere) == 1)
  }
}

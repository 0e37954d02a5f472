import Testing

@testable import TCPStack

@Suite struct TransferTests {
  /// A stream each way at once; then both ends are closed.
  private func transfer(_ hosts: TwoHosts, _ count: Int, seed: UInt64) throws {
    let sockets = try hosts.connect()
    let up = Transfer(Transfer.octets(count, seed: seed), hosts.client, sockets.client, to: hosts.server, sockets.server)
    let down = Transfer(Transfer.octets(count / 2, seed: seed + 1), hosts.server, sockets.server, to: hosts.client, sockets.client)
    try hosts.run(
      for: 3_600_000_000,
      until: {
        let first = up.go()
        return down.go() && first
      })
    #expect(up.received == up.octets)
    #expect(down.received == down.octets)
    #expect(hosts.client.close(sockets.client) == 0)
    #expect(hosts.server.close(sockets.server) == 0)
    hosts.run(for: 130_000_000)
    #expect(hosts.client.connections.isEmpty && hosts.server.connections.isEmpty)
    #expect(hosts.client.timeWaits.isEmpty && hosts.server.timeWaits.isEmpty)
  }

  @Test func withoutFaults() throws {
    let hosts = TwoHosts()
    try transfer(hosts, 1_000_000, seed: 5)
    let sent = hosts.sent.filter { $0.toServer && $0.segment.payloadLength > 0 }.map(\.segment.sequence.rawValue)
    #expect(Set(sent).count == sent.count, "nothing is sent twice")
  }

  @Test(arguments: 1...20) func withLoss(seed: UInt64) throws {
    try transfer(TwoHosts(seed: seed, faults: LinkFaults(loss: 30)), 300_000, seed: seed)
  }

  @Test(arguments: 1...20) func withEverything(seed: UInt64) throws {
    let faults = LinkFaults(loss: 30, duplicate: 30, corrupt: 30, jitter: 8_000)
    try transfer(TwoHosts(seed: seed, faults: faults), 200_000, seed: seed)
  }

  @Test(arguments: 1...10) func withoutSACK(seed: UInt64) throws {
    let faults = LinkFaults(loss: 20, duplicate: 10, jitter: 1_000)
    let hosts = TwoHosts(
      seed: seed, faults: faults,
      client: {
        $0.sack = false
        $0.algorithm = .newReno
      }, server: { $0.timestamps = false })
    try transfer(hosts, 200_000, seed: seed)
  }

  @Test(arguments: 1...10) func withSmallBuffers(seed: UInt64) throws {
    let hosts = TwoHosts(
      seed: seed, faults: LinkFaults(loss: 20, jitter: 3_000), client: { $0.receiveBuffer = 4_000 },
      server: {
        $0.receiveBuffer = 5_000
        $0.sendBuffer = 3_000
        $0.windowScaling = false
      })
    try transfer(hosts, 60_000, seed: seed)
  }

  @Test func reproducibly() throws {
    func run() throws -> [UInt32] {
      let hosts = TwoHosts(seed: 9, faults: LinkFaults(loss: 50, duplicate: 20, jitter: 4_000))
      try transfer(hosts, 100_000, seed: 9)
      return hosts.sent.map { $0.segment.sequence.rawValue ^ UInt32(truncatingIfNeeded: $0.time) }
    }
    #expect(try run() == run())
  }

  /// With SACK a tenth of a second's losses are repaired without a timeout, nearly always.
  @Test func recoversFast() throws {
    let hosts = TwoHosts(seed: 4, delay: 5_000, faults: LinkFaults(loss: 10))
    let began = hosts.now
    let sockets = try hosts.connect()
    let up = Transfer(Transfer.octets(2_000_000, seed: 4), hosts.client, sockets.client, to: hosts.server, sockets.server)
    try hosts.run(until: { up.go() })
    #expect(up.received == up.octets)
    #expect(hosts.now - began < 12_000_000)
  }

  /// Text that completes the handshake takes room of the window: the buffer is never promised twice.
  @Test(arguments: [1, 1_000, 1_460]) func fillsTheBufferFromTheHandshakesAcknowledgmentOn(first: Int) throws {
    let hosts = TwoHosts()
    hosts.lostAcknowledgments = 1
    let listener = hosts.server.openSocket()
    #expect(hosts.server.bind(listener, 0, 80) == 0)
    #expect(hosts.server.listen(listener, 8) == 0)
    let client = hosts.client.openSocket()
    #expect(hosts.client.connect(client, 0x0a00_0002, 80) == -Errno.inProgress)
    try hosts.run(until: { hosts.client.poll(client) & 4 != 0 })
    let octets = Transfer.octets(200_000, seed: 6)
    var handed = hosts.client.send(client, octets[..<first])
    hosts.run(for: 1_000)
    // Nobody reads, until the window is full and for long after.
    for _ in 0..<200 {
      handed += max(0, hosts.client.send(client, octets[handed...]))
      hosts.run(for: 50_000)
    }
    let accepted = hosts.server.accept(listener).0
    #expect(accepted >= 0)
    var received: [UInt8] = []
    try hosts.run(until: {
      handed += max(0, hosts.client.send(client, octets[handed...]))
      received += hosts.server.receive(accepted).1
      return received.count == octets.count
    })
    #expect(received == octets)
  }

  /// Where round trips take a tenth of a millisecond a timeout is an age: what repairs a loss, and what tells of it, may be lost as well.
  @Test(arguments: 1...20) func repairsWithoutTimeouts(seed: UInt64) throws {
    let hosts = TwoHosts(seed: seed, delay: 50)
    let sockets = try hosts.connect()
    hosts.faults.loss = 50
    let began = hosts.now
    let up = Transfer(Transfer.octets(1_000_000, seed: 4), hosts.client, sockets.client, to: hosts.server, sockets.server)
    // A single last segment is another matter: it waits for an acknowledgment that may be delayed (RFC 8985 7.2).
    try hosts.run(until: { up.go() || up.received.count > 900_000 })
    #expect(up.received[...] == up.octets[..<up.received.count])
    #expect(hosts.now - began < 100_000, "no timeout")
  }

  /// Both lack something of the other, and nobody acknowledges an acknowledgment (RFC 9293 3.5).
  @Test func gapsOnBothSidesAreQuiet() throws {
    let hosts = TwoHosts(delay: 50)
    let (client, server) = try hosts.connect()
    hosts.run(for: 1_000_000)
    // The first of either is lost, the second is not.
    hosts.faults.loss = 1_000
    let octets = Transfer.octets(100, seed: 3)
    for (stack, socket) in [(hosts.client, client), (hosts.server, server)] {
      #expect(([1] as [Int32]).withUnsafeBytes { stack.setOption(socket, 6, 1, $0) } == 0)
      #expect(stack.send(socket, octets[...]) == 100)
    }
    hosts.collect()
    hosts.faults.loss = 0
    let began = hosts.sent.count
    #expect(hosts.client.send(client, octets[...]) == 100)
    #expect(hosts.server.send(server, octets[...]) == 100)
    hosts.run(for: 2_000_000)
    #expect(hosts.client.receive(client).1 == octets + octets && hosts.server.receive(server).1 == octets + octets)
    #expect(hosts.sent.count - began < 20, "\(hosts.sent.count - began) packets")
  }
}

import Testing

@testable import TCPStack

/// Closed windows, peers that say nothing, and addresses that nobody has.
@Suite struct SilenceTests {
  private static let second: UInt64 = 1_000_000

  /// A connection whose server reads nothing and has no room any more.
  private func blocked(_ server: (inout StackSettings) -> Void = { _ in }) throws -> (TwoHosts, client: Int32, server: Int32) {
    let hosts = TwoHosts(server: {
      $0.receiveBuffer = 4_000
      server(&$0)
    })
    let sockets = try hosts.connect()
    var handed = 0
    while true {
      let taken = hosts.client.send(sockets.client, Transfer.octets(10_000, seed: 1)[...])
      if taken <= 0 { break }
      handed += taken
    }
    hosts.run(for: 2 * Self.second)
    return (hosts, sockets.client, sockets.server)
  }

  private func setOption(_ stack: Stack, _ socket: Int32, _ level: Int32, _ name: Int32, _ value: [Int32]) {
    let result = value.withUnsafeBytes { stack.setOption(socket, level, name, $0) }
    #expect(result == 0)
  }

  /// RFC 9293 3.10.7.4: with a receive window of zero ACKs are taken all the same, timestamps or not.
  @Test(arguments: [true, false]) func acknowledgmentsPassAClosedWindow(timestamps: Bool) throws {
    let (hosts, client, server) = try blocked { $0.timestamps = timestamps }
    let octets = Transfer.octets(10_000, seed: 2)
    #expect(hosts.server.send(server, octets[...]) == octets.count)
    hosts.run(for: 5 * Self.second)
    #expect(hosts.client.receive(client).1 == octets)
    let sent = hosts.sent.filter { !$0.toServer && $0.segment.payloadLength > 0 }.map(\.segment.sequence.rawValue)
    #expect(Set(sent).count == sent.count, "nothing is sent twice")
    // And so are RSTs.
    setOption(hosts.client, client, 1, 13, [1, 0])
    #expect(hosts.client.close(client) == 0)
    hosts.run(for: Self.second)
    #expect(hosts.server.connections.isEmpty)
  }

  /// RFC 9293 3.8.6.1: the time between probes grows, answers or not.
  @Test func probesBecomeRare() throws {
    let (hosts, _, _) = try blocked()
    let began = hosts.sent.count
    hosts.run(for: 900 * Self.second)
    let probes = hosts.sent[began...].filter(\.toServer).map(\.time)
    let gaps = zip(probes.dropFirst(), probes).map { $0 - $1 }
    #expect(gaps.count > 8 && zip(gaps.dropFirst(), gaps).allSatisfy { $0 + 50_000 >= min(2 * $1, 120 * Self.second) }, "\(gaps)")
    #expect(hosts.client.connections.count == 1, "as long as they are answered")
  }

  @Test func silenceEndsProbing() throws {
    let (hosts, client, _) = try blocked()
    hosts.faults.loss = 1_000
    hosts.run(for: 3_600 * Self.second)
    #expect(hosts.client.connections.isEmpty)
    #expect(hosts.client.send(client, [1]) == -Int(Errno.timedOut))
  }

  /// A window that stays closed does not keep what nobody holds any more.
  @Test func orphansAreGivenUp() throws {
    let (hosts, client, _) = try blocked()
    #expect(hosts.client.close(client) == 0)
    hosts.run(for: 600 * Self.second)
    #expect(hosts.client.connections.isEmpty)
  }

  @Test func theUserTimeoutEndsAHandshake() {
    let hosts = TwoHosts()
    hosts.faults.loss = 1_000
    let socket = hosts.client.openSocket()
    setOption(hosts.client, socket, 6, 18, [3_000])
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.inProgress)
    hosts.run(for: 2_900_000)
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.already)
    hosts.run(for: 200_000)
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.timedOut)
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.inProgress, "it may try again")
    hosts.run(for: 2_900_000)
    #expect(hosts.client.connections.count == 1)
  }

  /// It counts from when nothing went on any more, not from what was sent before.
  @Test func theUserTimeoutOfAClosedWindow() throws {
    let hosts = TwoHosts(server: { $0.receiveBuffer = 4_000 })
    let sockets = try hosts.connect()
    #expect(hosts.client.send(sockets.client, Transfer.octets(4_000, seed: 1)[...]) == 4_000)
    setOption(hosts.client, sockets.client, 6, 18, [30_000])
    hosts.run(for: 60 * Self.second)
    #expect(hosts.client.send(sockets.client, [1]) == 1)
    hosts.run(for: 25 * Self.second)
    #expect(hosts.client.connections.count == 1)
    hosts.run(for: 10 * Self.second)
    #expect(hosts.client.connections.isEmpty)
  }

  @Test func whatWasShutIsOpenInTheNextAttempt() throws {
    let hosts = TwoHosts()
    let socket = hosts.client.openSocket()
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.inProgress)
    #expect(hosts.client.shutdown(socket, read: true, write: false) == 0)
    hosts.run(for: Self.second)
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.connectionRefused)
    let listener = hosts.server.openSocket()
    #expect(hosts.server.bind(listener, 0, 80) == 0 && hosts.server.listen(listener, 8) == 0)
    #expect(hosts.client.connect(socket, 0x0a00_0002, 80) == -Errno.inProgress)
    hosts.run(for: Self.second)
    #expect(hosts.client.receive(socket).0 == -Int(Errno.again) && hosts.client.poll(socket) == 4)
  }

  /// RFC 7323 5.5
  @Test func timestampsAreForgottenAfterLongSilence() throws {
    let hosts = TwoHosts()
    let sockets = try hosts.connect()
    hosts.run(for: 26 * 86_400 * Self.second)
    #expect(hosts.client.send(sockets.client, [1, 2, 3]) == 3)
    hosts.run(for: Self.second)
    #expect(hosts.server.receive(sockets.server).1 == [1, 2, 3])
    #expect(hosts.sent.filter { $0.segment.payloadLength > 0 }.count == 1, "its acknowledgment is taken, too")
  }

  /// RFC 9293 3.9.2.3: neither called nor answered.
  @Test(arguments: [0, 0x7f00_0001, 0xe000_0001, 0xf000_0001, 0xffff_ffff] as [UInt32]) func addressesOfNoHost(_ address: UInt32) {
    let hosts = TwoHosts(client: { $0.address = address })
    let listener = hosts.server.openSocket()
    #expect(hosts.server.bind(listener, 0, 80) == 0 && hosts.server.listen(listener, 8) == 0)
    #expect(hosts.server.connect(hosts.server.openSocket(), address, 80) == -Errno.networkUnreachable)
    #expect(hosts.client.connect(hosts.client.openSocket(), 0x0a00_0002, 80) == -Errno.inProgress)
    hosts.run(for: 5 * Self.second)
    #expect(!hosts.sent.contains { !$0.toServer })
  }

  @Test func anEndIsNotItsOwnPeer() {
    let hosts = TwoHosts()
    let socket = hosts.client.openSocket()
    #expect(hosts.client.bind(socket, 0, 80) == 0)
    #expect(hosts.client.connect(socket, 0x0a00_0001, 80) == -Errno.addressNotAvailable)
  }

  /// RFC 9293 3.8.6.2.2: what an application takes by the hundred is not offered by the hundred.
  @Test func aClosedWindowOpensByASegmentAtLeast() throws {
    let (hosts, _, server) = try blocked()
    let began = hosts.sent.count
    for _ in 0..<40 {
      #expect(hosts.server.receive(server, most: 100).0 == 100)
      hosts.run(for: 10_000)
    }
    hosts.run(for: Self.second)
    let edges = hosts.sent[began...].filter { !$0.toServer }.map { $0.segment.acknowledgment + UInt32($0.segment.window) }
    let steps = zip(edges.dropFirst(), edges).map { $0.distance(from: $1) }.filter { $0 > 0 }
    #expect(!steps.isEmpty && steps.allSatisfy { $0 >= 1_460 }, "\(steps)")
  }
}

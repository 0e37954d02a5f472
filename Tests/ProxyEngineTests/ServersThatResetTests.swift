import Testing

@testable import TCPEngine

/// Servers that accept and reset while a long request is on its way to them, and frames of one leg at the other leg's port.
@Suite struct ServersThatResetTests {
  /// The frame that the server of a connection would send now.
  private func fromServer(_ flags: TCPFlags, _ connection: ProxyConnection) -> WireSegment {
    var segment = WireSegment()
    segment.destinationMAC = MACAddress(0x02_00_00_00_02_00)
    segment.sourceMAC = MACAddress(0x02_00_00_00_02_01)
    segment.source = connection.serverKey.source
    segment.sourcePort = connection.serverKey.sourcePort
    segment.destination = connection.serverKey.destination
    segment.destinationPort = connection.serverKey.destinationPort
    segment.flags = flags
    segment.sequence = connection.server.next.rawValue
    segment.acknowledgment = connection.client.acknowledged.rawValue
    return segment
  }

  private func send(_ frame: [UInt8], to wire: borrowing MemoryLink, _ end: MemoryPort.End) {
    let port = MemoryPort(wire, end: end)
    guard let packet = port.allocate() else { return }
    frame.withUnsafeBytes { packet.bytes.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    packet.length = frame.count
    var buffer = packet.release()
    if port.transmit(&buffer, count: 1) == 0 { port.free(Packet(owning: buffer)) }
  }

  /// The client does not notice, unless an acknowledgment came before the reset; and what the last server gets is what was sent, in order and once.
  @Test(arguments: 1...6 as ClosedRange<UInt64>) func whileARequestIsOnItsWay(_ seed: UInt64) {
    let faults = Faults(loss: 0.01, duplicate: 0.01, reorder: seed % 2 == 0 ? 0.2 : 0.02)
    let simulation = ProxySimulation(200, servers: 8, seed: seed, faults: faults) {
      $0.parameters.connectTimeout = 30_000
      $0.parameters.requestTimeout = 60_000
      $0.parameters.timestamps = seed % 3 == 0 ? .always : .never
      $0.servers.health = PassiveHealth(maximumFails: 0, failTimeout: 1_000)
      $0.lingerPool = 4_096
      $0.parameters.lingerTimeout = 60_000
    } traffic: {
      $0.engine.payloadSize = 9_003
      $0.engine.responseSize = 5_011
      $0.engine.tcp.timestamps = seed % 3 == 0
    }
    var random = SeededRandom(seed: seed)
    var resets: [UInt32: Int] = [:]
    simulation.run {
      for slot in 0..<simulation.proxy.engine.slots.highestUsed {
        let connection = simulation.proxy.engine.connections[slot]
        guard connection.phase == .delivering, !connection.flags.has(.committed) else { continue }
        guard resets[UInt32(slot), default: 0] < 3, random.next() % 3 == 0 else { continue }
        resets[UInt32(slot), default: 0] += 1
        send(fromServer(.rst, connection).frame, to: simulation.serverWire, .b)
      }
      return simulation.isDone
    }
    simulation.leave()
    let (client, server) = (simulation.clients.statistics, simulation.servers.statistics)
    let completed = simulation.statistics[ProxyOutcome.completed]
    #expect(completed + simulation.statistics[ProxyOutcome.resetByServer] == 200 && completed > 100, "\(simulation.report)")
    #expect(client[.client, .completed] == completed && server[.server, .completed] == completed, "\(simulation.report)")
    #expect(server[.server, .payloadMismatch] == 0 && client[.client, .payloadMismatch] == 0)
    #expect(simulation.statistics[ProxyCounter.serversReset] > 20, "\(simulation.report)")
  }

  /// Neither a segment nor an ICMP error about one is believed where it cannot come from.
  @Test func framesOfTheServersLegAtTheClientsPort() {
    let simulation = ProxySimulation(1, servers: 2)
    simulation.run { simulation.proxy.engine.connections[0].phase == .connecting }
    let connection = simulation.proxy.engine.connections[0]
    var syn = fromServer(.syn, connection)
    (syn.source, syn.destination) = (syn.destination, syn.source)
    (syn.sourcePort, syn.destinationPort) = (syn.destinationPort, syn.sourcePort)
    syn.sequence = simulation.proxy.engine.bindings[Int(connection.binding)].start.rawValue &- 1
    let dropped = { simulation.statistics[DropReason.otherPort] }
    send(unreachable(about: syn, for: IPv4Address(0x0a01_0001)), to: simulation.clientWire, .a)
    simulation.run { dropped() == 1 }
    // At its own port to another address of ours.
    let other: UInt32 = connection.serverKey.destination.rawValue == 0x0a02_00fe ? 0x0a02_00f0 : 0x0a02_00fe
    send(unreachable(about: syn, for: IPv4Address(other), at: 0x02_00_00_00_02_00), to: simulation.serverWire, .b)
    simulation.run { simulation.statistics[DropReason.icmpUnanswered] == 1 }
    simulation.run { simulation.proxy.engine.connections[0].phase == .spliced }
    var reset = fromServer(.rst, simulation.proxy.engine.connections[0])
    reset.destinationMAC = MACAddress(0x02_00_00_00_01_00)
    send(reset.frame, to: simulation.clientWire, .a)
    simulation.run { dropped() == 2 }
    simulation.complete()
    simulation.expectAllCompleted()
    #expect(simulation.statistics[ProxyCounter.failedOver] == 0)
  }

  /// Port unreachable (RFC 792).
  private func unreachable(about segment: WireSegment, for receiver: IPv4Address, at mac: UInt64 = 0x02_00_00_00_01_00) -> [UInt8] {
    var message: [UInt8] = [3, 3, 0, 0, 0, 0, 0, 0] + segment.frame[14..<42]
    message.replaceSubrange(2..<4, with: Octets.of(~Octets.sum(message)))
    return Octets.link(MACAddress(mac), MACAddress(0x02_00_00_00_02_01))
      + Octets.header(segment.destination, receiver, protocol: 1, payload: message.count) + message
  }
}

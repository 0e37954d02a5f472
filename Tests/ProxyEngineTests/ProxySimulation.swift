import CPacket
import Testing

@testable import TCPEngine

typealias WirePort = CapturePort<FaultyPort<MemoryPort>>

/// A generator's worker at one end of a wire.
final class Generator {
  typealias W = Worker<WirePort, TrafficEngine<ExchangeWorkload>, ManualClock>
  let link = WorkerLink()
  let capture: Capture
  var worker: W

  init(_ settings: TrafficSettings, on wire: borrowing MemoryLink, end: MemoryPort.End, seed: UInt64) {
    capture = Capture()
    let share = EngineShare(settings, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: seed)
    let engine = TrafficEngine(
      settings, share: share, workload: ExchangeWorkload(settings.engine), mac: settings.port.mac!, link: link)
    let port = FaultyPort(MemoryPort(wire, end: end), faults: settings.faults, seed: seed &+ 1)
    worker = Worker(
      port: CapturePort(port, into: UnsafePointer(capture.channel), isSimulated: true), engine: engine, clock: ManualClock(), link: link,
      vlans: SideTags(VLANTag(settings.port.vlan)))
  }

  var statistics: WorkerStatistics { link.statistics }
  func ended(_ role: Role) -> UInt64 { Outcome.allCases.reduce(0) { $0 + statistics[role, $1] } }
  func open(_ role: Role) -> UInt64 { statistics.attempts(role) - ended(role) }
}

/// Frames that crossed a port, sent and received, when they are kept.
final class Capture {
  let channel: UnsafeMutablePointer<CaptureChannel>
  var frames: [[UInt8]] = []
  var keeps = false

  init() {
    channel = .allocate(capacity: 1)
    channel.initialize(to: CaptureChannel(capacity: 4096))
  }

  deinit {
    channel.deinitialize(count: 1)
    channel.deallocate()
  }

  func collect() {
    while let frame = channel.pointee.ring.peek() {
      if keeps {
        let octets = UnsafeRawPointer(frame) + CapturedFrame.headerLength
        frames.append(Array(UnsafeRawBufferPointer(start: octets, count: Int(frame.pointee.captured))))
      }
      channel.pointee.ring.consume(1)
    }
  }
}

/// To the first group, whatever comes.
struct FirstGroup: BindingRule {
  func decide(_ request: FirstRequest) -> BindingDecision { .group(0, key: 0, rule: 0) }
}

/// Clients on one wire, servers on another, the proxy between them, under the manual clock.
final class ProxySimulation<Rule: BindingRule, Inspector: PayloadInspector> {
  typealias Proxy = Worker<PairPort<WirePort, WirePort>, ProxyEngine<Rule, Inspector>, ManualClock>
  let clientWire: MemoryLink
  let serverWire: MemoryLink
  let clients: Generator
  let servers: Generator
  let link = WorkerLink()
  let records: KeptRecords
  let front = Capture()
  let back = Capture()
  var proxy: Proxy
  let total: Int

  static var serverAddress: IPv4Address { IPv4Address(0x0a02_0001) }

  /// - Parameter servers: addresses from `serverAddress` on, each a target of the only group.
  init(
    _ connections: Int, servers count: Int = 1, rule: Rule, inspector: Inspector, seed: UInt64 = 1, faults: Faults = Faults(),
    buffers: Int = 16_384, proxy change: (inout ProxySettings) -> Void = { _ in },
    traffic: (inout TrafficSettings) -> Void = { _ in }, serverTraffic: (inout TrafficSettings) -> Void = { _ in }
  ) {
    clientWire = MemoryLink(buffers: buffers)
    serverWire = MemoryLink(sharing: clientWire)
    total = connections
    var client = TrafficSettings()
    client.testSize = connections
    client.port.interface = "clients"
    client.port.mac = MACAddress(0x02_00_00_00_01_01)
    client.port.address = IPv4Address(0x0a01_0002)
    client.port.clients = [AddressRange(first: IPv4Address(0x0a01_0002), last: IPv4Address(0x0a01_00ff))]
    client.port.poolSize = buffers
    client.engine.port = 0
    client.engine.maxOpen = 64
    client.engine.verifyPayload = true
    client.targets = [Target(id: "proxy", address: IPv4Address(0x0a01_0001), port: 80)]
    client.faults = faults
    traffic(&client)
    var server = client
    server.port.mac = MACAddress(0x02_00_00_00_02_01)
    server.port.address = Self.serverAddress
    server.port.servers = count > 1 ? [AddressRange(first: IPv4Address(0x0a02_0002), last: IPv4Address(0x0a02_0000 + UInt32(count)))] : []
    server.port.clients = [AddressRange(first: server.port.address, last: server.port.address)]
    server.engine.port = 4000
    server.targets = []
    serverTraffic(&server)
    var settings = ProxySettings()
    var clientPort = PortSettings()
    clientPort.interface = "clients"
    clientPort.address = IPv4Address(0x0a01_0001)
    clientPort.clients = []
    clientPort.poolSize = buffers
    var serverPort = clientPort
    serverPort.interface = "servers"
    serverPort.address = IPv4Address(0x0a02_00fe)
    serverPort.clients = [AddressRange(first: IPv4Address(0x0a02_00f0), last: IPv4Address(0x0a02_00fe))]
    settings.ports = [clientPort, serverPort]
    settings.parameters.timestamps = .never
    settings.maxOpen = 1_024
    settings.lingerPool = 256
    settings.parameters.lingerTimeout = 1_000
    settings.servers = ServerSettings(
      targets: (0..<count).map {
        ServerTarget(name: "s\($0)", address: Self.serverAddress.rawValue + UInt32($0), port: 4000)
      },
      groups: [ServerGroupSettings(name: "all", algorithm: .roundRobin, targets: Array(0..<count))])
    change(&settings)
    clients = Generator(client, on: clientWire, end: .a, seed: seed)
    servers = Generator(server, on: serverWire, end: .b, seed: seed &+ 50)
    let share = ProxyShare(settings, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: seed &+ 99)
    records = KeptRecords(settings)
    let engine = ProxyEngine(
      settings, share: share, rule: rule, inspector: inspector,
      macs: [MACAddress(0x02_00_00_00_01_00), MACAddress(0x02_00_00_00_02_00)], link: link, records: records.channel)
    let frontPort = CapturePort(
      FaultyPort(MemoryPort(clientWire, end: .b), faults: faults, seed: seed &+ 7), into: UnsafePointer(front.channel), isSimulated: true)
    let backPort = CapturePort(
      FaultyPort(MemoryPort(serverWire, end: .a), faults: faults, seed: seed &+ 8), into: UnsafePointer(back.channel), isSimulated: true)
    proxy = Worker(
      port: PairPort(front: frontPort, back: backPort), engine: engine, clock: ManualClock(), link: link,
      vlans: SideTags(front: VLANTag(settings.ports[0].vlan), back: VLANTag(settings.ports[1].vlan)))
  }

  var statistics: WorkerStatistics { link.statistics }
  var now: Ticks { proxy.clock.time }

  func turn() {
    _ = clients.worker.turn()
    _ = proxy.turn()
    _ = servers.worker.turn()
    for capture in [clients.capture, front, back, servers.capture] { capture.collect() }
  }

  func run(_ limit: Int = 2_000_000, _ location: SourceLocation = #_sourceLocation, until holds: () -> Bool) {
    var turns = 0
    while !holds(), turns < limit {
      turn()
      turns += 1
    }
    #expect(turns < limit, "never came about: \(report)", sourceLocation: location)
  }

  var proxied: UInt64 { statistics.attempts(.client) }
  var proxiedEnded: UInt64 { ProxyOutcome.allCases.reduce(0) { $0 + statistics[$1] } }
  var isDone: Bool {
    clients.statistics.attempts(.client) == UInt64(total) && clients.open(.client) == 0 && servers.open(.server) == 0
      && proxied == proxiedEnded
  }

  /// Runs to the end and checks the books.
  func complete(_ limit: Int = 2_000_000, _ location: SourceLocation = #_sourceLocation) {
    run(limit, location) { isDone }
    leave(location)
  }

  func leave(_ location: SourceLocation = #_sourceLocation) {
    for link in [clients.link, link, servers.link] { link.send(.leave) }
    turn()
    proxy.freeDiscarded()
    proxy.io.discard()
    proxy.io.port.discard()
    proxy.io.port.front.base.drain()
    proxy.io.port.back.base.drain()
    for generator in [clients, servers] {
      generator.worker.freeDiscarded()
      generator.worker.io.discard()
      generator.worker.io.port.base.drain()
    }
    drain {
      proxy.io.port.front.receive($0, count: 1)
    } free: {
      proxy.io.free($0)
    }
    drain {
      proxy.io.port.back.receive($0, count: 1)
    } free: {
      proxy.io.free($0)
    }
    for generator in [clients, servers] {
      drain {
        generator.worker.io.port.receive($0, count: 1)
      } free: {
        generator.worker.io.free($0)
      }
      #expect(generator.worker.engine.inUse == (0, 0, 0), sourceLocation: location)
    }
    #expect(proxied == proxiedEnded, "proxied connections without an outcome", sourceLocation: location)
    #expect(proxy.engine.inUse == (0, 0, 0), sourceLocation: location)
    #expect(proxy.engine.heldCount == 0 && proxy.engine.open == 0, sourceLocation: location)
    let open = (0..<proxy.engine.groups.targets.count).reduce(0) { $0 + Int(proxy.engine.groups.targets[$1].open) }
    #expect(open == 0, "targets count \(open) connections as open", sourceLocation: location)
    #expect(clientWire.outstanding == 0 && serverWire.inFlight == 0, "a frame leaked", sourceLocation: location)
  }

  private func drain(_ receive: (UnsafeMutablePointer<PacketPointer>) -> Int, free: (consuming Packet) -> Void) {
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while receive(place) == 1 { free(Packet(owning: place[0])) }
  }

  /// What is not zero.
  var report: String {
    var text: [String] = ["proxied \(proxied)"]
    for outcome in ProxyOutcome.allCases where statistics[outcome] > 0 { text.append("\(outcome) \(statistics[outcome])") }
    for counter in ProxyCounter.allCases where statistics[counter] > 0 { text.append("\(counter) \(statistics[counter])") }
    for reason in DropReason.allCases where statistics[reason] > 0 { text.append("dropped \(reason) \(statistics[reason])") }
    if statistics[.unsummedAccepted] > 0 { text.append("unsummedAccepted \(statistics[.unsummedAccepted])") }
    for (name, generator, role) in [("client", clients, Role.client), ("server", servers, Role.server)] {
      let unsummed = generator.statistics[.unsummedAccepted]
      if unsummed > 0 { text.append("\(name) unsummedAccepted \(unsummed)") }
      for outcome in Outcome.allCases where generator.statistics[role, outcome] > 0 {
        text.append("\(name) \(outcome) \(generator.statistics[role, outcome])")
      }
      for reason in DropReason.allCases where generator.statistics[reason] > 0 {
        text.append("\(name) dropped \(reason) \(generator.statistics[reason])")
      }
    }
    return text.joined(separator: ", ")
  }

  func expectAllCompleted(_ location: SourceLocation = #_sourceLocation) {
    #expect(clients.statistics[.client, .completed] == UInt64(total), "\(report)", sourceLocation: location)
    #expect(servers.statistics[.server, .completed] == UInt64(total), "\(report)", sourceLocation: location)
    #expect(statistics[ProxyOutcome.completed] == UInt64(total), "\(report)", sourceLocation: location)
    let (client, server) = (clients.statistics, servers.statistics)
    #expect(client[.client, .payloadBytesSent] == server[.server, .payloadBytesReceived], sourceLocation: location)
    #expect(server[.server, .payloadBytesSent] == client[.client, .payloadBytesReceived], sourceLocation: location)
  }
}

extension ProxySimulation where Rule == FirstGroup, Inspector == NoInspector {
  convenience init(
    _ connections: Int, servers count: Int = 1, seed: UInt64 = 1, faults: Faults = Faults(), buffers: Int = 16_384,
    proxy change: (inout ProxySettings) -> Void = { _ in }, traffic: (inout TrafficSettings) -> Void = { _ in },
    serverTraffic: (inout TrafficSettings) -> Void = { _ in }
  ) {
    self.init(
      connections, servers: count, rule: FirstGroup(), inspector: NoInspector(), seed: seed, faults: faults, buffers: buffers,
      proxy: change, traffic: traffic, serverTraffic: serverTraffic)
  }
}

extension Worker where Port: ~Copyable, C: ~Copyable, E: ~Copyable {
  /// Frees what connections held that have ended.
  mutating func freeDiscarded<W: Workload>() where E == TrafficEngine<W> { engine.freeDiscarded(&io) }
  mutating func freeDiscarded<R: BindingRule, I: PayloadInspector>() where E == ProxyEngine<R, I> { engine.freeDiscarded(&io) }
}

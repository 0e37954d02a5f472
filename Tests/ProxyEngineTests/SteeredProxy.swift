import CPacket
import Testing

@testable import TCPEngine

/// A proxy of two workers on one port, and a station at its other end that is all clients and all servers, under the manual clock.
final class SteeredProxy {
  typealias Proxy = Worker<QueuePort, ProxyEngine<FirstGroup, NoInspector>, ManualClock>
  typealias Station = Worker<QueuePort, TrafficEngine<ExchangeWorkload>, ManualClock>

  let wire: ManyQueues
  let handOver = HandOver(workers: 2)
  let links = [WorkerLink(), WorkerLink()]
  let stationLink = WorkerLink()
  private let total: Int
  private var first: Proxy
  private var second: Proxy
  private var station: Station

  static var address: IPv4Address { IPv4Address(0x0a00_0001) }
  static var server: IPv4Address { IPv4Address(0x0a00_0009) }
  static var mac: MACAddress { MACAddress(0x02_00_00_00_00_02) }

  /// - Parameter route: the queue of a frame's key, as it arrives.
  init(
    _ connections: Int, hash: PortHash? = nil, route: @escaping (FlowKey) -> Int,
    change: (inout ProxySettings) -> Void = { _ in }
  ) {
    total = connections
    let wire = ManyQueues(queues: 2, route: route)
    self.wire = wire
    var traffic = TrafficSettings()
    traffic.testSize = connections
    traffic.port.interface = "wire"
    traffic.port.mac = MACAddress(0x02_00_00_00_00_09)
    traffic.port.address = Self.server
    traffic.port.clients = [AddressRange(first: IPv4Address(0x0a00_0010), last: IPv4Address(0x0a00_002f))]
    traffic.engine.port = 4000
    traffic.engine.maxOpen = 64
    traffic.engine.verifyPayload = true
    traffic.targets = [Target(id: "proxy", address: Self.address, port: 80)]
    var port = PortSettings()
    port.interface = "wire"
    port.address = Self.address
    port.clients = [AddressRange(first: IPv4Address(0x0a00_0001), last: IPv4Address(0x0a00_0004))]
    var settings = ProxySettings()
    settings.ports = [port]
    settings.parameters.timestamps = .never
    settings.maxOpen = 1_024
    settings.lingerPool = 256
    settings.parameters.lingerTimeout = 1_000
    settings.servers = ServerSettings(
      targets: [ServerTarget(name: "s", address: Self.server.rawValue, port: 4000)],
      groups: [ServerGroupSettings(name: "all", algorithm: .roundRobin, targets: [0])])
    change(&settings)
    let boards = ProxyBoards(settings)
    let (handOver, links) = (handOver, links)
    func worker(_ index: Int) -> Proxy {
      var share = ProxyShare(settings, worker: index, workers: 2, ticksPerSecond: 1e9, seed: 7 + UInt64(index))
      share.lanes = handOver.lanes(ofWorker: index)
      share.hash = hash
      let engine = ProxyEngine(
        settings, share: share, rule: FirstGroup(), inspector: NoInspector(), macs: [Self.mac], link: links[index], boards: boards)
      return Worker(port: QueuePort(wire, index), engine: engine, clock: ManualClock(), link: links[index])
    }
    first = worker(0)
    second = worker(1)
    let engine = TrafficEngine(
      traffic, share: EngineShare(traffic, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: 3),
      workload: ExchangeWorkload(traffic.engine), mac: traffic.port.mac!, link: stationLink)
    station = Worker(port: QueuePort(wire, 2), engine: engine, clock: ManualClock(), link: stationLink)
  }

  func turn() {
    first.turn()
    second.turn()
    station.turn()
  }

  func sum(_ gauge: WorkerGauge) -> UInt64 { links.reduce(0) { $0 + $1.statistics[gauge] } }
  func sum(_ reason: DropReason) -> UInt64 { links.reduce(0) { $0 + $1.statistics[reason] } }
  func sum(_ outcome: ProxyOutcome) -> UInt64 { links.reduce(0) { $0 + $1.statistics[outcome] } }
  private var attempted: UInt64 { links.reduce(0) { $0 + $1.statistics.attempts(.client) } }
  private var ended: UInt64 { ProxyOutcome.allCases.reduce(0) { $0 + sum($1) } }

  private var isDone: Bool {
    let statistics = stationLink.statistics
    return statistics.attempts(.client) == UInt64(total) && attempted == ended
      && Role.allCases.allSatisfy { role in
        Outcome.allCases.reduce(0) { $0 + statistics[role, $1] } == statistics.attempts(role)
      }
  }

  /// Runs to the end and checks the books.
  func complete(_ limit: Int = 400_000, _ location: SourceLocation = #_sourceLocation) {
    var turns = 0
    while !isDone, turns < limit {
      turn()
      turns += 1
    }
    #expect(turns < limit, "never came to an end", sourceLocation: location)
    leave(location)
  }

  private func leave(_ location: SourceLocation) {
    for link in links + [stationLink] { link.send(.leave) }
    turn()
    let buffers = MemoryPort(wire.pool)
    let between = handOver.drain { buffers.free(Packet(owning: $0)) }
    first.freeDiscarded()
    second.freeDiscarded()
    station.freeDiscarded()
    first.io.discard()
    second.io.discard()
    station.io.discard()
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    for index in 0..<3 { while wire.take(index, place, 1) == 1 { buffers.free(Packet(owning: place[0])) } }
    #expect(first.engine.inUse == (0, 0, 0) && second.engine.inUse == (0, 0, 0), sourceLocation: location)
    #expect(wire.pool.outstanding == 0 && wire.inFlight == 0, "a frame leaked", sourceLocation: location)
    #expect(sum(.steeredElsewhere) == sum(.steeredHere) + UInt64(between), sourceLocation: location)
  }

  func expectAllCompleted(_ location: SourceLocation = #_sourceLocation) {
    #expect(sum(ProxyOutcome.completed) == UInt64(total), sourceLocation: location)
    for role in Role.allCases { #expect(stationLink.statistics[role, .completed] == UInt64(total), "\(role)", sourceLocation: location) }
    #expect(links.allSatisfy { $0.statistics.attempts(.client) > UInt64(total) / 5 }, "both took some in", sourceLocation: location)
  }
}

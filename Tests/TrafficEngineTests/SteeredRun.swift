import CPacket
import Testing

@testable import TCPEngine

/// Two workers on such a port, and a station at its other end, in one run under the manual clock.
final class SteeredRun {
  typealias QueueWorker = Worker<QueuePort, TrafficEngine<ExchangeWorkload>, ManualClock>

  final class Station {
    let link = WorkerLink()
    var worker: QueueWorker
    var rests = false

    init(_ settings: TrafficSettings, _ wire: ManyQueues, _ index: Int, _ share: EngineShare, _ board: NeighbourBoard? = nil) {
      let engine = TrafficEngine(
        settings, share: share, workload: ExchangeWorkload(settings.engine), mac: settings.port.mac ?? PortSettings.loopedMAC, link: link,
        board: board)
      worker = Worker(port: QueuePort(wire, index), engine: engine, clock: ManualClock(), link: link)
    }

    var statistics: WorkerStatistics { link.statistics }
  }

  let wire: ManyQueues
  let handOver = HandOver(workers: 2)
  let workers: [Station]
  let other: Station
  /// The port's own address.
  let address: IPv4Address
  private let total: Int
  /// The role of the two workers.
  private let role: Role

  /// - Parameters:
  ///   - role: what the two workers are; the other end is the other.
  ///   - route: the queue of a frame's key, as it arrives.
  init(
    _ connections: Int, role: Role, hash: PortHash? = nil, learns: Bool = false, route: @escaping (FlowKey) -> Int,
    change: (inout TrafficSettings) -> Void = { _ in }
  ) {
    let wire = ManyQueues(queues: 2, route: route)
    total = connections
    self.role = role
    var client = settings(connections) {
      $0.port.interface = "wire"
      $0.engine.port = 0
      $0.port.address = IPv4Address(0x0a00_f001)
      $0.port.mac = MACAddress(0x02_00_00_00_00_02)
      change(&$0)
    }
    var server = settings(connections) { $0.port.interface = "wire" }
    server.targets = []
    if role == .server {
      change(&server)
      server.targets = []
      client.port.flowSteering = .port
    }
    let ours = role == .client ? client : server
    let theirs = role == .client ? server : client
    let board = TrafficEngine<ExchangeWorkload>.neighbourBoard(ours)
    address = ours.port.address
    workers = [0, 1].map { [handOver] index in
      var share = EngineShare(ours, worker: index, workers: 2, ticksPerSecond: 1e9, seed: 7 + UInt64(index))
      share.lanes = handOver.lanes(ofWorker: index)
      share.hash = hash
      share.learnsStrays = learns
      return Station(ours, wire, index, share, board)
    }
    other = Station(theirs, wire, 2, EngineShare(theirs, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: 3))
    self.wire = wire
  }

  var stations: [Station] { workers + [other] }

  func turn() { for station in stations where !station.rests { station.worker.turn() } }

  func sum(_ gauge: WorkerGauge) -> UInt64 { workers.reduce(0) { $0 + $1.statistics[gauge] } }
  func sum(_ reason: DropReason) -> UInt64 { workers.reduce(0) { $0 + $1.statistics[reason] } }

  private func ended(_ station: Station, _ role: Role) -> UInt64 { Outcome.allCases.reduce(0) { $0 + station.statistics[role, $1] } }
  private func all(_ value: (Station) -> UInt64) -> UInt64 { stations.reduce(0) { $0 + value($1) } }

  /// Runs to the end and checks the books.
  func complete(_ limit: Int = 400_000, _ location: SourceLocation = #_sourceLocation) {
    var turns = 0
    while turns < limit {
      turn()
      turns += 1
      let isDone = Role.allCases.allSatisfy { role in
        all { $0.statistics.attempts(role) } >= UInt64(total) && all { ended($0, role) } == all { $0.statistics.attempts(role) }
      }
      if isDone { break }
    }
    #expect(turns < limit, "never came to an end", sourceLocation: location)
    leave(location)
  }

  func leave(_ location: SourceLocation = #_sourceLocation) {
    for station in stations {
      station.link.send(.leave)
      station.worker.turn()
      station.worker.publish()
    }
    let buffers = MemoryPort(wire.pool)
    let between = handOver.drain { buffers.free(Packet(owning: $0)) }
    for (index, station) in stations.enumerated() {
      station.worker.freeDiscarded()
      station.worker.io.discard()
      clear(index)
      #expect(station.worker.engine.inUse == (0, 0, 0), sourceLocation: location)
    }
    #expect(wire.pool.outstanding == 0 && wire.inFlight == 0, "a frame leaked", sourceLocation: location)
    #expect(sum(.steeredElsewhere) == sum(.steeredHere) + UInt64(between), sourceLocation: location)
  }

  private func clear(_ index: Int) {
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while wire.take(index, place, 1) == 1 { stations[index].worker.io.free(Packet(owning: place[0])) }
  }

  func expectAllCompleted(_ location: SourceLocation = #_sourceLocation) {
    for role in Role.allCases {
      #expect(all { $0.statistics[role, .completed] } == UInt64(total), "\(role)", sourceLocation: location)
    }
  }
}

import CPacket
import Testing

@testable import TCPEngine

/// What most tests run: the exchange workload.
typealias Station = WorkloadStation<ExchangeWorkload>
typealias Simulation = WorkloadSimulation<ExchangeWorkload>

/// Settings of a small run: one target, the port itself.
func settings(_ connections: Int, _ change: (inout TrafficSettings) -> Void = { _ in }) -> TrafficSettings {
  var settings = TrafficSettings()
  settings.testSize = connections
  settings.targets = [Target(id: "self", address: settings.port.address, port: settings.engine.port)]
  settings.engine.maxOpen = 64
  settings.engine.timeWaitPool = 256
  change(&settings)
  return settings
}

/// A worker over its port, with everything it must not outlive.
final class WorkloadStation<W: Workload> {
  let link = WorkerLink()
  let capture: UnsafeMutablePointer<CaptureChannel>
  var worker: MemoryWorker<W>
  /// Frames that crossed the wire, when they are kept.
  var captured: [[UInt8]] = []
  private let keeps: Bool

  init(
    _ settings: TrafficSettings, on wire: borrowing MemoryLink, end: MemoryPort.End, seed: UInt64, captures: Bool, workload: W,
    kernel: UnsafePointer<KernelChannel>? = nil, board: NeighbourBoard? = nil, faultSeed: UInt64? = nil,
    adjust: (inout EngineShare) -> Void
  ) {
    var share = EngineShare(settings, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: seed)
    adjust(&share)
    capture = .allocate(capacity: 1)
    capture.initialize(to: CaptureChannel(capacity: captures ? 4096 : 2))
    keeps = captures
    let engine = TrafficEngine(
      settings, share: share, workload: workload, mac: settings.port.mac ?? PortSettings.loopedMAC, link: link, kernel: kernel,
      board: board)
    let faulty = FaultyPort(MemoryPort(wire, end: end), faults: settings.faults, seed: faultSeed ?? seed &+ 1)
    worker = Worker(
      port: CapturePort(faulty, into: captures ? UnsafePointer(capture) : nil, isSimulated: true), engine: engine, clock: ManualClock(),
      link: link,
      vlans: SideTags(VLANTag(settings.port.vlan)))
  }

  deinit {
    capture.deinitialize(count: 1)
    capture.deallocate()
  }

  func turn() -> Bool {
    let busy = worker.turn()
    if keeps {
      while let frame = capture.pointee.ring.peek() {
        let octets = UnsafeRawPointer(frame) + CapturedFrame.headerLength
        let piece = Array(UnsafeRawBufferPointer(start: octets, count: Int(frame.pointee.captured)))
        if frame.pointee.length > 0 { captured.append(piece) } else { captured[captured.count - 1] += piece }
        capture.pointee.ring.consume(1)
      }
    }
    return busy
  }

  var statistics: WorkerStatistics { link.statistics }
  func ended(_ role: Role) -> UInt64 { Outcome.allCases.reduce(0) { $0 + statistics[role, $1] } }
  func open(_ role: Role) -> UInt64 { statistics.attempts(role) - ended(role) }
}

/// A run under the manual clock: one worker on a looped wire, or a client's and a server's joined by one.
final class WorkloadSimulation<W: Workload> {
  let wire: MemoryLink
  private(set) var stations: [WorkloadStation<W>] = []
  let total: Int

  /// - Parameters:
  ///   - apart: two workers, the client role on one, the server role on the other.
  ///   - depth: frames that the wire holds.
  init(
    _ settings: TrafficSettings, seed: UInt64 = 1, faultSeed: UInt64? = nil, apart: Bool = false, captures: Bool = false,
    buffers: Int = 4096, depth: Int = 1024,
    makeWorkload: (TrafficSettings) -> W, adjust: (inout EngineShare) -> Void = { _ in }
  ) {
    wire = MemoryLink(buffers: buffers, depth: depth, room: settings.port.bufferRoom)
    total = settings.testSize
    var settings = settings
    settings.port.poolSize = buffers
    if apart {
      var client = settings
      client.engine.port = 0
      client.port.address = IPv4Address(0x0a00_f001)
      if !settings.port.isLooped { client.port.mac = MACAddress(0x02_00_00_00_00_02) }
      var server = settings
      server.targets = []
      stations = [
        WorkloadStation(
          client, on: wire, end: .a, seed: seed, captures: captures, workload: makeWorkload(client), adjust: adjust),
        WorkloadStation(server, on: wire, end: .b, seed: seed &+ 99, captures: captures, workload: makeWorkload(server)) {
          adjust(&$0)
          $0.connections = 0
        },
      ]
    } else {
      stations = [
        WorkloadStation(
          settings, on: wire, end: .loop, seed: seed, captures: captures, workload: makeWorkload(settings), faultSeed: faultSeed,
          adjust: adjust)
      ]
    }
  }

  var client: WorkloadStation<W> { stations[0] }
  var server: WorkloadStation<W> { stations[stations.count - 1] }
  var clientStatistics: WorkerStatistics { client.statistics }
  var serverStatistics: WorkerStatistics { server.statistics }
  var now: Ticks { client.worker.clock.time }

  /// One turn of every worker.
  func turn() { for station in stations { _ = station.turn() } }

  func turns(_ count: Int) { for _ in 0..<count { turn() } }

  /// Runs until a moment of the client's clock, in milliseconds; false if it takes too many turns.
  func run(until milliseconds: UInt64) {
    var turns = 0
    while now < milliseconds * 1_000_000, turns < 2_000_000 {
      turn()
      turns += 1
    }
    #expect(now >= milliseconds * 1_000_000, "time stands still")
  }

  /// Runs until a condition holds; records an issue when it does not within so many turns.
  func run(_ limit: Int = 2_000_000, _ location: SourceLocation = #_sourceLocation, until holds: () -> Bool) {
    var turns = 0
    while !holds(), turns < limit {
      turn()
      turns += 1
    }
    #expect(turns < limit, "never came about", sourceLocation: location)
  }

  var isDone: Bool { clientStatistics.attempts(.client) == UInt64(total) && client.open(.client) == 0 && server.open(.server) == 0 }

  /// Runs to the end and checks the books.
  @discardableResult
  func complete(_ limit: Int = 2_000_000, _ location: SourceLocation = #_sourceLocation) -> WorkloadSimulation {
    run(limit, location) { isDone }
    leave(location)
    return self
  }

  /// Tells the workers to leave, empties the wire, and checks that all is accounted for and nothing leaked.
  func leave(_ location: SourceLocation = #_sourceLocation) {
    for station in stations {
      station.link.send(.leave)
      _ = station.turn()
    }
    for station in stations {
      station.worker.publish()
      station.worker.freeDiscarded()
      station.worker.io.discard()
      station.worker.io.port.base.drain()
      drainWire(station)
    }
    for station in stations {
      for role in Role.allCases {
        #expect(station.open(role) == 0, "attempts without an outcome: \(role)", sourceLocation: location)
      }
      let inUse = station.worker.engine.inUse
      #expect(inUse == (0, 0, 0), sourceLocation: location)
      #expect(station.worker.engine.openClients == 0 && station.worker.engine.openServers == 0, sourceLocation: location)
    }
    #expect(wire.outstanding == 0 && wire.inFlight == 0, "a frame leaked", sourceLocation: location)
  }

  private func drainWire(_ station: WorkloadStation<W>) {
    var burst: [PacketPointer] = []
    while let packet = receiveOne(station) { burst.append(packet) }
    for packet in burst { station.worker.io.free(Packet(owning: packet)) }
  }

  private func receiveOne(_ station: WorkloadStation<W>) -> PacketPointer? {
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    return station.worker.io.port.receive(place, count: 1) == 1 ? place[0] : nil
  }

  func expectAllCompleted(_ location: SourceLocation = #_sourceLocation) {
    #expect(clientStatistics[.client, .completed] == UInt64(total), "\(outcomes)", sourceLocation: location)
    #expect(serverStatistics[.server, .completed] == UInt64(total), "\(outcomes)", sourceLocation: location)
    expectStreamsWhole(location)
  }

  func expectStreamsWhole(_ location: SourceLocation = #_sourceLocation) {
    let (client, server) = (clientStatistics, serverStatistics)
    #expect(client[.client, .payloadBytesSent] == server[.server, .payloadBytesReceived], sourceLocation: location)
    #expect(server[.server, .payloadBytesSent] == client[.client, .payloadBytesReceived], sourceLocation: location)
  }

  /// Outcomes that are not zero.
  var outcomes: String {
    var text: [String] = []
    for role in Role.allCases {
      let statistics = role == .client ? clientStatistics : serverStatistics
      for outcome in Outcome.allCases where statistics[role, outcome] > 0 { text.append("\(role) \(outcome) \(statistics[role, outcome])") }
    }
    return text.joined(separator: ", ")
  }

  /// All counters of all workers, by name.
  var counters: [String: UInt64] {
    var all: [String: UInt64] = [:]
    for (index, station) in stations.enumerated() {
      for role in Role.allCases {
        for counter in SegmentCounter.allCases { all["\(index) \(role) \(counter)"] = station.statistics[role, counter] }
        for outcome in Outcome.allCases { all["\(index) \(role) \(outcome)"] = station.statistics[role, outcome] }
      }
      for reason in DropReason.allCases { all["\(index) \(reason)"] = station.statistics[reason] }
      for gauge in WorkerGauge.allCases where gauge != .busyTicks { all["\(index) \(gauge)"] = station.statistics[gauge] }
    }
    return all
  }
}

extension WorkloadStation where W == ExchangeWorkload {
  convenience init(
    _ settings: TrafficSettings, on wire: borrowing MemoryLink, end: MemoryPort.End, seed: UInt64, captures: Bool,
    kernel: UnsafePointer<KernelChannel>? = nil, board: NeighbourBoard? = nil, adjust: (inout EngineShare) -> Void
  ) {
    self.init(
      settings, on: wire, end: end, seed: seed, captures: captures, workload: ExchangeWorkload(settings.engine), kernel: kernel,
      board: board, adjust: adjust)
  }
}

extension WorkloadSimulation where W == ExchangeWorkload {
  convenience init(
    _ settings: TrafficSettings, seed: UInt64 = 1, faultSeed: UInt64? = nil, apart: Bool = false, captures: Bool = false,
    buffers: Int = 4096, depth: Int = 1024, adjust: (inout EngineShare) -> Void = { _ in }
  ) {
    self.init(
      settings, seed: seed, faultSeed: faultSeed, apart: apart, captures: captures, buffers: buffers, depth: depth,
      makeWorkload: { ExchangeWorkload($0.engine) }, adjust: adjust)
  }
}

extension Worker where Port: ~Copyable, C: ~Copyable, E: ~Copyable {
  /// Frees what connections held that have ended.
  mutating func freeDiscarded<W: Workload>() where E == TrafficEngine<W> { engine.freeDiscarded(&io) }
}

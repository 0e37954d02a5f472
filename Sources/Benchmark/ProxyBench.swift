import ArgumentParser
import CFloor
import CPacket
import Foundation
import TCPEngine

/// `trafficbench proxy`: one run of clients, proxy and servers on one core, joined by rings.
struct ProxyBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy", abstract: "Runs clients, proxy and servers on one core once, and prints what the proxy took, as JSON.")

  @Option(help: "Connections to open.") var connections = 1_000_000
  @Option(help: "Connections open at a time.") var open = 256
  @Option(help: "The core to run on.") var core = defaultCore()
  @Option(help: "Frames that a ring holds.") var depth = 4_096
  @Option(help: "Requests and responses of each connection.") var exchanges = 1
  @Flag(help: "A bare rewrite-and-forward loop, by DPDK's own calls, in the proxy's place.") var floor = false
  @Flag(help: "The same as lean as it can be.") var leanFloor = false
  @Flag(help: "Nothing in the proxy's place: the generator alone, on a ring.") var alone = false
  @Flag(help: "Hold the connections open instead of closing them, and tell the process' memory.") var held = false

  private static let clientMAC = MACAddress(0x02_00_00_00_00_01)
  private static let proxyMAC = MACAddress(0x02_00_00_00_00_02)
  private static let client = IPv4Address(0x0a00_0002)
  private static let server = IPv4Address(0x0a00_0001)
  private static let proxy = IPv4Address(0x0a00_fe01)
  private static let buffers = 32_768

  private var isFloor: Bool { floor || leanFloor }

  func run() throws {
    let huge = try DPDK.start(memory: Self.buffers * 2_560 + (64 << 20))
    let pool = try DPDK.createPool(name: "bench", buffers: Self.buffers, room: PortSettings().bufferRoom, core: core)
    let descriptors = DPDKDevice.Request(receive: 1_024, transmit: 1_024)
    let ports = try DPDKDevice.ringPair(name: "bench", depth: depth, pool: pool, descriptors, core: core)
    let loop = alone ? try DPDKDevice.ring(name: "loop", depth: depth, pools: [pool], descriptors, core: core) : ports.0
    let parts = Parts(bench: self, pool: pool, trafficPort: loop.port, proxyPort: ports.1.port, rate: measure_tick_rate(100))
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      pin_thread(Int32(parts.bench.core))
      DPDK.registerThread()
      parts.run()
      DPDK.unregisterThread()
      done.signal()
    }
    try parts.watch()
    done.wait()
    try parts.report(huge: huge)
  }

  /// What the thread and the one who watches it share: links may be read by anyone, the results are read when the thread has ended.
  final class Parts: @unchecked Sendable {
    let bench: ProxyBench
    let pool: UnsafeMutableRawPointer
    let trafficPort: UInt16
    let proxyPort: UInt16
    let rate: Double
    let traffic = WorkerLink()
    let proxy = WorkerLink()
    var ticks: Ticks = 0
    var leaks = (slots: 0, flows: 0, timers: 0)
    var seconds = 0.0
    /// While all connections are open.
    var memory = 0

    init(bench: ProxyBench, pool: UnsafeMutableRawPointer, trafficPort: UInt16, proxyPort: UInt16, rate: Double) {
      self.bench = bench
      self.pool = pool
      self.trafficPort = trafficPort
      self.proxyPort = proxyPort
      self.rate = rate
    }

    private func trafficWorker() -> ProxyBenchmark.Traffic {
      var settings = TrafficSettings()
      settings.testSize = bench.connections
      if !bench.alone { settings.port.interface = "rings" }
      settings.port.poolSize = ProxyBench.buffers
      settings.port.address = ProxyBench.server
      settings.engine.finByClient = 0
      settings.engine.finByServer = bench.exchanges
      let last = bench.isFloor ? ProxyBench.client : IPv4Address(ProxyBench.client.rawValue + 61)
      settings.port.clients = [AddressRange(first: ProxyBench.client, last: last)]
      settings.port.mac = ProxyBench.clientMAC
      settings.engine.maxOpen = bench.held ? bench.connections : bench.open
      settings.engine.verifyPayload = true
      settings.engine.recoveryPool = 1_024
      if bench.held {
        settings.engine.finByServer = 0
        settings.engine.finByClient = 0
        settings.engine.tcp.establishedTimeout = 3_600_000
        // A request and its answer, and then nothing.
        settings.engine.thinkTime = 3_000_000
      }
      settings.targets = [
        bench.alone
          ? Target(id: "itself", address: ProxyBench.server, port: 4000)
          : Target(id: "proxy", address: ProxyBench.proxy, mac: ProxyBench.proxyMAC, port: 80)
      ]
      let share = EngineShare(settings, worker: 0, workers: 1, ticksPerSecond: rate, seed: 1)
      let engine = TrafficEngine(
        settings, share: share, workload: ExchangeWorkload(settings.engine), mac: ProxyBench.clientMAC, link: traffic,
        start: tick_counter())
      return Worker(
        port: DPDKPort(port: trafficPort, queue: 0, pool: pool, cacheSize: 256), engine: engine, clock: TickClock(), link: traffic)
    }

    /// The request decides: its first octets are compared with those of a rule, then the next rule takes it.
    private static func rules() -> RuleSet {
      do {
        return try RuleSet([
          RuleSettings(match: .prefix(Array("GET /never".utf8)), verdict: .reset), RuleSettings(match: .any, verdict: .group(0)),
        ])
      } catch {
        preconditionFailure("\(error)")
      }
    }

    private func proxyWorker() -> ProxyBenchmark.Proxy {
      let rules = Self.rules()
      var settings = ProxySettings()
      var port = PortSettings()
      port.interface = "rings"
      port.poolSize = ProxyBench.buffers
      port.address = ProxyBench.proxy
      port.clients = [AddressRange(first: ProxyBench.proxy, last: IPv4Address(ProxyBench.proxy.rawValue + 61))]
      settings.ports = [port]
      settings.maxOpen = bench.held ? bench.connections : max(4 * bench.open, 1_024)
      // At these rates even the default's 4,096 last for milliseconds only, and what it remembers fills the second-level cache.
      settings.lingerPool = 1_024
      settings.parameters.lingerTimeout = 1_000
      settings.servers = ServerSettings(
        targets: [ServerTarget(name: "server", address: ProxyBench.server.rawValue, port: 4000)],
        groups: [ServerGroupSettings(name: "all", algorithm: .roundRobin, targets: [0])])
      settings.serverMACs = [ProxyBench.clientMAC]
      let share = ProxyShare(settings, worker: 0, workers: 1, ticksPerSecond: rate, seed: 2)
      let engine = ProxyEngine(
        settings, share: share, rule: rules, inspector: NoInspector(), macs: [ProxyBench.proxyMAC], link: proxy,
        start: tick_counter())
      return Worker(
        port: DPDKPort(port: proxyPort, queue: 0, pool: pool, cacheSize: 256), engine: engine, clock: TickClock(), link: proxy)
    }

    func run() {
      if bench.floor { return runFloor() }
      if bench.leanFloor { return runLeanFloor() }
      if bench.alone { return runAlone() }
      runProxy()
    }

    private func runProxy() {
      var generator = trafficWorker()
      var middle = proxyWorker()
      ticks = ProxyBenchmark.run(&generator, &middle)
      proxy.send(.leave)
      middle.turn()
      leaks = middle.engine.inUse
    }

    private func runAlone() {
      var generator = trafficWorker()
      ExchangeLoops.run(&generator)
    }

    private func runFloor() {
      var generator = trafficWorker()
      let deltas = UnsafeMutablePointer<UInt32>.allocate(capacity: 65_536)
      defer { deltas.deallocate() }
      deltas.initialize(repeating: 1_000, count: 65_536)
      var middle = forwarder(
        port: proxyPort, mac: (2, 0, 0, 0, 0, 2), other_mac: (2, 0, 0, 0, 0, 1), own: ProxyBench.proxy.rawValue.bigEndian,
        client: ProxyBench.client.rawValue.bigEndian, server: ProxyBench.server.rawValue.bigEndian, own_port: UInt16(80).bigEndian,
        server_port: UInt16(4000).bigEndian, deltas: deltas, forwarded: 0, dropped: 0)
      ticks = ProxyBenchmark.run(&generator) { forwarder_turn(&middle) > 0 }
    }

    private func runLeanFloor() {
      var generator = trafficWorker()
      let engine = BareForwarder(
        mac: ProxyBench.proxyMAC, other: ProxyBench.clientMAC, own: ProxyBench.proxy, ownPort: 80, server: ProxyBench.server,
        serverPort: 4000, client: ProxyBench.client)
      var middle = Worker(
        port: DPDKPort(port: proxyPort, queue: 0, pool: pool, cacheSize: 256), engine: engine, clock: TickClock(), link: proxy)
      ticks = ProxyBenchmark.run(&generator, &middle)
    }

    /// Waits for the last connection, and tells the thread to leave.
    func watch() throws {
      let total = UInt64(bench.connections)
      let clock = ContinuousClock()
      let start = clock.now
      while true {
        usleep(2_000)
        let counts = traffic.statistics
        let ended = Outcome.allCases.reduce(0) { $0 + counts[.client, $1] }
        let isDone = bench.held ? counts[.client, .payloadBytesReceived] >= 16 * total : ended >= total
        if isDone || clock.now - start > .seconds(120) { break }
      }
      seconds = (clock.now - start) / .seconds(1)
      memory = Child.memory(of: getpid())
      // Last acknowledgments are on their way.
      usleep(50_000)
      traffic.send(.leave)
    }

    func report(huge: Bool) throws {
      let counts = traffic.statistics
      let passed = proxy.statistics
      let completed = counts[.client, .completed]
      let total = Double(bench.connections)
      let outcomes = ProxyOutcome.allCases.filter { passed[$0] > 0 }.map { ("\($0)", Int(passed[$0])) }
      let counters = ProxyCounter.allCases.filter { passed[$0] > 0 }.map { ("\($0)", Int(passed[$0])) }
      let drops = DropReason.allCases.filter { passed[$0] > 0 }.map { ("\($0)", Int(passed[$0])) }
      let report: [String: Any] = [
        "cost": ["cycles_per_connection": Double(ticks) / total], "tick_rate": rate, "huge_pages": huge,
        "connections": ["attempted": bench.connections, "completed": Int(completed)],
        "rate": ["cps": total / seconds], "memory": memory,
        "outcomes": Dictionary(uniqueKeysWithValues: outcomes), "counters": Dictionary(uniqueKeysWithValues: counters),
        "drops": Dictionary(uniqueKeysWithValues: drops), "leaks": leaks.slots + leaks.flows + leaks.timers,
      ]
      try print(String(decoding: JSONSerialization.data(withJSONObject: report, options: [.sortedKeys]), as: UTF8.self))
      guard bench.held || completed == UInt64(bench.connections) else {
        throw BenchError("\(completed) of \(bench.connections) connections completed")
      }
      let answered = counts[.client, .payloadBytesReceived] / 16
      guard !bench.held || answered == UInt64(bench.connections) else {
        throw BenchError("\(answered) of \(bench.connections) connections were open and had their answer")
      }
    }
  }
}

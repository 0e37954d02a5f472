import CDPDK
import CPacket
import TCPEngine

/// A run over a DPDK port in real time: a pinned thread and a queue pair to each worker.
final class PortRun<Program: TrafficProgram>: TrafficRun {
  let links: [WorkerLink]
  var warnings: [String] = []
  private let basis: RunBasis
  private var plan: RunPlan
  private var told = WorkerCommand.run
  private let port: OpenPort
  private let mac: MACAddress
  private var failure: String?
  private let kernelPath: KernelPath?
  private let board: NeighbourBoard
  private var threads: [JoinableThread] = []
  private let ends: [WorkerEndBox]
  private let steering: SteeringChoice
  private let handOver: HandOver?
  private var linkWatch: LinkWatch
  /// Nil: there is no limit.
  private var shares: ConnectionShares?

  var hugePages: Bool? { port.hugePages }

  /// Starts DPDK and the workers.
  init(_ basis: RunBasis, _ outputs: RunOutputs<ConnectionRecord>, makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W) throws
  {
    self.basis = basis
    links = basis.cores.map { _ in WorkerLink() }
    ends = basis.cores.map { _ in WorkerEndBox() }
    port = try OpenPort(
      basis.settings.port,
      OpenPort.Need(
        cores: basis.cores, buffersPerWorker: basis.buffersPerWorker, depth: basis.depth, memory: MemoryNeed.packets(basis)))
    board = TrafficEngine<Program.W>.neighbourBoard(basis.settings)
    mac = basis.settings.port.mac ?? (basis.settings.port.isLooped ? PortSettings.loopedMAC : port.device.mac)
    kernelPath = try port.closing(onFailureOf: { [mac] in
      try basis.settings.port.kernelInterface.map { try KernelPath($0, basis.settings.port, mac: mac, workers: basis.workers) }
    })
    steering = SteeringChoice(basis.settings, port.device)
    handOver = steering.needsHandOver ? HandOver(workers: basis.workers) : nil
    plan = RunPlan(
      RunPlan.Times(real: basis.settings, ticksPerSecond: basis.ticksPerSecond), total: basis.total, start: tick_counter(),
      waits: !basis.settings.targets.isEmpty && port.device.hasLink == false)
    shares = basis.total.map {
      ConnectionShares(of: Int($0), workers: basis.workers, horizon: Ticks(0.3 * basis.ticksPerSecond))
    }
    linkWatch = LinkWatch(port, [basis.settings.port], ticksPerSecond: basis.ticksPerSecond)
    warnings = port.nodeWarnings(basis.cores)
    kernelPath?.start(avoiding: basis.cores)
    command()
    outputs.start()
    for worker in basis.cores.indices { threads.append(thread(worker, outputs, makeWorkload)) }
    // From here on this thread only looks on: it leaves the workers' cores to them.
    Cores.avoid(basis.cores)
  }

  var wire: String { port.name }

  func tend(stopSignals: Int) {
    noticeSilentNeighbour()
    command(stopSignals: stopSignals)
    warn(linkWatch.look(at: tick_counter()))
    if plan.lackedLink, failure == nil {
      failure = "\(basis.settings.port.device ?? "the port") had no link for 10 s: start or connect its other end"
    }
  }

  var restSeconds: Double { Double(plan.rest(at: tick_counter())) / basis.ticksPerSecond }

  private func command(stopSignals: Int = 0) {
    var counts = RunCounts(links, stopSignals: stopSignals)
    if plan.phase == .waiting { counts.hasLink = port.device.hasLink ?? true }
    let now = tick_counter()
    let command = plan.next(counts, now: now)
    handOut(since: counts.firstOpen, now)
    if command == told { return }
    told = command
    for link in links { link.send(command) }
  }

  private func handOut(since first: Ticks?, _ now: Ticks) {
    guard let first, now > first else { return }
    guard shares?.handOut(attempted: links.map { $0.statistics.attempts(.client) }, elapsed: now - first) == true else { return }
    for (link, allowed) in zip(links, shares?.allowed ?? []) { link.allow(allowed) }
  }

  /// Nothing can be opened to where nobody answers.
  private func noticeSilentNeighbour() {
    guard failure == nil, let device = basis.settings.port.device else { return }
    guard let silent = links.map({ $0.statistics[.silentNeighbour] }).first(where: { $0 != 0 }) else { return }
    let address = IPv4Address(UInt32(truncatingIfNeeded: silent))
    failure =
      "no ARP reply from \(address) on \(device) after 3 s: give its MAC address (targets.mac), or ports.gateway, or mend the link"
    plan.abandon()
  }

  func conclude() -> RunEnd {
    for thread in threads { thread.join() }
    var end = RunEnd(wasInterrupted: plan.wasInterrupted, wasTimed: plan.wasTimed)
    for (thread, box) in zip(threads, ends) {
      box.end.cpuSeconds = thread.cpuSeconds
      end.workers.append(box.end)
    }
    end.ports = port.devices.map { PortEnd($0) }
    end.checksums = port.device.checksums
    end.steering = steering
    end.failure = failure
    let hops = TrafficEngine<Program.W>.nextHops(basis.settings)
    end.unheardNeighbour = hops.indices.first { board.view.entry($0) == 0 }.map { hops[$0] }
    end.betweenWorkers = handOver?.drain(DPDK.free) ?? 0
    end.lostBuffers = port.close()
    return end
  }

  private func thread(
    _ worker: Int, _ outputs: RunOutputs<ConnectionRecord>, _ makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W
  ) -> JoinableThread {
    let (basis, link, port, mac, box) = (basis, links[worker], port, mac, ends[worker])
    let vlans = SideTags(VLANTag(basis.settings.port.vlan))
    let (steering, lanes) = (steering, handOver?.lanes(ofWorker: worker))
    let channels = WorkerChannels(
      capture: outputs.captureChannel(worker), records: outputs.recordChannel(worker), kernel: kernelPath?.channel(worker))
    return JoinableThread { [board, endKernelPath = KernelEnd(kernelPath)] in
      _ = pin_thread(Int32(basis.cores[worker]))
      DPDK.registerThread()
      // Built here, so that its memory lies on this core's NUMA node.
      var share = basis.share(worker)
      share.lanes = lanes
      share.hash = steering.hash
      share.checksums = port.device.checksums
      share.learnsStrays = steering.learns
      let engine = TrafficEngine(
        basis.settings, share: share, workload: makeWorkload(basis.settings), mac: mac, link: link,
        records: channels.records, kernel: channels.kernel, board: board, start: basis.startTicks)
      let queue = DPDKPort(
        port: port.device.port, queue: UInt16(worker), pool: port.pools[worker].pool, cacheSize: basis.settings.port.cacheSize)
      if channels.capture != nil || basis.settings.faults != Faults() {
        let isLooped = basis.settings.port.isLooped
        let faulty = FaultyPort(
          queue, faults: basis.settings.faults, seed: basis.faultSeed &+ UInt64(worker), ticksPerSecond: basis.ticksPerSecond,
          spoilsArrivals: !isLooped)
        var worker = Worker(
          port: CapturePort(faulty, into: channels.capture, isLooped: isLooped), engine: engine, clock: TickClock(), link: link,
          vlans: vlans)
        Program.run(&worker)
        // The other workers' later frames wait for this one's, and there will be none.
        channels.capture?.pointee.close()
        endKernelPath(&worker)
        box.end = Self.windDown(&worker)
        if basis.settings.faults != Faults() { box.end.faults = WireEnd(&worker.io.port.base) }
      } else {
        var worker = Worker(port: queue, engine: engine, clock: TickClock(), link: link, vlans: vlans)
        Program.run(&worker)
        endKernelPath(&worker)
        box.end = Self.windDown(&worker)
      }
      DPDK.unregisterThread()
    }
  }

  private static func windDown<P: PacketPort & ~Copyable>(
    _ worker: inout Worker<P, TrafficEngine<Program.W>, TickClock>
  ) -> WorkerEnd {
    var end = WorkerEnd(worker.engine)
    worker.engine.freeDiscarded(&worker.io)
    worker.io.discard()
    end.onWire = worker.clearWire()
    worker.finished()
    return end
  }
}

/// What a worker writes into besides its statistics.
struct WorkerChannels: @unchecked Sendable {
  let capture: UnsafePointer<CaptureChannel>?
  let records: UnsafePointer<RecordChannel<ConnectionRecord>>?
  let kernel: UnsafePointer<KernelChannel>?
}

/// What a worker that has left its loop does about the kernel paths: it ends them, and takes its buffers back.
struct KernelEnd: @unchecked Sendable {
  private let paths: [KernelPath]

  init(_ paths: KernelPath?...) { self.paths = paths.compactMap(\.self) }

  func callAsFunction<P: PacketPort & ~Copyable, W: Workload>(_ worker: inout Worker<P, TrafficEngine<W>, TickClock>) {
    for path in paths { path.end() }
    worker.closeKernelPath()
  }

  func callAsFunction<P: PacketPort & ~Copyable, R: BindingRule, I: PayloadInspector>(
    _ worker: inout Worker<P, ProxyEngine<R, I>, TickClock>
  ) {
    for path in paths { path.end() }
    worker.closeKernelPaths()
  }
}

extension PortCounts {
  init(_ counted: dpdk_port_statistics) {
    self.init(
      received: counted.received, sent: counted.sent, missed: counted.missed, receiveErrors: counted.receive_errors,
      transmitErrors: counted.transmit_errors, noBuffer: counted.no_buffer)
  }
}

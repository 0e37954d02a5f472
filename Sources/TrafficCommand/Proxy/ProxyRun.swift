import CDPDK
import CPacket
import TCPEngine

/// A proxy at work over one DPDK port or two: a pinned thread and a queue pair of each to each worker.
final class ProxyRun<Program: ProxyProgram>: TrafficRun {
  let links: [WorkerLink]
  var warnings: [String] = []
  private let decisions: ProxyDecisions<Program.Rule, Program.Inspector>
  private let settings: ProxySettings
  private let basis: RunBasis
  private var plan: RunPlan
  private var told = WorkerCommand.run
  private let port: OpenPort
  private let macs: [MACAddress]
  private let boards: ProxyBoards
  private let steering: SteeringChoice
  private let handOver: HandOver?
  private var linkWatch: LinkWatch
  private var hasLookedForHops = false
  /// Of the clients' port, and of the servers'.
  private let kernelPaths: [KernelPath?]
  private var threads: [JoinableThread] = []
  private let ends: [ProxyEndBox]

  var hugePages: Bool? { port.hugePages }
  var wire: String { port.name }

  /// Starts DPDK and the workers.
  init(
    _ settings: ProxySettings, _ basis: RunBasis, _ outputs: RunOutputs<ProxyRecord>,
    decisions: ProxyDecisions<Program.Rule, Program.Inspector>
  ) throws {
    self.settings = settings
    self.basis = basis
    self.decisions = decisions
    links = basis.cores.map { _ in WorkerLink() }
    ends = basis.cores.map { _ in ProxyEndBox() }
    port = try OpenPort(
      settings.ports[0],
      OpenPort.Need(
        cores: basis.cores, buffersPerWorker: basis.buffersPerWorker, depth: basis.depth, memory: MemoryNeed.packets(basis)),
      second: settings.isSplit ? settings.serverPort : nil)
    macs = zip(settings.ports, port.devices).map { $0.mac ?? $1.mac }
    boards = ProxyBoards(settings)
    kernelPaths = try port.closing(onFailureOf: { [macs] in
      try zip(settings.ports, macs).map { port, mac in
        try port.kernelInterface.map { try KernelPath($0, port, mac: mac, workers: basis.workers) }
      }
    })
    steering = SteeringChoice(settings, port.devices[port.devices.count - 1])
    handOver = steering.needsHandOver ? HandOver(workers: basis.workers) : nil
    plan = RunPlan(RunPlan.Times(settings, basis.ticksPerSecond), total: nil, start: tick_counter())
    linkWatch = LinkWatch(port, settings.ports, ticksPerSecond: basis.ticksPerSecond)
    warnings = port.nodeWarnings(basis.cores)
    for path in kernelPaths { path?.start(avoiding: basis.cores) }
    command()
    outputs.start()
    for worker in basis.cores.indices { threads.append(thread(worker, outputs)) }
    // From here on this thread only looks on: it leaves the workers' cores to them.
    Cores.avoid(basis.cores)
  }

  func tend(stopSignals: Int) {
    command(stopSignals: stopSignals)
    warn(linkWatch.look(at: tick_counter()) + silentHops())
  }

  var restSeconds: Double { Double(plan.rest(at: tick_counter())) / basis.ticksPerSecond }

  /// Whom nobody has heard of after three questions, once: they are asked on, as a server may come late.
  private func silentHops() -> [String] {
    guard !hasLookedForHops, links[0].statistics[.silentNeighbour] != 0, let device = settings.serverPort.device else { return [] }
    hasLookedForHops = true
    return boards.unheardHops(settings).map {
      "no ARP reply from \($0) on \(device) after 3 s, asked on: mend the link or start the server, or give its MAC address (targets.mac)"
    }
  }

  private func command(stopSignals: Int = 0) {
    var counts = RunCounts()
    counts.stopSignals = stopSignals
    counts.openClients = links.reduce(0) { $0 + $1.statistics[.openClients] }
    let command = plan.next(counts, now: tick_counter())
    if command == told { return }
    told = command
    for link in links { link.send(command) }
  }

  func conclude() -> RunEnd {
    for thread in threads { thread.join() }
    var end = RunEnd(wasInterrupted: plan.wasInterrupted, wasTimed: plan.wasTimed)
    for (thread, box) in zip(threads, ends) {
      box.end.cpuSeconds = thread.cpuSeconds
      end.workers.append(box.end)
    }
    end.ports = port.devices.map { PortEnd($0) }
    end.steering = steering
    end.betweenWorkers = handOver?.drain(DPDK.free) ?? 0
    end.lostBuffers = port.close()
    decisions.release()
    return end
  }

  /// What each target met with, all workers together.
  var targets: [TargetCounters] {
    settings.servers.targets.indices.map { index in
      ends.reduce(into: TargetCounters()) { sum, box in
        guard index < box.targets.count else { return }
        sum.chosen += box.targets[index].chosen
        sum.failed += box.targets[index].failed
        sum.takenOut += box.targets[index].takenOut
      }
    }
  }

  private func thread(_ worker: Int, _ outputs: RunOutputs<ProxyRecord>) -> JoinableThread {
    var share = ProxyShare(
      settings, worker: worker, workers: basis.workers, ticksPerSecond: basis.ticksPerSecond, seed: basis.workerSeeds[worker])
    share.lanes = handOver?.lanes(ofWorker: worker)
    share.hash = steering.hash
    share.learnsStrays = steering.learns
    let parts = ProxyWorkerParts<Program>(
      settings: settings, basis: basis, share: share, link: links[worker], port: port, macs: macs, decisions: decisions, boards: boards,
      capture: outputs.captureChannel(worker), records: outputs.recordChannel(worker),
      kernels: (0..<2).map { $0 < kernelPaths.count ? kernelPaths[$0]?.channel(worker) : nil },
      endKernelPaths: KernelEnd(kernelPaths[0], kernelPaths.count > 1 ? kernelPaths[1] : nil))
    let box = ends[worker]
    return JoinableThread {
      _ = pin_thread(Int32(parts.basis.cores[worker]))
      DPDK.registerThread()
      parts.run(box)
      DPDK.unregisterThread()
    }
  }
}

/// What a proxy's worker thread leaves for the one who waits for it.
final class ProxyEndBox: @unchecked Sendable {
  var end = WorkerEnd()
  var targets: [TargetCounters] = []
}

/// What one worker is made of.
private struct ProxyWorkerParts<Program: ProxyProgram>: @unchecked Sendable {
  let settings: ProxySettings
  let basis: RunBasis
  let share: ProxyShare
  let link: WorkerLink
  let port: OpenPort
  let macs: [MACAddress]
  let decisions: ProxyDecisions<Program.Rule, Program.Inspector>
  let boards: ProxyBoards
  let capture: UnsafePointer<CaptureChannel>?
  let records: UnsafePointer<RecordChannel<ProxyRecord>>?
  let kernels: [UnsafePointer<KernelChannel>?]
  let endKernelPaths: KernelEnd

  /// Built on the worker's own thread, so that its memory lies on its core's NUMA node.
  private func engine() -> ProxyEngine<Program.Rule, Program.Inspector> {
    ProxyEngine(
      settings, share: share, rule: decisions.rule, inspector: decisions.inspector, macs: macs, link: link, records: records,
      kernels: kernels, boards: boards, start: basis.startTicks)
  }

  private func queue(_ index: Int) -> DPDKPort {
    DPDKPort(
      port: port.devices[index].port, queue: UInt16(share.worker), pool: port.pools[share.worker].pool,
      cacheSize: settings.ports[index].cacheSize)
  }

  private func captured(_ index: Int, _ channel: UnsafePointer<CaptureChannel>) -> CapturePort<DPDKPort> {
    CapturePort(queue(index), into: channel, isLooped: false)
  }

  /// A single port has both legs' frames.
  private var vlans: SideTags { SideTags(front: VLANTag(settings.ports[0].vlan), back: VLANTag(settings.serverPort.vlan)) }

  func run(_ box: ProxyEndBox) {
    switch (settings.isSplit, capture) {
    case (false, nil):
      var worker = Worker(port: queue(0), engine: engine(), clock: TickClock(), link: link, vlans: vlans)
      Program.run(&worker)
      windDown(&worker, box)
    case (true, nil):
      var worker = Worker(port: PairPort(front: queue(0), back: queue(1)), engine: engine(), clock: TickClock(), link: link, vlans: vlans)
      Program.run(&worker)
      windDown(&worker, box)
      worker.io.port.discard()
    case (_, let channel?):
      let back = captured(settings.isSplit ? 1 : 0, channel)
      let pair = PairPort(front: captured(0, channel), back: back, usesFrontOnly: !settings.isSplit)
      var worker = Worker(port: pair, engine: engine(), clock: TickClock(), link: link, vlans: vlans)
      Program.run(&worker)
      channel.pointee.close()
      windDown(&worker, box)
      worker.io.port.discard()
    }
  }

  private func windDown<P: PacketPort & ~Copyable>(
    _ worker: inout Worker<P, ProxyEngine<Program.Rule, Program.Inspector>, TickClock>, _ box: ProxyEndBox
  ) {
    endKernelPaths(&worker)
    (box.end.slots, box.end.flows, box.end.timers) = worker.engine.inUse
    box.targets = worker.engine.targetCounters
    worker.engine.freeDiscarded(&worker.io)
    worker.io.discard()
    box.end.onWire = worker.clearWire()
    worker.finished()
  }
}

extension RunPlan.Times {
  init(_ settings: ProxySettings, _ ticksPerSecond: Double) {
    func ticks(_ seconds: Double) -> Ticks { Ticks(seconds * ticksPerSecond) }
    self.init(
      duration: settings.duration == 0 ? nil : ticks(Double(settings.duration) / 1e9), linkWait: 0, serverWait: 0, closeGrace: ticks(1),
      perConnection: 0, stopGrace: ticks(1), resetCrossing: ticks(0.1), resetLimit: ticks(5),
      rest: ticks(0.005)...ticks(0.05))
  }
}

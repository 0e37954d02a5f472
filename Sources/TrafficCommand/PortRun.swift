import CDPDK
import CPacket
import TCPEngine

/// A run over a DPDK port in real time: a pinned thread and a queue pair to each worker.
final class PortRun<Program: TrafficProgram>: TrafficRun {
  let links: [WorkerLink]
  let hugePages: Bool?
  private(set) var warnings: [String] = []
  private let basis: RunBasis
  private var plan: RunPlan
  private var told = WorkerCommand.run
  private let port: UInt16
  private let mac: MACAddress
  private var failure: String?
  private let pools: [PacketPool]
  private let kernelPath: KernelPath?
  private let board: NeighbourBoard
  private var threads: [JoinableThread] = []
  private let ends: [WorkerEndBox]

  /// A pool is used by its worker and, before and after, by the one who made it.
  private struct PacketPool: @unchecked Sendable {
    let pool: UnsafeMutableRawPointer
  }

  /// Starts DPDK and the workers.
  init(_ basis: RunBasis, _ outputs: RunOutputs, makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W) throws {
    self.basis = basis
    links = basis.cores.map { _ in WorkerLink() }
    ends = basis.cores.map { _ in WorkerEndBox() }
    do throws(DPDKError) {
      hugePages = try DPDK.start(memory: MemoryNeed.packets(basis))
      var pools: [PacketPool] = []
      for (worker, core) in basis.cores.enumerated() {
        pools.append(PacketPool(pool: try DPDK.createPool(name: "worker_\(worker)", buffers: basis.buffersPerWorker, core: core)))
      }
      self.pools = pools
      port = try Self.startPort(basis, pools.map(\.pool))
    } catch {
      throw CommandFailure(.notStarted, error.description)
    }
    board = TrafficEngine<Program.W>.neighbourBoard(basis.settings)
    mac = basis.settings.port.mac ?? (basis.settings.port.isLooped ? PortSettings.loopedMAC : DPDK.mac(of: port))
    kernelPath = try basis.settings.port.kernelInterface.map { [mac] in
      try KernelPath($0, basis.settings.port, mac: mac, workers: basis.workers)
    }
    plan = RunPlan(
      RunPlan.Times(real: basis.settings, ticksPerSecond: basis.ticksPerSecond), total: basis.total, start: tick_counter())
    warnings = nodeWarnings()
    kernelPath?.start(avoiding: basis.cores)
    for worker in basis.cores.indices { threads.append(thread(worker, outputs, makeWorkload)) }
    // From here on this thread only looks on: it leaves the workers' cores to them.
    _ = avoid_cores(basis.cores.reduce(0) { $0 | 1 << UInt64($1) })
  }

  private static func startPort(_ basis: RunBasis, _ pools: [UnsafeMutableRawPointer]) throws(DPDKError) -> UInt16 {
    let settings = basis.settings.port
    if let interface = settings.interface {
      return try DPDK.startInterface(
        interface, pools: pools, receiveDescriptors: settings.receiveDescriptors, transmitDescriptors: settings.transmitDescriptors)
    }
    return try DPDK.startRing(
      name: "ring", depth: basis.depth, pools: pools, receiveDescriptors: settings.receiveDescriptors,
      transmitDescriptors: settings.transmitDescriptors, core: basis.cores[0])
  }

  var wire: String { basis.settings.port.interface.map { "\($0) (AF_PACKET)" } ?? "ring" }

  func tend(stopSignals: Int) {
    noticeSilentNeighbour()
    let command = plan.next(RunCounts(links, stopSignals: stopSignals), now: tick_counter())
    if command == told { return }
    told = command
    for link in links { link.send(command) }
  }

  /// Nothing can be opened to where nobody answers.
  private func noticeSilentNeighbour() {
    guard failure == nil, let interface = basis.settings.port.interface else { return }
    guard let silent = links.map({ $0.statistics[.silentNeighbour] }).first(where: { $0 != 0 }) else { return }
    let address = IPv4Address(UInt32(truncatingIfNeeded: silent))
    failure =
      "no ARP reply from \(address) on \(interface) after 3 s: give its MAC address (targets.mac), or ports.gateway, or mend the link"
    plan.abandon()
  }

  func conclude() -> RunEnd {
    for thread in threads { thread.join() }
    var end = RunEnd(wasInterrupted: plan.wasInterrupted, wasTimed: plan.wasTimed)
    for (thread, box) in zip(threads, ends) {
      box.end.cpuSeconds = thread.cpuSeconds
      end.workers.append(box.end)
    }
    end.port = PortCounts(port)
    end.failure = failure
    end.lostBuffers = pools.reduce(0) { $0 + basis.buffersPerWorker - DPDK.available($1.pool) }
    DPDK.stopPort(port)
    DPDK.stop()
    return end
  }

  private func thread(
    _ worker: Int, _ outputs: RunOutputs, _ makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W
  ) -> JoinableThread {
    let (basis, link, pool, port, mac, box) = (basis, links[worker], pools[worker], port, mac, ends[worker])
    let channels = WorkerChannels(
      capture: outputs.captureChannel(worker), records: outputs.recordChannel(worker), kernel: kernelPath?.channel(worker))
    return JoinableThread { [board, endKernelPath = KernelEnd(kernelPath)] in
      _ = pin_thread(Int32(basis.cores[worker]))
      DPDK.registerThread()
      // Built here, so that its memory lies on this core's NUMA node.
      let engine = TrafficEngine(
        basis.settings, share: basis.share(worker), workload: makeWorkload(basis.settings), mac: mac, link: link,
        records: channels.records, kernel: channels.kernel, board: board, start: basis.startTicks)
      let queue = DPDKPort(
        port: port, queue: UInt16(worker), pool: pool.pool, cacheSize: basis.settings.port.cacheSize)
      if let capture = channels.capture {
        var worker = Worker(
          port: CapturePort(queue, into: capture, isLooped: basis.settings.port.isLooped), engine: engine, clock: TickClock(), link: link)
        Program.run(&worker)
        // The other workers' later frames wait for this one's, and there will be none.
        capture.pointee.close()
        endKernelPath(&worker)
        box.end = Self.windDown(&worker)
      } else {
        var worker = Worker(port: queue, engine: engine, clock: TickClock(), link: link)
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

  private func nodeWarnings() -> [String] {
    guard let portNode = DPDK.node(ofPort: port) else { return [] }
    return basis.cores.compactMap { core in
      guard let node = DPDK.node(ofCore: core), node != portNode else { return nil }
      return "core \(core) is on NUMA node \(node), but the port is on node \(portNode): every frame crosses between them"
    }
  }
}

/// What a worker writes into besides its statistics.
struct WorkerChannels: @unchecked Sendable {
  let capture: UnsafePointer<CaptureChannel>?
  let records: UnsafePointer<RecordChannel>?
  let kernel: UnsafePointer<KernelChannel>?
}

/// What a worker that has left its loop does about the kernel path: it ends it, and takes its buffers back.
struct KernelEnd: @unchecked Sendable {
  private let path: KernelPath?

  init(_ path: KernelPath?) { self.path = path }

  func callAsFunction<P: PacketPort & ~Copyable, W: Workload>(_ worker: inout Worker<P, TrafficEngine<W>, TickClock>) {
    guard let path else { return }
    path.end()
    worker.closeKernelPath()
  }
}

extension PortCounts {
  init(_ port: UInt16) {
    let counted = DPDK.statistics(of: port)
    self.init(
      received: counted.received, sent: counted.sent, missed: counted.missed, receiveErrors: counted.receive_errors,
      transmitErrors: counted.transmit_errors, noBuffer: counted.no_buffer)
  }
}

import Synchronization
import TCPEngine

/// A run over the in-memory port in simulated time: one worker. What it does and when follows from settings and seed alone: the plan is
/// asked between its turns, by its own clock. Only a signal to stop comes from outside.
final class MemoryRun<Program: TrafficProgram>: TrafficRun {
  let links = [WorkerLink()]
  private let stopSignals = SignalCount()
  private let result = Result()
  private var firstSignal: ContinuousClock.Instant?
  private let thread: JoinableThread

  private final class SignalCount: Sendable {
    let count = Atomic(0)
  }

  /// Written by the worker's thread, read once it has ended.
  private final class Result: @unchecked Sendable {
    var end = RunEnd()
  }

  init(_ basis: RunBasis, _ outputs: RunOutputs<ConnectionRecord>, makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W) {
    outputs.start()
    let channels = WorkerChannels(capture: outputs.captureChannel(0), records: outputs.recordChannel(0), kernel: nil)
    thread = JoinableThread { [link = links[0], stopSignals, result] in
      let wire = MemoryLink(
        buffers: basis.settings.port.poolSize, depth: basis.depth, room: basis.settings.port.bufferRoom)
      let faulty = FaultyPort(MemoryPort(wire), faults: basis.settings.faults, seed: basis.faultSeed)
      let engine = TrafficEngine(
        basis.settings, share: basis.share(0), workload: makeWorkload(basis.settings),
        mac: basis.settings.port.mac ?? PortSettings.loopedMAC, link: link,
        records: channels.records, start: basis.startTicks)
      var worker = Worker(
        port: CapturePort(faulty, into: channels.capture, isSimulated: true), engine: engine, clock: ManualClock(), link: link,
        vlans: SideTags(VLANTag(basis.settings.port.vlan)))
      let plan = Self.live(&worker, basis, link, stopSignals)
      result.end = Self.windDown(&worker, wire)
      result.end.wasInterrupted = plan.wasInterrupted
      result.end.wasTimed = plan.wasTimed
      worker.finished()
    }
  }

  var wire: String { "memory" }
  var hugePages: Bool? { nil }
  var warnings: [String] = []

  /// A second of simulated time may take a minute: whoever stops the run waits for one of his own, and then it is as if he had asked again.
  func tend(stopSignals: Int) {
    if stopSignals > 0, firstSignal == nil { firstSignal = .now }
    let isOver = firstSignal.map { ContinuousClock.now - $0 > .seconds(1) } ?? false
    self.stopSignals.count.store(isOver ? max(stopSignals, 2) : stopSignals, ordering: .relaxed)
  }

  /// The plan lives in the worker's thread: here only signals are passed on.
  var restSeconds: Double { 0.005 }

  func conclude() -> RunEnd {
    thread.join()
    result.end.workers[0].cpuSeconds = thread.cpuSeconds
    return result.end
  }

  /// Turn by turn, until the plan says to leave.
  private static func live(
    _ worker: inout MemoryWorker<Program.W>, _ basis: RunBasis, _ link: WorkerLink, _ signals: SignalCount
  ) -> RunPlan {
    var plan = RunPlan(RunPlan.Times(simulated: basis.settings), total: basis.total, start: worker.clock.time)
    var command = WorkerCommand.run
    while command != .leave {
      let stopSignals = signals.count.load(ordering: .relaxed)
      command = plan.next(RunCounts([link], stopSignals: stopSignals), now: worker.clock.time)
      link.send(command)
      Program.turn(&worker)
    }
    return plan
  }

  private static func windDown(_ worker: inout MemoryWorker<Program.W>, _ wire: borrowing MemoryLink) -> RunEnd {
    var end = RunEnd()
    var last = WorkerEnd(worker.engine)
    worker.engine.freeDiscarded(&worker.io)
    worker.io.discard()
    last.onWire = worker.clearWire()
    last.faults = WireEnd(&worker.io.port.base)
    end.lostBuffers = wire.outstanding
    end.workers = [last]
    return end
  }
}

/// The loops that run: the only place where a port, an engine with its workload and a clock are put together.
///
/// Each is proved by the compiler to take no lock and no memory and to count no references (release builds); `make gate` looks at the
/// machine code for what that proof does not cover.
public enum ExchangeLoops: WorkerLoops {
  public typealias W = ExchangeWorkload

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<DPDKPort, TrafficEngine<ExchangeWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<CapturePort<FaultyPort<DPDKPort>>, TrafficEngine<ExchangeWorkload>, TickClock>) {
    worker.run()
  }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func turn(_ worker: inout MemoryWorker<ExchangeWorkload>) { worker.turn() }
}

public enum HTTPLoops: WorkerLoops {
  public typealias W = HTTPWorkload

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<DPDKPort, TrafficEngine<HTTPWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<CapturePort<FaultyPort<DPDKPort>>, TrafficEngine<HTTPWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func turn(_ worker: inout MemoryWorker<HTTPWorkload>) { worker.turn() }
}

public enum BulkLoops: WorkerLoops {
  public typealias W = BulkWorkload

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<DPDKPort, TrafficEngine<BulkWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<CapturePort<FaultyPort<DPDKPort>>, TrafficEngine<BulkWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func turn(_ worker: inout MemoryWorker<BulkWorkload>) { worker.turn() }
}

/// The loop of the reflector.
public enum ReflectorLoop {
  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<DPDKPort, Reflector, TickClock>) { worker.run() }
}

/// The loops of a workload, one for each port: what a program with a workload of its own supplies, each a call of `worker.run()`, and a
/// simulated run's single turn.
public protocol WorkerLoops {
  associatedtype W: Workload
  /// Over a DPDK port.
  static func run(_ worker: inout Worker<DPDKPort, TrafficEngine<W>, TickClock>)
  /// Over a DPDK port whose frames are captured, or suffer faults.
  static func run(_ worker: inout Worker<CapturePort<FaultyPort<DPDKPort>>, TrafficEngine<W>, TickClock>)
  /// `worker.turn()`: one turn over the in-memory port with faults and capture, under the manual clock.
  static func turn(_ worker: inout MemoryWorker<W>)
}

/// The worker of a simulated run.
public typealias MemoryWorker<W: Workload> = Worker<CapturePort<FaultyPort<MemoryPort>>, TrafficEngine<W>, ManualClock>

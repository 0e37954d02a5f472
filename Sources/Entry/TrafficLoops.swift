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
  public static func run(_ worker: inout Worker<CapturePort<DPDKPort>, TrafficEngine<ExchangeWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(
    _ worker: inout Worker<CapturePort<FaultyPort<MemoryPort>>, TrafficEngine<ExchangeWorkload>, ManualClock>
  ) { worker.run() }
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
  public static func run(_ worker: inout Worker<CapturePort<DPDKPort>, TrafficEngine<HTTPWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(
    _ worker: inout Worker<CapturePort<FaultyPort<MemoryPort>>, TrafficEngine<HTTPWorkload>, ManualClock>
  ) { worker.run() }
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
  public static func run(_ worker: inout Worker<CapturePort<DPDKPort>, TrafficEngine<BulkWorkload>, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(
    _ worker: inout Worker<CapturePort<FaultyPort<MemoryPort>>, TrafficEngine<BulkWorkload>, ManualClock>
  ) { worker.run() }
}

/// The loop of the reflector.
public enum ReflectorLoop {
  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<DPDKPort, Reflector, TickClock>) { worker.run() }
}

/// The loops of a workload, one for each port: what a program with a workload of its own supplies, each a call of `worker.run()`.
public protocol WorkerLoops {
  associatedtype W: Workload
  /// Over a DPDK port.
  static func run(_ worker: inout Worker<DPDKPort, TrafficEngine<W>, TickClock>)
  /// Over a DPDK port whose frames are captured.
  static func run(_ worker: inout Worker<CapturePort<DPDKPort>, TrafficEngine<W>, TickClock>)
  /// Over the in-memory port with faults and capture, under the manual clock.
  static func run(_ worker: inout Worker<CapturePort<FaultyPort<MemoryPort>>, TrafficEngine<W>, ManualClock>)
}

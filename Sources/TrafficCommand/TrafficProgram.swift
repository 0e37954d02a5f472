import TCPEngine

/// The worker of a simulated run.
public typealias MemoryWorker<W: Workload> = Worker<CapturePort<FaultyPort<MemoryPort>>, TrafficEngine<W>, ManualClock>

/// What a program with a workload of its own supplies: the loops over the ports, and the single turn that a simulated run is made of. Each
/// is one call; written out in the program, they are specialised for its workload.
public protocol TrafficProgram: WorkerLoops, SendableMetatype {
  /// `worker.turn()`
  static func turn(_ worker: inout MemoryWorker<W>)
}

extension ExchangeLoops: TrafficProgram {
  @inline(never)
  public static func turn(_ worker: inout MemoryWorker<ExchangeWorkload>) { worker.turn() }
}

extension HTTPLoops: TrafficProgram {
  @inline(never)
  public static func turn(_ worker: inout MemoryWorker<HTTPWorkload>) { worker.turn() }
}

extension BulkLoops: TrafficProgram {
  @inline(never)
  public static func turn(_ worker: inout MemoryWorker<BulkWorkload>) { worker.turn() }
}

/// A worker's share of a run: what `TrafficSettings` come to for one engine. Plain values; memory is allocated by the engine itself, on the
/// worker's thread.
public struct EngineShare: Sendable {
  public var worker = 0
  public var workers = 1
  /// Client connections to attempt, as long as the mailbox does not say more; `.max`: no limit.
  public var connections: UInt64 = 0
  /// Client connections open at a time.
  public var maxOpen = 1
  /// Of all workers.
  public var connectionsPerSecond = 0.0
  public var ticksPerSecond = 1e9
  /// Seed of every random choice of this worker.
  public var seed: UInt64 = 0
  /// The rings to and from the other workers of a port that has others on its wire; nil: this worker gets what is its own, and no more.
  public var lanes: HandOverLanes?
  /// What the port spreads frames over its queues by, when replies are to be brought home by choosing source ports.
  public var hash: PortHash?
  /// Source ports whose replies came to another worker are avoided from then on.
  public var learnsStrays = false
  /// What initial sequence numbers are made from where others are on the wire, who remember the last run's connections; nil: the seed, and the
  /// run's own time.
  public var sequenceOrigin: SequenceOrigin?
  /// What the port sees to, so that this worker has not to.
  public var checksums: ChecksumOffloads = []

  public init() {}

  /// What worker `worker` of `workers` does of a run: totals are divided, the first workers take what is left over.
  public init(_ settings: TrafficSettings, worker: Int, workers: Int, ticksPerSecond: Double, seed: UInt64) {
    func share(_ total: Int) -> Int { total / workers + (worker < total % workers ? 1 : 0) }
    self.worker = worker
    self.workers = workers
    connections = settings.testSize == 0 ? .max : UInt64(share(settings.testSize))
    maxOpen = max(1, share(settings.engine.maxOpen))
    connectionsPerSecond = Double(settings.engine.cpsLimit)
    self.ticksPerSecond = ticksPerSecond
    self.seed = seed
  }
}

/// A key, and what a clock said when the run began, which both outlast the run: so that a SYN's number lies beyond those of earlier connections
/// with the same addresses and ports (RFC 9293 3.4.1), which servers have in TIME-WAIT.
public struct SequenceOrigin: Sendable {
  public var key0: UInt64
  public var key1: UInt64
  public var startMicroseconds: UInt64

  public init(key0: UInt64, key1: UInt64, startMicroseconds: UInt64) {
    (self.key0, self.key1, self.startMicroseconds) = (key0, key1, startMicroseconds)
  }
}

/// A target as the packet path needs it.
struct TargetRoute: BitwiseCopyable, Sendable {
  var address: IPv4Address
  var port: UInt16
  var link: LinkHeader
  /// The target itself, or the gateway to it.
  var nextHop: IPv4Address
  /// `link` leads there.
  var isResolved: Bool
  /// `link` was given, and no ARP changes it.
  var isFixed: Bool
}

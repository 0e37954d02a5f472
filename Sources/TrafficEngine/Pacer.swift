/// Evenly paced opening: so many connections a second, the first at once; with a ramp, the rate grows linearly from nothing.
///
/// Workers open in turn: of the moments at which the run opens one, worker i of n has each n-th from the i-th on. What could not be opened in
/// time is made up for, `maximumBurst` at a time, as long as the delay is less than a second; what is older is counted as missed and forgotten.
public struct Pacer: BitwiseCopyable, Sendable {
  /// Connections opened in one turn at most.
  @inline(__always)
  public static var maximumBurst: Int { 32 }

  /// Connections a tick, of all workers. 0: no limit.
  private let rate: Double
  private let ticksPerSecond: Double
  /// Ticks.
  private let ramp: Double
  /// Ticks; at this moment nothing is opened any more.
  private let end: Double
  private let worker: UInt64
  private let workers: UInt64
  private var start: Ticks = 0
  private var hasStarted = false
  /// Before this nothing is due.
  private var next: Ticks = 0
  /// Openings of this worker that were due and are done with: opened or missed.
  private var settled: UInt64 = 0
  public private(set) var missed: UInt64 = 0

  /// - Parameters:
  ///   - rate: connections per second of all workers; 0: no limit.
  ///   - ramp: seconds over which the rate grows.
  ///   - duration: seconds after which nothing is opened any more; 0: no limit.
  public init(rate: Double, ticksPerSecond: Double, ramp: Double, duration: Double = 0, worker: Int = 0, workers: Int = 1) {
    self.rate = rate / ticksPerSecond
    self.ticksPerSecond = ticksPerSecond
    self.ramp = ramp * ticksPerSecond
    end = duration > 0 ? duration * ticksPerSecond - 1 : .infinity
    self.worker = UInt64(worker)
    self.workers = UInt64(workers)
  }

  /// How many connections may be opened now.
  @inline(__always)
  public mutating func due(now: Ticks) -> Int {
    if rate == 0 { return Self.maximumBurst }
    if hasStarted, Int64(bitPattern: now &- next) < 0 { return 0 }
    return dueByRate(now: now)
  }

  @inline(never)
  private mutating func dueByRate(now: Ticks) -> Int {
    if !hasStarted {
      hasStarted = true
      start = now
    }
    let elapsed = min(Double(now &- start), end)
    let old = planned(elapsed - ticksPerSecond)
    if old > settled {
      missed &+= old &- settled
      settled = old
    }
    let planned = planned(elapsed)
    if planned <= settled {
      // While the rate grows, each turn asks anew.
      if elapsed >= ramp { next = start &+ Ticks(ramp / 2 + Double(settled &* workers &+ worker) / rate) }
      return 0
    }
    return Int(truncatingIfNeeded: min(UInt64(truncatingIfNeeded: Self.maximumBurst), planned &- settled))
  }

  /// Nothing is opened any more, as the run's time is over: what came due in it and was not opened is missed.
  public mutating func finish() {
    guard rate > 0, end < .infinity else { return }
    let all = planned(end)
    if all > settled {
      missed &+= all &- settled
      settled = all
    }
  }

  /// One connection was opened.
  @inline(__always)
  public mutating func opened() { settled &+= 1 }

  /// Openings of this worker up to so many ticks after the start, that moment included.
  private func planned(_ elapsed: Double) -> UInt64 {
    if elapsed < 0 { return 0 }
    let all = UInt64(elapsed < ramp ? rate * elapsed * elapsed / (2 * ramp) : rate * (elapsed - ramp / 2)) &+ 1
    return all <= worker ? 0 : (all &- worker &+ workers &- 1) / workers
  }
}

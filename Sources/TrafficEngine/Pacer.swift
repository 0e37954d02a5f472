/// Evenly paced opening: one connection each `interval`, the first at once; with a ramp, the rate grows linearly from nothing.
///
/// What could not be opened in time is made up for, `maximumBurst` at a time, as long as the delay is less than a second; what is
/// older is counted as missed and forgotten.
public struct Pacer: BitwiseCopyable, Sendable {
  /// Connections opened in one turn at most.
  @inline(__always)
  public static var maximumBurst: Int { 32 }

  /// Ticks between two openings, in 1/256. 0: no limit.
  private let interval: UInt64
  private let ticksPerSecond: UInt64
  private let ramp: Ticks
  private var start: Ticks = 0
  /// When the next connection is due, in ticks since `start`, in 1/256.
  private var next: UInt64 = 0
  public private(set) var missed: UInt64 = 0
  private var started = false

  /// - Parameters:
  ///   - rate: connections per second; 0: no limit.
  ///   - ramp: ticks over which the rate grows.
  public init(rate: Double, ticksPerSecond: Double, ramp: Ticks) {
    interval = rate > 0 ? max(1, UInt64(ticksPerSecond * 256 / rate)) : 0
    self.ticksPerSecond = UInt64(ticksPerSecond)
    self.ramp = ramp
  }

  /// How many connections may be opened now.
  @inline(__always)
  public mutating func due(now: Ticks) -> Int {
    if interval == 0 { return Self.maximumBurst }
    return dueByRate(now: now)
  }

  @inline(never)
  private mutating func dueByRate(now: Ticks) -> Int {
    if !started {
      started = true
      start = now
    }
    let elapsed = (now &- start) &<< 8
    if elapsed < next { return 0 }
    // A second late: what was due before is missed.
    let late = elapsed &- next
    if late > ticksPerSecond &<< 8, ramp == 0 || now &- start > ramp {
      let skipped = (late &- ticksPerSecond &<< 8) / interval
      missed &+= skipped
      next &+= skipped &* interval
    }
    return min(Self.maximumBurst, Int(truncatingIfNeeded: (elapsed &- next) / currentInterval) &+ 1)
  }

  /// One connection was opened.
  @inline(__always)
  public mutating func opened() {
    if interval != 0 { next &+= currentInterval }
  }

  /// With a ramp: rate(t) = rate * t / ramp, and never slower than at a hundredth of the ramp, so that it begins.
  private var currentInterval: UInt64 {
    let at = next &>> 8
    if at >= ramp { return interval }
    // interval * ramp / at, without the product: the ramp is at most 100 times as long as what divides it, and so is the result.
    let divisor = max(max(at, ramp / 100), 1)
    let whole = ramp / divisor
    // The rest as a fraction of 2^16: exact enough for a rate that grows.
    let rest = ((ramp % divisor) &>> 16) &<< 16 / max(divisor &>> 16, 1)
    return interval &* whole &+ (interval &* min(rest, 65_535)) &>> 16
  }
}

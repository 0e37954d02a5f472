import CPacket

/// A run's time: what a clock's ticks come to since the run began, as TCP reckons in it.
struct RunClock: BitwiseCopyable, Sendable {
  private let start: Ticks
  private let microsecondsPerTick: UInt64  // in 2^-64

  /// - Parameter ticksPerSecond: more than a million.
  init(start: Ticks, ticksPerSecond: Double) {
    self.start = start
    microsecondsPerTick = UInt64(1e6 / ticksPerSecond * 18_446_744_073_709_551_616)
  }

  @inline(always)
  func moment(_ now: Ticks) -> Moment {
    let microseconds = multiply_high(now &- start, microsecondsPerTick)
    // From 1 on: it is also the timestamps' clock, and 0 stands for none that was received.
    return Moment(milliseconds: UInt32(truncatingIfNeeded: microseconds / 1_000) &+ 1, microseconds: microseconds)
  }
}

import TCPEngine

/// From a run's ticks to nanoseconds: since 1970 when the run's start is known in real time, since the start when its clock is manual.
struct RunTime: BitwiseCopyable, Sendable, Equatable {
  var ticksPerSecond: Double
  var startTicks: Ticks
  /// Unix time of `startTicks`; 0: the clock is manual.
  var startNanoseconds: UInt64

  /// The time of a tick; what lies before the start counts as the start.
  func nanoseconds(at ticks: Ticks) -> UInt64 {
    ticks < startTicks ? startNanoseconds : startNanoseconds &+ nanoseconds(during: ticks - startTicks)
  }

  /// A span of ticks in nanoseconds.
  func nanoseconds(during ticks: Ticks) -> UInt64 {
    UInt64(exactly: (Double(ticks) * (1e9 / ticksPerSecond)).rounded()) ?? .max
  }
}

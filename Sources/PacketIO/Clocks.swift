import CPacket

/// The processor's time-stamp counter.
public struct TickClock: Clock, ~Copyable {
  public init() {}

  @inline(__always)
  public func now() -> Ticks { tick_counter() }

  @inline(__always)
  public func turnEnded(busy: Bool) {}
}

/// A clock that moves only when told, in nanoseconds. In a run on its own it moves a little with every busy turn and, when nothing
/// happens any more, in growing steps up to a millisecond: the same run takes the same time, always.
public struct ManualClock: Clock, ~Copyable {
  public var time: Ticks
  private var idleTurns = 0
  private let idleLimit: Int

  /// Nanoseconds that a turn takes in which something happened.
  public static var busyStep: Ticks { 2_000 }
  /// The first steps of idle time, fine enough to pace connections by.
  public static var idleStep: Ticks { 10_000 }
  /// The steps after `idleLimit` idle turns.
  public static var longIdleStep: Ticks { 1_000_000 }

  /// - Parameter idleLimit: idle turns after which the steps become long.
  public init(time: Ticks = 0, idleLimit: Int = 200) {
    self.time = time
    self.idleLimit = idleLimit
  }

  public func now() -> Ticks { time }

  public mutating func turnEnded(busy: Bool) {
    if busy {
      idleTurns = 0
      time &+= Self.busyStep
    } else {
      idleTurns &+= 1
      time &+= idleTurns > idleLimit ? Self.longIdleStep : Self.idleStep
    }
  }
}

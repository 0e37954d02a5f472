/// What a worker knows of a target.
struct TargetState: BitwiseCopyable {
  enum Health: UInt8, BitwiseCopyable {
    case up
    /// Taken out until `retry`.
    case out
    /// One connection tries it; until `retry` no other does.
    case onTrial
  }

  let address: UInt32
  let port: UInt16
  let weight: UInt16
  /// Open connections, and how many may be.
  var open: UInt32
  let limit: UInt32
  var retry: UInt64
  /// Failures in a row.
  var fails: UInt16
  var health: Health

  init(_ target: ServerTarget, limit: UInt32) {
    address = target.address
    port = target.port
    weight = UInt16(target.weight)
    open = 0
    self.limit = limit
    retry = 0
    fails = 0
    health = .up
  }

  @inline(__always)
  var isFull: Bool { open >= limit }

  /// Whether its health allows another connection.
  @inline(__always)
  func isHealthy(_ now: UInt64) -> Bool { health == .up || now >= retry }
}

/// What happened to a target, on one worker.
public struct TargetCounters: BitwiseCopyable, Equatable, Sendable {
  /// Connections it was chosen for.
  public var chosen: UInt64 = 0
  /// Failures it was blamed for.
  public var failed: UInt64 = 0
  /// Times that failures took it out.
  public var takenOut: UInt64 = 0

  public init(chosen: UInt64 = 0, failed: UInt64 = 0, takenOut: UInt64 = 0) {
    self.chosen = chosen
    self.failed = failed
    self.takenOut = takenOut
  }
}

import TCPEngine

/// Hands the connections of a run to its workers as they come to them. A run ends when its slowest worker has opened its part, and cores are not
/// equally quick: one of them has the interrupts, or another program. Workers share nothing, so each is told, in its mailbox, how many it may
/// open, some time before it comes to the end of them.
struct ConnectionShares {
  /// What each worker may open, as far as it is told.
  private(set) var allowed: [UInt64]
  /// What nobody has been told to open.
  private var pot: UInt64
  /// How far ahead workers are told, in ticks: several times as long as nobody looks.
  private let horizon: Ticks

  /// Connections for each worker, below which all are shared equally at once: they are opened before anybody looks.
  private static let least = 100_000

  /// What a worker begins with: an equal share of all, or of the first half.
  static func first(of total: Int, worker: Int, workers: Int) -> UInt64 {
    let shared = workers > 1 && total / workers >= least ? total / 2 : total
    return UInt64(shared / workers + (worker < shared % workers ? 1 : 0))
  }

  /// - Parameter total: of all workers; more than 0.
  init(of total: Int, workers: Int, horizon: Ticks) {
    allowed = (0..<workers).map { Self.first(of: total, worker: $0, workers: workers) }
    pot = UInt64(total) - allowed.reduce(0, +)
    self.horizon = horizon
  }

  /// Hands out what is due, so that all workers end at the same time if each goes on as it did on average. True if `allowed` has changed.
  ///
  /// - Parameters:
  ///   - attempted: connections that each worker has opened.
  ///   - elapsed: since the first was.
  mutating func handOut(attempted: [UInt64], elapsed: Ticks) -> Bool {
    let done = attempted.reduce(0, +)
    guard pot > 0, elapsed > 0, done > 0 else { return false }
    let left = allowed.reduce(pot, +) - min(done, allowed.reduce(0, +))
    let ahead = min(Double(left) / Double(done), Double(horizon) / Double(elapsed))
    let wanted = zip(allowed, attempted).map { max(0, Double($1) * (1 + ahead) - Double($0)).rounded(.up) }
    let all = wanted.reduce(0, +)
    let scale = min(1, Double(pot) / max(all, 1))
    for (worker, wanted) in wanted.enumerated() {
      let granted = min(UInt64((wanted * scale).rounded(.up)), pot)
      allowed[worker] += granted
      pot -= granted
    }
    return all > 0
  }
}

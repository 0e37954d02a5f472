import Testing

@testable import TCPEngine

/// The slowest of 1,000 seeds of a small load over a bad wire, as `Scripts/seeds` finds them: what recovery finds hardest. Each is the run that
/// `trafficengine run --port memory --seed ...` makes, frame for frame. With an initial timeout of 1 s, three SYNs lost in a row are 7 s.
@Suite struct SlowSeedTests {
  struct Slow: Sendable, CustomTestStringConvertible {
    let seed: UInt64
    /// Simulated seconds that it may take; what it took when it was found, and a tenth.
    let seconds: Double
    let why: String
    var testDescription: String { "\(seed): \(why)" }
  }

  static let seeds = [
    Slow(seed: 516, seconds: 8.8, why: "the slowest: a handshake of 8 s"),
    Slow(seed: 39, seconds: 8.8, why: "a handshake of 7 s, and a first response after 0.8 s"),
    Slow(seed: 848, seconds: 8.4, why: "a handshake of 7 s, a first response and a close of 0.6 s"),
    Slow(seed: 610, seconds: 8.4, why: "a handshake of 7 s, and a close of 0.6 s"),
    Slow(seed: 52, seconds: 8.0, why: "a handshake of 7 s, and a close of 1.7 s"),
    Slow(seed: 664, seconds: 8.0, why: "a handshake of 7 s, and a close of 1.1 s"),
    Slow(seed: 218, seconds: 7.8, why: "a handshake of 7 s, and most segments sent again, 286"),
  ]

  /// The flags of `Scripts/seeds`.
  static func run(_ seed: UInt64) -> Simulation {
    // As the program derives its seeds.
    var random = SeededRandom(seed: seed)
    let faultSeed = random.next()
    let workerSeed = random.next()
    return Simulation(
      settings(40) {
        $0.engine.maxOpen = 256
        $0.engine.timeWaitPool = 4_096
        $0.engine.payloadSize = 5_003
        $0.engine.responseSize = 20_011
        $0.engine.finByServer = 2
        $0.engine.seed = seed
        $0.faults = Faults(loss: 0.05, duplicate: 0.05, reorder: 0.05, delay: 0.02, corrupt: 0.02)
      }, seed: workerSeed, faultSeed: faultSeed, buffers: 8_192
    ).complete()
  }

  @Test(arguments: seeds) func endsInTime(_ slow: Slow) {
    let run = Self.run(slow.seed)
    run.expectAllCompleted()
    let took = Double(run.clientStatistics[.lastClose] - run.clientStatistics[.firstOpen]) / 1e9
    #expect(took <= slow.seconds, "\(took) s; \(run.outcomes)")
  }
}

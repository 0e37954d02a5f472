import CPacket
import FoundationEssentials
import Glibc
import TCPEngine

/// What a run is made from: its settings, and what follows from them and this machine.
struct RunBasis: Sendable {
  let settings: TrafficSettings
  /// The workers' cores, one each.
  let cores: [Int]
  /// Every random choice follows from it, so that a run can be repeated.
  let seed: UInt64
  let workerSeeds: [UInt64]
  let faultSeed: UInt64
  /// The run's clock: its rate, and when the run started by it and by the calendar (0: simulated time has none).
  let ticksPerSecond: Double
  let startTicks: Ticks
  let startNanoseconds: UInt64
  /// Seconds from the start of the process to `startTicks`; 10 ms exact. 0 in simulated time.
  let startedAfter: Double
  /// See `EngineShare`.
  let sequenceOrigin: SequenceOrigin?

  init(_ settings: TrafficSettings) throws {
    var settings = settings
    if let interface = settings.port.linuxInterface { settings.port.mac = try LinuxInterface.mac(of: interface) }
    self.settings = settings
    cores = try Self.cores(settings.cores)
    // A seed is written as a signed number in files and flags.
    seed = settings.engine.seed ?? UInt64.random(in: 0...UInt64(Int.max))
    var random = SeededRandom(seed: seed)
    faultSeed = random.next()
    workerSeeds = cores.map { _ in random.next() }
    if settings.port.kind == .memory {
      (ticksPerSecond, startTicks, startNanoseconds, startedAfter) = (1e9, 0, 0, 0)
    } else {
      ticksPerSecond = measure_tick_rate(100)
      startTicks = tick_counter()
      startNanoseconds = Self.nanoseconds(CLOCK_REALTIME)
      startedAfter = Self.processAge
    }
    sequenceOrigin = settings.port.isLooped ? nil : Self.sequenceOrigin
  }

  /// From what Linux drew when it booted, and the time since: no other host knows either.
  private static var sequenceOrigin: SequenceOrigin? {
    guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) else { return nil }
    let digits = text.filter(\.isHexDigit)
    guard digits.count == 32, let key0 = UInt64(digits.prefix(16), radix: 16), let key1 = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    return SequenceOrigin(key0: key0, key1: key1, startMicroseconds: nanoseconds(CLOCK_BOOTTIME) / 1_000)
  }

  var workers: Int { cores.count }

  /// Frames that a queue of the port holds; on a looped wire both queues of a pair are one.
  var depth: Int { max(settings.port.receiveDescriptors, settings.port.transmitDescriptors) }

  /// Packet buffers of each worker.
  var buffersPerWorker: Int { settings.port.poolSize / workers }

  func share(_ worker: Int) -> EngineShare {
    var share = EngineShare(settings, worker: worker, workers: workers, ticksPerSecond: ticksPerSecond, seed: workerSeeds[worker])
    share.sequenceOrigin = sequenceOrigin
    if settings.testSize > 0 { share.connections = ConnectionShares.first(of: settings.testSize, worker: worker, workers: workers) }
    return share
  }

  /// Connections to attempt; nil: no limit, or no client role.
  var total: UInt64? { settings.testSize == 0 || settings.targets.isEmpty ? nil : UInt64(settings.testSize) }

  private static func cores(_ wanted: [Int]) throws -> [Int] {
    let allowed = Cores.allowed
    guard let last = allowed.last else { throw CommandFailure(.notStarted, "Linux does not say which cores this process may use") }
    if wanted.isEmpty { return try left(for: [last], of: allowed) }
    if let core = wanted.first(where: { !allowed.contains($0) }) {
      let list = allowed.map(String.init).joined(separator: ", ")
      throw CommandFailure(.misconfigured, "cores: core \(core) is none of those that this process may use (\(list)), name one of these")
    }
    return try left(for: wanted, of: allowed)
  }

  /// Workers never wait, so with real-time priority on every core nothing else of this process would run, not even what stops them.
  private static func left(for workers: [Int], of allowed: [Int]) throws -> [Int] {
    let policy = sched_getscheduler(0)
    guard policy == SCHED_FIFO || policy == SCHED_RR, Set(allowed).isSubset(of: workers) else { return workers }
    throw CommandFailure(
      .misconfigured,
      "cores: under real-time priority the workers may not take every core of this process, or nothing could stop them: "
        + "leave one free, or run without real-time priority")
  }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Seconds since the kernel made this process: field 22 of its `stat`, in clock ticks since boot (proc(5)).
  private static var processAge: Double {
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let name = text.lastIndex(of: ")") else { return 0 }
    let fields = text[name...].split(separator: " ")  // the first is field 2
    guard fields.count > 20, let began = Double(fields[20]) else { return 0 }
    return max(0, Double(nanoseconds(CLOCK_BOOTTIME)) / 1e9 - began / Double(sysconf(Int32(_SC_CLK_TCK))))
  }
}

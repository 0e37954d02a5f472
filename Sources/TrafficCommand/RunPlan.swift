import TCPEngine

/// What the life of a run depends on, all workers together.
struct RunCounts {
  var attempted: UInt64 = 0
  var openClients: UInt64 = 0
  var openServers: UInt64 = 0
  /// When the first connection was opened; nil: none was, yet.
  var firstOpen: Ticks?
  /// Signals to stop so far.
  var stopSignals = 0
  /// Whether there is somebody at the other end of the wire, as far as that is known.
  var hasLink = true

  var open: UInt64 { openClients + openServers }
}

/// The life of a run: what the workers are told, from what has happened and the time. It reads no clock and touches nothing, so that a run
/// in simulated time lives by the same rules as one in real time.
struct RunPlan {
  /// All in ticks.
  struct Times {
    /// After it, open connections are closed; nil: no limit.
    var duration: Ticks?
    /// How long the wire may take to get a link.
    var linkWait: Ticks
    /// How long server ends may take once all clients are done: a last acknowledgment may be on its way, or lost.
    var serverWait: Ticks
    /// How long closing may take when `duration` is over.
    var closeGrace: Ticks
    /// And what these two are longer for each connection that is open when it begins.
    var perConnection: Ticks
    /// How long open connections may take to complete after a signal to stop.
    var stopGrace: Ticks
    /// How long resets take to cross the wire, and how long sending them may take.
    var resetCrossing: Ticks
    var resetLimit: Ticks
    /// How long nobody looks at the workers, at least and at most: whoever looks may take the core of a peer that is being measured.
    var rest: ClosedRange<Ticks>
  }

  enum Phase {
    /// For the other end of the wire to be there.
    case waiting
    case running
    case finishing
    case closing
    case stopping
    case resetting
    case left
  }

  private let times: Times
  /// Connections to attempt; nil: no limit.
  private let total: UInt64?
  /// When opening could begin.
  private var start: Ticks
  private(set) var phase = Phase.running
  private var since: Ticks
  /// When `duration` is over, as far as it has begun.
  private var end: Ticks?
  /// What this phase may take beyond what all may, as so many connections are open.
  private var allowance: Ticks = 0
  /// A signal cut the run short.
  private(set) var wasInterrupted = false
  /// `duration` has come to its end.
  private(set) var wasTimed = false
  /// The wire got no link in time.
  private(set) var lackedLink = false

  /// - Parameter waits: nothing is opened before the wire has a link.
  init(_ times: Times, total: UInt64?, start: Ticks, waits: Bool = false) {
    self.times = times
    self.total = total
    self.start = start
    since = start
    if waits { phase = .waiting }
  }

  /// What the workers are to do from now on.
  mutating func next(_ counts: RunCounts, now: Ticks) -> WorkerCommand {
    noticeSignals(counts, now)
    let elapsed = now >= since ? now - since : 0
    switch phase {
    case .waiting: waitForLink(counts, elapsed, now)
    case .running: decideWhileRunning(counts, now)
    case .finishing: decideWhileFinishing(counts, elapsed, now)
    case .closing: decideWhileClosing(counts, elapsed, now)
    case .stopping: if counts.open == 0 { phase = .left } else if elapsed >= times.stopGrace { enter(.resetting, now) }
    case .resetting: if (counts.open == 0 && elapsed >= times.resetCrossing) || elapsed >= times.resetLimit { phase = .left }
    case .left: break
    }
    return command
  }

  private mutating func waitForLink(_ counts: RunCounts, _ elapsed: Ticks, _ now: Ticks) {
    if counts.hasLink {
      start = now
      return enter(.running, now)
    }
    guard elapsed >= times.linkWait else { return }
    lackedLink = true
    phase = .left
  }

  /// Server ends that are still open when the run's time is over are told so, as at a signal.
  private mutating func decideWhileFinishing(_ counts: RunCounts, _ elapsed: Ticks, _ now: Ticks) {
    if counts.openServers == 0 {
      phase = .left
    } else if elapsed >= times.serverWait + allowance {
      if wasTimed { enter(.resetting, now) } else { phase = .left }
    }
  }

  private mutating func decideWhileClosing(_ counts: RunCounts, _ elapsed: Ticks, _ now: Ticks) {
    if counts.openClients == 0 {
      enter(.finishing, now, open: counts.open)
    } else if elapsed >= times.closeGrace + allowance {
      enter(.resetting, now)
    }
  }

  private mutating func decideWhileRunning(_ counts: RunCounts, _ now: Ticks) {
    if let total, counts.attempted >= total, counts.openClients == 0 { return enter(.finishing, now, open: counts.open) }
    guard let duration = times.duration else { return }
    let end = (counts.firstOpen ?? start) + duration
    self.end = end
    guard now >= end else { return }
    wasTimed = true
    enter(.closing, now, open: counts.open)
  }

  private mutating func noticeSignals(_ counts: RunCounts, _ now: Ticks) {
    if counts.stopSignals >= 2 {
      wasInterrupted = true
      phase = .left
    } else if counts.stopSignals == 1, phase == .waiting {
      wasInterrupted = true
      phase = .left
    } else if counts.stopSignals == 1, phase == .running || phase == .finishing || phase == .closing {
      wasInterrupted = true
      enter(.stopping, now)
    }
  }

  /// How long `next` need not be asked again, unless a signal comes. A short run is to end at once, a long one to be left alone: a twentieth of
  /// the time that it has taken.
  func rest(at now: Ticks) -> Ticks {
    guard phase == .running, now >= since else { return times.rest.lowerBound }
    let share = min((now - since) / 20, times.rest.upperBound)
    let left = end.map { $0 > now ? $0 - now : 0 } ?? share
    return max(min(share, left), times.rest.lowerBound)
  }

  /// There is nothing to run: the workers leave at once.
  mutating func abandon() { phase = .left }

  private mutating func enter(_ next: Phase, _ now: Ticks, open: UInt64 = 0) {
    phase = next
    since = now
    allowance = open * times.perConnection
  }

  private var command: WorkerCommand {
    switch phase {
    case .waiting: .hold
    case .running: .run
    case .finishing: wasTimed ? .closeAll : .run
    case .closing: .closeAll
    case .stopping: wasTimed ? .closeAll : .stopOpening
    case .resetting: .resetAll
    case .left: .leave
    }
  }
}

extension RunPlan.Times {
  /// For real time: a wire that loses nothing.
  init(real settings: TrafficSettings, ticksPerSecond: Double) {
    func ticks(_ seconds: Double) -> Ticks { Ticks(seconds * ticksPerSecond) }
    duration = settings.engine.duration == 0 ? nil : ticks(Double(settings.engine.duration) / 1e9)
    linkWait = ticks(10)
    serverWait = ticks(1)
    closeGrace = ticks(2)
    perConnection = ticks(1e-5)
    stopGrace = ticks(1)
    resetCrossing = ticks(0.1)
    // Ten million connections, both ends here, and the report is there within 10 s of the signal.
    resetLimit = ticks(4)
    rest = ticks(0.005)...ticks(0.05)
  }

  /// For simulated time, in nanoseconds: waiting costs nothing, and on a faulty wire the server ends' own timeouts are to end them.
  init(simulated settings: TrafficSettings) {
    self.init(real: settings, ticksPerSecond: 1e9)
    let tcp = settings.engine.tcp
    let longest = max(tcp.establishedTimeout, tcp.closingTimeout, tcp.synReceivedTimeout)
    serverWait = max(120_000, Ticks(longest) + 20_000) * 1_000_000
  }
}

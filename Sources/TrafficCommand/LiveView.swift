import CPacket
import TCPEngine

/// One line a second on what the workers do, at most 80 columns wide.
struct LiveView {
  private let console: Console
  private let links: [WorkerLink]
  /// Of real time.
  private let ticksPerSecond: Double
  private let start: Ticks
  private var last: Moment
  private var lines = 0

  /// What the differences between two lines are made of.
  private struct Moment {
    var time: Ticks
    var opened: UInt64 = 0
    var completed: UInt64 = 0
    var received: UInt64 = 0
    var sent: UInt64 = 0
    var busy: [UInt64] = []
  }

  /// - Parameter isSimulated: the workers' time is not ours; how busy they are cannot be told while they run.
  init(_ console: Console, _ run: any TrafficRun, ticksPerSecond: Double, isSimulated: Bool) {
    self.console = console
    self.ticksPerSecond = ticksPerSecond
    self.isSimulated = isSimulated
    links = run.links
    start = tick_counter()
    last = Moment(time: start, busy: [UInt64](repeating: 0, count: links.count))
  }

  private let isSimulated: Bool

  var secondsToNextLine: Double { max(0, 1 - Double(tick_counter() - last.time) / ticksPerSecond) }

  /// Says a line when a second has gone by since the last.
  mutating func tick() {
    let now = tick_counter()
    if Double(now - last.time) >= ticksPerSecond { say(now) }
  }

  /// Says the last line.
  mutating func end() { say(tick_counter()) }

  private static let heading = "  time    open opened/s   done/s   failed  pkt/s in pkt/s out    drops  busy %"

  private mutating func say(_ time: Ticks) {
    let now = moment(time)
    let seconds = max(Double(now.time - last.time) / ticksPerSecond, 1e-9)
    func rate(_ value: KeyPath<Moment, UInt64>) -> String { NumberText.short(Double(now[keyPath: value] - last[keyPath: value]) / seconds) }
    let open = links.reduce(0) { $0 + $1.statistics.openNow(.client) }
    let columns = [
      (NumberText.fixed(Double(time - start) / ticksPerSecond, 1) + "s", 6), (NumberText.short(Double(open)), 7), (rate(\.opened), 8),
      (rate(\.completed), 8), (NumberText.short(Double(failed)), 8), (rate(\.received), 9), (rate(\.sent), 9),
      (NumberText.short(Double(drops)), 8), (busy(now), 7),
    ]
    if lines % 20 == 0 { console.say(Self.heading) }
    console.say(columns.map { $0.0.right($0.1) }.joined(separator: " "))
    lines += 1
    last = now
  }

  private func moment(_ time: Ticks) -> Moment {
    var moment = Moment(time: time)
    for link in links {
      let statistics = link.statistics
      moment.opened += statistics.attempts(.client)
      moment.completed += statistics[.client, .completed]
      moment.received += statistics[.framesReceived]
      moment.sent += statistics[.framesSent]
      moment.busy.append(statistics[.busyTicks])
    }
    return moment
  }

  private var failed: UInt64 {
    links.reduce(0) { sum, link in
      sum + Outcome.allCases.reduce(0) { $1 == .completed ? $0 : $0 + link.statistics[.client, $1] }
    }
  }

  private var drops: UInt64 {
    links.reduce(0) { sum, link in sum + DropReason.allCases.reduce(0) { $0 + link.statistics[$1] } }
  }

  /// Of up to two workers each, of more the least and the most busy.
  private func busy(_ now: Moment) -> String {
    if isSimulated { return "-" }
    let shares = zip(now.busy, last.busy).map { min(100, Int(Double($0 - $1) * 100 / Double(max(1, now.time - last.time)) + 0.5)) }
    if shares.count <= 2 { return shares.map(String.init).joined(separator: " ") }
    return "\(shares.min() ?? 0)-\(shares.max() ?? 0)"
  }
}

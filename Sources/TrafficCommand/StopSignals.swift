import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP, taken when the program waits instead of wherever it happens to be.
struct StopSignals: ~Copyable {
  private var set = sigset_t()
  /// How many have come so far; those that come together are one: programs that stand between (sudo, timeout) pass on what we were sent, too.
  private(set) var count = 0
  private var counted: ContinuousClock.Instant?

  private static var together: Duration { .milliseconds(250) }
  /// `count`, for other threads.
  private static let taken = Atomic(0)

  /// Some have come, and were not taken yet.
  static var arePending: Bool {
    var pending = sigset_t()
    sigpending(&pending)
    return [SIGINT, SIGTERM, SIGHUP].contains { sigismember(&pending, $0) == 1 }
  }

  /// Whether somebody who waits for others is to give up, after so long: at a second signal at once, after the first in two seconds.
  static func forbidWaiting(for duration: Duration) -> Bool {
    let count = taken.load(ordering: .relaxed) + (arePending ? 1 : 0)
    return count >= 2 || (count == 1 && duration >= .seconds(2))
  }

  /// From here on the signals wait to be taken, on this thread and all that it starts.
  init() {
    sigemptyset(&set)
    sigaddset(&set, SIGINT)
    sigaddset(&set, SIGTERM)
    // The terminal has gone. Under `nohup` the run goes on: there the signal is ignored, and blocking it would keep it.
    if !Self.isIgnored(SIGHUP) { sigaddset(&set, SIGHUP) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // A reader of our output that has gone is no reason to stop in the middle.
    signal(SIGPIPE, SIG_IGN)
    // Nor is a file that has become as long as it may (`ulimit -f`).
    signal(SIGXFSZ, SIG_IGN)
    // Ctrl-\ ends a program at once; Swift's runtime would have it print a backtrace instead, for minutes.
    signal(SIGQUIT, SIG_DFL)
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    sigaction(signal, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Waits so long, or until a signal comes.
  mutating func wait(seconds: Double) {
    var timeout = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    guard sigtimedwait(&set, nil, &timeout) > 0 else { return }
    let now = ContinuousClock.now
    if let counted, now - counted < Self.together { return }
    counted = now
    count += 1
    Self.taken.store(count, ordering: .relaxed)
  }
}

import Glibc

/// SIGINT and SIGTERM, taken when the program waits instead of wherever it happens to be.
struct StopSignals: ~Copyable {
  private var set = sigset_t()
  /// How many have come so far.
  private(set) var count = 0

  /// From here on the signals wait to be taken, on this thread and all that it starts.
  init() {
    sigemptyset(&set)
    sigaddset(&set, SIGINT)
    sigaddset(&set, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // A reader of our output that has gone is no reason to stop in the middle.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Waits so long, or until a signal comes.
  mutating func wait(milliseconds: Int) {
    var timeout = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
    if sigtimedwait(&set, nil, &timeout) > 0 { count += 1 }
  }
}

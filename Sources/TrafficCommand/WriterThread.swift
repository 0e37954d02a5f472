import Glibc
import Synchronization

/// The thread of something that is written while the run goes on. It takes no signals: they are the main thread's, and a reader that closes
/// its pipe is an error of `write`, not the end of the process. It may run on the cores of the thread that starts it.
final class WriterThread: @unchecked Sendable {
  private var body: (@Sendable (WriterThread) -> Void)?
  private var thread: pthread_t?
  private let stopping = Atomic(false)
  private let cpuNanoseconds = Atomic<UInt64>(0)

  /// Told to end once everything is written.
  var isStopping: Bool { stopping.load(ordering: .acquiring) }

  /// Processor time used, as of the last pause.
  var cpuSeconds: Double { Double(cpuNanoseconds.load(ordering: .relaxed)) / 1e9 }

  /// - Parameter body: returns when `isStopping`, and nothing is left to be done.
  func start(_ body: @escaping @Sendable (WriterThread) -> Void) {
    self.body = body
    var created = pthread_t()
    let result = pthread_create(
      &created, nil,
      { argument in
        Unmanaged<WriterThread>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(result == 0, "no thread for the writer: \(String(cString: strerror(result)))")
    thread = created
  }

  /// Lets the thread do what is left, and waits for its end.
  func finish() {
    stopping.store(true, ordering: .releasing)
    guard let thread else { return }
    pthread_join(thread, nil)
    self.thread = nil
    body = nil
  }

  /// To be called by the body when there is nothing to do.
  func pause(microseconds: UInt32) {
    noteProcessorTime()
    usleep(microseconds)
  }

  private func run() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    body?(self)
    noteProcessorTime()
  }

  private func noteProcessorTime() {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    cpuNanoseconds.store(UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec), ordering: .relaxed)
  }
}

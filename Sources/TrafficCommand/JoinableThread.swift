import Glibc

/// A thread that ends by itself and is waited for.
final class JoinableThread: @unchecked Sendable {
  private var handle = pthread_t()
  private let body: @Sendable () -> Void
  /// Processor time it used; valid once joined.
  private(set) var cpuSeconds = 0.0

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    let result = pthread_create(
      &handle, nil,
      { argument in
        let thread = Unmanaged<JoinableThread>.fromOpaque(argument!).takeRetainedValue()
        thread.body()
        thread.cpuSeconds = JoinableThread.currentCPUSeconds
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(result == 0, "the system gave no thread: \(String(cString: strerror(result)))")
  }

  /// Waits for its end; once only.
  func join() { pthread_join(handle, nil) }

  /// Processor time that the calling thread has used.
  static var currentCPUSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

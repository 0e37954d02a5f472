import Glibc

/// A file that is written from its beginning, and how that went. Until something is written what was there before stays; a run that could not start
/// leaves no file, and spoils none. A pipe whose reader does not read holds up whoever writes, until the user has
/// had enough of it (`StopSignals`).
final class OutputFile {
  let path: String
  private let descriptor: Int32
  /// There was none before.
  private let isNew: Bool
  private var hasBegun = false
  private var isFinished = false

  /// Opens the file, or creates it. Waits for the reader of a pipe, and says so.
  init(path: String) throws(OutputError) {
    self.path = path
    (descriptor, isNew) = try Self.open(path)
  }

  deinit { _ = finish() }

  private static func open(_ path: String) throws(OutputError) -> (Int32, Bool) {
    var hasSaid = false
    while true {
      let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
      if descriptor >= 0 { return (descriptor, false) }
      if errno == ENOENT {
        let created = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NONBLOCK, 0o644)
        if created >= 0 { return (created, true) }
        // Somebody else was there in between.
        if errno == EEXIST, !isDangling(path) { continue }
        // A link to what is not there yet.
        let linked = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        if linked >= 0 { return (linked, false) }
      }
      guard errno == ENXIO, isPipe(path) else { throw OutputError(path, "cannot be written: ", errorNumber: errno) }
      if StopSignals.arePending { throw OutputError(path, "cannot be written, nobody reads it: ", errorNumber: ECANCELED) }
      if !hasSaid { Console.complain("\(path): waiting for a reader of this pipe") }
      hasSaid = true
      usleep(20_000)
    }
  }

  private static func isDangling(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func isPipe(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Writes all of it, however often the system has to be asked.
  ///
  /// - Returns: how many octets were written, and 0 or the error number that ended it before the last.
  func write(_ octets: UnsafeRawBufferPointer) -> (written: Int, errorNumber: Int32) {
    if !hasBegun {
      hasBegun = true
      truncate(to: 0)
    }
    var written = 0
    var since: ContinuousClock.Instant?
    while written < octets.count {
      let result = Glibc.write(descriptor, octets.baseAddress! + written, octets.count - written)
      if result >= 0 {
        written += result
        since = nil
      } else if errno == EAGAIN {
        let now = ContinuousClock.now
        if StopSignals.forbidWaiting(for: now - (since ?? now)) { return (written, ECANCELED) }
        since = since ?? now
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wanted, 1, 50)
      } else if errno != EINTR {
        return (written, errno)
      }
    }
    return (written, 0)
  }

  /// Takes back what lies beyond so many octets: half a record is of no use. What is no file in a file system keeps it.
  func truncate(to octets: Int) { _ = ftruncate(descriptor, octets) }

  /// Closes the file, once. 0, or an error number: some file systems say only now that they had no space.
  func finish() -> Int32 {
    if isFinished { return 0 }
    isFinished = true
    if isNew, !hasBegun { unlink(path) }
    return close(descriptor) == 0 ? 0 : errno
  }
}

/// What files and standard output have in common.
enum FileDescriptor {
  static func write(_ octets: UnsafeRawBufferPointer, to descriptor: Int32) -> (written: Int, errorNumber: Int32) {
    var written = 0
    while written < octets.count {
      let result = Glibc.write(descriptor, octets.baseAddress! + written, octets.count - written)
      if result >= 0 {
        written += result
      } else if errno != EINTR {
        return (written, errno)
      }
    }
    return (written, 0)
  }

  /// One line on the standard error.
  static func complain(_ sentence: String) {
    var line = sentence + "\n"
    _ = line.withUTF8 { write(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
  }
}

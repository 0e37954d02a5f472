import Glibc

/// A file that is written from its beginning, and how that went.
final class OutputFile {
  let path: String
  private let descriptor: Int32

  /// Creates the file, or empties it.
  init(path: String) throws(OutputError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw OutputError(path, "cannot be written: ", errorNumber: errno) }
  }

  /// Writes all of it, however often the system has to be asked.
  ///
  /// - Returns: how many octets were written, and 0 or the error number that ended it before the last.
  func write(_ octets: UnsafeRawBufferPointer) -> (written: Int, errorNumber: Int32) {
    FileDescriptor.write(octets, to: descriptor)
  }

  /// Takes back what lies beyond so many octets: half a record is of no use. What is no file in a file system keeps it.
  func truncate(to octets: Int) { _ = ftruncate(descriptor, octets) }

  /// Closes the file, once. 0, or an error number: some file systems say only now that they had no space.
  func finish() -> Int32 { close(descriptor) == 0 ? 0 : errno }
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

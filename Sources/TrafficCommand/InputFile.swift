import Glibc

/// A file that is read from its beginning; it may still be growing, or be a pipe.
final class InputFile {
  private let path: String
  private let descriptor: Int32

  init(path: String) throws(OutputError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
  }

  deinit { close(descriptor) }

  /// Fills the piece, or as much of it as the file still has. Octets read.
  func read(into piece: UnsafeMutableRawBufferPointer) throws(OutputError) -> Int {
    var count = 0
    while count < piece.count {
      let result = Glibc.read(descriptor, piece.baseAddress! + count, piece.count - count)
      if result == 0 { break }
      if result > 0 {
        count += result
      } else if errno != EINTR {
        throw Self.unreadable(path, errno)
      }
    }
    return count
  }

  private static func unreadable(_ path: String, _ errorNumber: Int32) -> OutputError {
    let remedy = errorNumber == EACCES ? "change its permissions, or name another file" : "name a file of connection records"
    return OutputError(description: "\(path): cannot be read: \(String(cString: strerror(errorNumber))); \(remedy)")
  }
}

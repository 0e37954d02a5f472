import Glibc

/// The file of the report as JSON: opened before anything starts, so that a name that will not do is noticed at once.
struct ReportFile {
  private let path: String
  private let descriptor: Int32

  /// - Parameter path: "-": the standard output.
  init(_ path: String) throws {
    self.path = path
    descriptor = path == "-" ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CommandFailure(.notStarted, "\(path): cannot be written (\(String(cString: strerror(errno)))), give output.json another name")
    }
  }

  /// Writes the report and closes the file.
  ///
  /// - Returns: nil, or what went wrong in one sentence.
  func problem(writing document: String) -> String? {
    let isWritten = Console.write(document, to: descriptor)
    let isClosed = path == "-" || close(descriptor) == 0
    if isWritten, isClosed { return nil }
    return OutputError(path == "-" ? "standard output" : path, "the report could not be written: ", errorNumber: errno).description
  }
}

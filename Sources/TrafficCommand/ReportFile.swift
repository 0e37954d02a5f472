import Glibc

/// The file of the report as JSON: opened before anything starts, so that a name that will not do is noticed at once.
struct ReportFile {
  private let path: String
  /// Nil: the standard output.
  private let file: OutputFile?

  /// - Parameter path: "-": the standard output.
  init(_ path: String) throws {
    self.path = path
    do throws(OutputError) { file = path == "-" ? nil : try OutputFile(path: path) } catch {
      throw CommandFailure(.notStarted, "\(error.description) (output.json)")
    }
  }

  /// Writes the report and closes the file.
  ///
  /// - Returns: nil, or what went wrong in one sentence.
  func problem(writing document: String) -> String? {
    guard let file else {
      if Console.write(document, to: STDOUT_FILENO) { return nil }
      return OutputError("standard output", "the report could not be written: ", errorNumber: errno).description
    }
    var document = document
    var errorNumber = document.withUTF8 { file.write(UnsafeRawBufferPointer($0)) }.errorNumber
    let closing = file.finish()
    if errorNumber == 0 { errorNumber = closing }
    return errorNumber == 0 ? nil : OutputError(path, "the report could not be written: ", errorNumber: errorNumber).description
  }
}

import Configuration
import Glibc

/// Where text for people goes. When the report as JSON has the standard output for itself, text goes to the standard error.
struct Console: Sendable {
  private let descriptor: Int32

  init(json: String?) { descriptor = json == "-" ? STDERR_FILENO : STDOUT_FILENO }

  /// Writes the text and a line end, at once. Whoever reads may have gone; the run goes on.
  func say(_ text: String) { _ = Self.write(text + "\n", to: descriptor) }

  /// The same of a report, which is what the run was for.
  ///
  /// - Returns: nil, or in one sentence why it could not be written. That nobody reads is no failure: he has had enough, or has closed the output.
  func problem(saying report: String) -> String? {
    if Self.write(report + "\n", to: descriptor) || errno == EPIPE || errno == EBADF { return nil }
    let name = descriptor == STDOUT_FILENO ? "standard output" : "standard error"
    return OutputError(name, "the report could not be written: ", errorNumber: errno).description
  }

  /// A line on the standard error. What it quotes cannot make a terminal do anything: its control characters are written as TOML does.
  static func complain(_ sentence: String) {
    let lines = sentence.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).controlsWritten }
    _ = write(lines.joined(separator: "\n") + "\n", to: STDERR_FILENO)
  }

  /// A line to why a run was no success, and to what else went wrong, unless that is the same.
  static func complain(of reason: String?, _ problem: String?) {
    if let reason { complain(reason) }
    if let problem, problem != reason { complain(problem) }
  }

  /// Writes what a command was asked for to the standard output.
  static func print(_ text: String) throws {
    guard write(text, to: STDOUT_FILENO) else {
      throw CommandFailure(.failed, OutputError("standard output", "cannot be written: ", errorNumber: errno).description)
    }
  }

  /// Writes all of the text; false when that failed.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { octets in
      var done = 0
      while done < octets.count {
        let count = Glibc.write(descriptor, octets.baseAddress! + done, octets.count - done)
        if count < 0, errno == EINTR { continue }
        if count < 0 { return false }
        done += count
      }
      return true
    }
  }
}

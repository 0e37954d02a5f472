import Glibc
import TCPEngine

/// What the process tells the one who started it.
public enum ExitStatus: Int32, Sendable, CaseIterable {
  case success = 0
  /// A connection did not complete, a sum does not balance, or the run was cut short.
  case failed = 1
  /// The configuration or the command line is wrong; nothing was started.
  case misconfigured = 2
  /// Privilege, memory, DPDK or a file was missing; nothing was sent.
  case notStarted = 3

  /// Ends the process. Where DPDK has given up half way its threads are still there, and what runs at an exit would be taken from under them.
  func end() -> Never {
    fflush(nil)
    if DPDK.hasFailedToStart { _exit(rawValue) }
    exit(rawValue)
  }

  /// As `--help` lists them.
  static var documentation: String {
    """
    Exit codes:
      0  every connection attempted has completed, and all sums balance
      1  not so; the reason is one sentence on the standard error
      2  configuration or command line wrong, nothing was started
      3  could not start: privilege, memory, DPDK or an output file
    """
  }
}

/// Why a command ended early: its exit status, and one sentence.
struct CommandFailure: Error {
  let status: ExitStatus
  let sentence: String

  init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }
}

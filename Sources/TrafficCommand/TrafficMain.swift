import ArgumentParser
import Glibc
import TCPEngine

/// A traffic generator's command line. `trafficengine` is this with the default workload; a program with a workload of its own supplies its
/// loops and gets the same commands, ports and reports.
public enum TrafficMain<Program: TrafficProgram> {
  /// Does what the process' arguments say and ends the process with an `ExitStatus`.
  ///
  /// - Parameter makeWorkload: makes the workload of a worker from the run's settings; called on each worker's thread.
  public static func main(makeWorkload: @Sendable @escaping (EngineSettings) -> Program.W) -> Never {
    do {
      exit(try perform(CommandLine.arguments.dropFirst(), makeWorkload).rawValue)
    } catch {
      exit(explain(error).rawValue)
    }
  }

  private static func perform(
    _ arguments: ArraySlice<String>, _ makeWorkload: @Sendable @escaping (EngineSettings) -> Program.W
  ) throws -> ExitStatus {
    if let word = arguments.first, !word.hasPrefix("-"), !RootCommand.commandNames.contains(word) {
      let names = RootCommand.commandNames.joined(separator: ", ")
      throw CommandFailure(.misconfigured, "command line: '\(word)' is no command, give one of \(names)")
    }
    var command = try RootCommand.parseAsRoot(Array(arguments))
    switch command {
    case let run as RunCommand:
      return try RunSession<Program>(settings: try run.settings(), makeWorkload: makeWorkload).perform()
    case is RootCommand:
      Console.complain(RootCommand.helpMessage())
      return .misconfigured
    default:
      try command.run()
      return .success
    }
  }

  /// Says what was wrong in one line; help and version are no errors.
  private static func explain(_ error: any Error) -> ExitStatus {
    if let failure = error as? CommandFailure {
      Console.complain(failure.sentence)
      return failure.status
    }
    guard RootCommand.exitCode(for: error) != .success else {
      print(RootCommand.fullMessage(for: error))
      return .success
    }
    let message = RootCommand.message(for: error).split(separator: "\n").joined(separator: " ")
    Console.complain("command line: \(message)")
    return RootCommand.exitCode(for: error) == .validationFailure ? .misconfigured : .failed
  }
}

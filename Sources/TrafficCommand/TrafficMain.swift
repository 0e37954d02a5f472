import ArgumentParser
import Glibc
import TCPEngine

/// A traffic generator's command line. `trafficengine` is this with the workloads of `engine.workload`; a program with a workload of its own
/// supplies its loops and gets the same commands, ports and reports.
public enum TrafficMain {
  /// Does what the process' arguments say, with the workload that the configuration chooses, and ends the process with an `ExitStatus`.
  public static func main() -> Never {
    end { settings in
      // Each case is a program of its own from here on: nothing on the packet path asks which it is.
      switch settings.engine.workload {
      case .exchange:
        try RunSession<ExchangeLoops>(settings: settings, makeWorkload: { ExchangeWorkload($0.engine) }).perform()
      case .http: try RunSession<HTTPLoops>(settings: settings, makeWorkload: HTTPWorkload.init).perform()
      case .bulk: try RunSession<BulkLoops>(settings: settings, makeWorkload: BulkWorkload.init).perform()
      }
    }
  }

  /// The same with a workload of the program's own.
  ///
  /// - Parameter makeWorkload: makes the workload of a worker from the run's settings; called on each worker's thread.
  public static func main<Program: TrafficProgram>(
    _ program: Program.Type, makeWorkload: @Sendable @escaping (TrafficSettings) -> Program.W
  ) -> Never {
    end { settings in
      guard settings.engine.workload == EngineSettings().workload else {
        let sentence = "engine.workload: this program has a workload of its own, leave the key out"
        throw CommandFailure(.misconfigured, sentence)
      }
      return try RunSession<Program>(settings: settings, makeWorkload: makeWorkload).perform()
    }
  }

  private static func end(_ session: (TrafficSettings) throws -> ExitStatus) -> Never {
    do {
      exit(try perform(CommandLine.arguments.dropFirst(), session).rawValue)
    } catch {
      exit(explain(error).rawValue)
    }
  }

  private static func perform(
    _ arguments: ArraySlice<String>, _ session: (TrafficSettings) throws -> ExitStatus
  ) throws -> ExitStatus {
    if let word = arguments.first, !word.hasPrefix("-"), !RootCommand.commandNames.contains(word) {
      let names = RootCommand.commandNames.joined(separator: ", ")
      throw CommandFailure(.misconfigured, "command line: '\(word)' is no command, give one of \(names)")
    }
    var command = try RootCommand.parseAsRoot(Array(arguments))
    switch command {
    case let run as RunCommand:
      return try session(try run.settings())
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

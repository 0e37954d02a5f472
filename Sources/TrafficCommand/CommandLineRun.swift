import ArgumentParser
import Glibc

/// A command that runs for long, and ends with a status of its own.
protocol SessionCommand: ParsableCommand {
  func perform() throws -> ExitStatus
}

/// From the process' arguments to its exit status.
struct CommandLineRun<Root: ParsableCommand> {
  /// What may follow the program's name.
  private let names: [String]

  init(_ root: Root.Type, names: [String]) { self.names = names }

  func perform() -> ExitStatus {
    StandardDescriptors.occupy()
    do { return try perform(CommandLine.arguments.dropFirst()) } catch { return explained(error) }
  }

  private func perform(_ arguments: ArraySlice<String>) throws -> ExitStatus {
    if let word = arguments.first, !word.hasPrefix("-"), !names.contains(word) {
      throw CommandFailure(
        .misconfigured, "command line: '\(word)' is no command, give one of \(names.joined(separator: ", "))")
    }
    var command = try Root.parseAsRoot(Array(arguments))
    switch command {
    case let session as any SessionCommand:
      return try session.perform()
    case is Root:
      Console.complain(Root.helpMessage())
      return .misconfigured
    default:
      try command.run()
      return .success
    }
  }

  /// What help is asked for may not go out, either.
  private func explained(_ error: any Error) -> ExitStatus {
    do { return try explain(error) } catch {
      Console.complain((error as? CommandFailure)?.sentence ?? "\(error)")
      return .failed
    }
  }

  /// Says what was wrong in one line; help and version are no errors.
  private func explain(_ error: any Error) throws -> ExitStatus {
    if let failure = error as? CommandFailure {
      Console.complain(failure.sentence)
      return failure.status
    }
    // It has said why.
    if let code = error as? ExitCode { return ExitStatus(rawValue: code.rawValue) ?? .failed }
    guard Root.exitCode(for: error) != .success else {
      try Console.print(Root.fullMessage(for: error) + "\n")
      return .success
    }
    let message = Root.message(for: error).split(separator: "\n").joined(separator: " ")
    Console.complain("command line: \(message)")
    return Root.exitCode(for: error) == .validationFailure ? .misconfigured : .failed
  }
}

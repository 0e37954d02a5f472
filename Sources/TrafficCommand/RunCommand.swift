import ArgumentParser
import Configuration
import TCPEngine

/// `run [config.toml] [flags]`.
struct RunCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Generate traffic, and report on it. Without file and flags: the reference load.",
    discussion: """
      Flags go before the file. Ctrl-C stops opening, gives open connections a second, resets the rest and reports; a second one, \
      not less than a quarter of a second later, leaves at once.

      \(ExitStatus.documentation)
      """)

  @OptionGroup var source: SettingsSource

  /// What runs: it knows the workload. Set once, before the command line is read.
  nonisolated(unsafe) static var session: (TrafficSettings) throws -> ExitStatus = { _ in .misconfigured }

  func perform() throws -> ExitStatus { try Self.session(try source.load()) }
}

/// `check [config.toml] [flags]`.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a configuration, and print it with every key. Nothing is started.",
    discussion: ExitStatus.documentation)

  @OptionGroup var source: SettingsSource

  func run() throws { try Console.print(Configuration.effective(try source.load())) }
}

/// Where settings come from: a file, and flags that go before it.
struct SettingsSource: ParsableArguments {
  @Argument(help: ArgumentHelp("A configuration in TOML.", valueName: "config.toml"))
  var file: String?

  @OptionGroup var flags: SettingsFlags

  func load() throws -> TrafficSettings {
    do { return try Configuration.load(file: file, overrides: flags.overrides()) } catch {
      throw CommandFailure(.misconfigured, error.description)
    }
  }
}

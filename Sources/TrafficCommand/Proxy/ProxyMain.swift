import ArgumentParser
import Configuration
import Glibc
import TCPEngine

/// The command line of `proxyengine`.
public enum ProxyMain {
  /// Does what the process' arguments say, with the rules of the configuration, and ends the process with an `ExitStatus`.
  public static func main() -> Never {
    end { settings in
      let rules: RuleSet
      do { rules = try RuleSet(settings.rules) } catch { throw CommandFailure(.misconfigured, "rules: \(error)") }
      let decisions = ProxyDecisions(rule: rules, inspector: NoInspector()) { rules.free() }
      return try ProxySession<ProxyLoops>(settings: settings, decisions: decisions).perform()
    }
  }

  /// The same with a rule or an inspector of the program's own.
  ///
  /// - Parameter makeDecisions: makes both from the run's settings; called once.
  public static func main<Program: ProxyProgram>(
    _ program: Program.Type, makeDecisions: @escaping (ProxySettings) -> ProxyDecisions<Program.Rule, Program.Inspector>
  ) -> Never {
    end { settings in
      guard settings.rules.isEmpty else {
        throw CommandFailure(.misconfigured, "rules: this program has a rule of its own, leave [[rules]] out")
      }
      return try ProxySession<Program>(settings: settings, decisions: makeDecisions(settings)).perform()
    }
  }

  private static func end(_ session: @escaping (ProxySettings) throws -> ExitStatus) -> Never {
    ProxyRunCommand.session = session
    CommandLineRun(ProxyRootCommand.self, names: ProxyRootCommand.commandNames).perform().end()
  }
}

struct ProxyRootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxyengine",
    abstract: "A TCP proxy on DPDK: chooses the server from the first octets, then rewrites headers, packet by packet.",
    discussion: """
      All keys and flags are listed by `proxyengine run --help` and in Documentation/ProxyConfiguration.md.

      \(ProxyRunCommand.exitCodes)
      """,
    version: versionText,
    subcommands: [ProxyRunCommand.self, ProxyCheckCommand.self, DoctorCommand.self, ProxyRecordsCommand.self])

  static var commandNames: [String] { configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"] }
}

/// `run [proxy.toml] [flags]`.
struct ProxyRunCommand: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Accept clients and pass them on, and report in the end.",
    discussion: """
      Flags go before the file. Ctrl-C stops accepting, gives open connections a second, resets the rest and reports; a second one, \
      not less than a quarter of a second later, leaves at once.

      \(exitCodes)
      """)

  static let exitCodes = """
    Exit codes:
      0  the proxy ran until it was told to stop or its time was over, and all sums balance
      1  not so; the reason is one sentence on the standard error
      2  configuration or command line wrong, nothing was started
      3  could not start: privilege, memory, DPDK or an output file
    """

  @OptionGroup var source: ProxySource

  /// What runs: it knows the rule. Set once, before the command line is read.
  nonisolated(unsafe) static var session: (ProxySettings) throws -> ExitStatus = { _ in .misconfigured }

  func perform() throws -> ExitStatus { try Self.session(try source.load()) }
}

/// `check [proxy.toml] [flags]`.
struct ProxyCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a configuration, and print it with every key. Nothing is started.",
    discussion: ProxyRunCommand.exitCodes)

  @OptionGroup var source: ProxySource

  func run() throws { try Console.print(ProxyConfiguration.effective(try source.load())) }
}

/// `records FILE`.
struct ProxyRecordsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "records", abstract: "Print the connection records of a run, a line to each connection with both its legs.",
    usage: "\(programName) records <file> [<options>]",
    discussion: RecordsOptions.discussion)

  @OptionGroup var options: RecordsOptions

  func run() throws { try options.print(ProxyRecords.self) }
}

/// Where settings come from: a file, and flags that go before it.
struct ProxySource: ParsableArguments {
  @Argument(help: ArgumentHelp("A configuration in TOML.", valueName: "proxy.toml"))
  var file: String?

  @OptionGroup var flags: ProxyFlags

  func load() throws -> ProxySettings {
    do { return try ProxyConfiguration.load(file: file, overrides: flags.overrides()) } catch {
      throw CommandFailure(.misconfigured, "\(error)")
    }
  }
}

import ArgumentParser
import Glibc

/// The program without a command; the commands are its parts.
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: programName,
    abstract: "A stateful TCP traffic generator on DPDK: opens, drives, answers and closes complete connections.",
    usage: "\(programName) <command> [<arguments>]",
    discussion: """
      The reference load (2,000,000 connections, client and server on one core): \(programName) run
      All keys and flags are listed by `\(programName) run --help` and in Documentation/Configuration.md.

      \(ExitStatus.documentation)
      """,
    version: versionText,
    subcommands: [RunCommand.self, CheckCommand.self, MacswapCommand.self, DoctorCommand.self, RecordsCommand.self])

  /// What may follow the program's name.
  static var commandNames: [String] { configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"] }
}

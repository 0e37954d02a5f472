import ArgumentParser
import CPacket
import TCPEngine

/// `doctor`: what this machine offers and lacks, and what mends each lack.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this machine offers and lacks for a run, and what mends each lack.",
    discussion: """
      Changes nothing, starts nothing, needs no privileges.

      Exit codes: 0, the reference load can run here; 1, something is missing that it needs.
      """)

  @Flag(help: "Print as JSON.")
  var json = false

  func run() throws {
    let report = Doctor(
      files: MachineFiles(), architecture: Self.architecture, ticksPerSecond: measure_tick_rate(50), dpdkVersion: DPDK.version
    ).report()
    try Console.print((json ? try report.json() : report.text()) + "\n")
    if !report.isReady { throw ExitCode(1) }
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #else
      "aarch64"
    #endif
  }
}

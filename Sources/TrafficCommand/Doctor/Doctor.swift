/// Looks at the machine; starts nothing and changes nothing.
struct Doctor {
  let files: MachineFiles
  /// "x86_64", "aarch64"
  let architecture: String
  /// Rate of the time-stamp counter.
  let ticksPerSecond: Double
  /// "DPDK 22.11.11"
  let dpdkVersion: String

  /// Octets of packet memory, and of all memory, that the reference load is sure to run in; it uses a quarter of that.
  static var packetMemory: Int { 64 << 20 }
  static var memory: Int { 256 << 20 }

  func report() -> DoctorReport {
    DoctorReport(
      findings: processor() + cores() + instructionSet() + timeStampCounter() + frequency() + idleStates() + threads()
        + isolation() + memory() + hugePages()
        + transparentHugePages() + nodes() + privileges() + dpdk() + drivers() + boundDevices() + networkDevices())
  }

  /// What it takes for a command to be permitted.
  func asRoot(_ command: String) -> String { isRoot ? command : "sudo " + command }

  /// Writes a line to a file of the system's.
  func writing(_ line: String, to path: String) -> String { "echo \(line) | " + asRoot("tee \(path)") }

  var isRoot: Bool { status("Uid")?.split(separator: "\t").dropFirst().first == "0" }

  /// A line of what Linux says of this process.
  func status(_ name: String) -> String? { files.value(name, in: "proc/self/status") }

  /// Octets as people read them.
  static func size(_ octets: Int) -> String {
    octets >= 10 << 30 ? "\(octets >> 30) GiB" : "\(octets >> 20) MiB"
  }
}

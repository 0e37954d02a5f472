import TCPEngine

/// What Linux says of its interfaces.
enum LinuxInterface {
  /// The MAC address of an interface (ports.linux_if); throws `CommandFailure` when there is none.
  static func mac(of name: String, files: MachineFiles = MachineFiles()) throws -> MACAddress {
    guard let text = files.line("sys/class/net/\(name)/address") else {
      throw CommandFailure(.notStarted, "there is no interface '\(name)' (ports.linux_if); `ip link` lists those that are there")
    }
    guard let mac = MACAddress(text), mac.isUnicast else {
      throw CommandFailure(
        .notStarted, "the interface '\(name)' (ports.linux_if) has no MAC address (\(text)): name another, or set ports.mac")
    }
    return mac
  }
}

import Glibc

/// What keeps two runs from one Linux interface where one of them goes by AF_XDP: that takes every frame, and a second one that fails to start takes
/// the program of the first off the interface. A lock on a file of the kernel's own, one for each interface of a network namespace, which goes with
/// the process.
struct InterfaceLock: Sendable {
  /// Nil: the kernel has no such file here, so nothing is locked.
  private let descriptor: Int32?

  /// - Parameter isShared: other runs may have the interface, as far as they share it.
  init(_ interface: String, isShared: Bool) throws(DPDKError) {
    let file = open("/sys/class/net/\(interface)/ifindex", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      descriptor = nil
      return
    }
    guard flock(file, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0, errno == EWOULDBLOCK else {
      descriptor = file
      return
    }
    close(file)
    let reason = isShared ? "another run has all of its frames, through AF_XDP" : "another run has it"
    throw DPDKError(
      "interface '\(interface)' is in use: \(reason); end that run, \(isShared ? "" : "set ports.driver to af_packet in both, ")or use another interface",
      reason: reason)
  }

  func release() { if let descriptor { close(descriptor) } }
}

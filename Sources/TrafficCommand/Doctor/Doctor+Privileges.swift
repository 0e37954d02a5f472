/// What this process may do.
extension Doctor {
  func privileges() -> [Finding] {
    let effective = status("CapEff").flatMap { UInt64($0, radix: 16) } ?? 0
    let held = Self.capabilities.filter { effective >> UInt64($0.bit) & 1 == 1 }.map(\.name)
    let user = isRoot ? "root" : "not root"
    let list = held.isEmpty ? "none of CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK" : held.joined(separator: ", ")
    return [
      .note("privileges", "\(user), with \(list); the ring and memory ports need none, interfaces of the kernel do"),
      .note("locked memory", "\(lockedMemory) (RLIMIT_MEMLOCK); locking is an attempt, no run depends on it"),
    ]
  }

  private static var capabilities: [(name: String, bit: Int)] {
    [("CAP_NET_ADMIN", 12), ("CAP_NET_RAW", 13), ("CAP_IPC_LOCK", 14)]
  }

  /// The soft limit.
  private var lockedMemory: String {
    let name = "Max locked memory"
    let line = files.text("proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix(name) }
    guard let value = line?.dropFirst(name.count).split(separator: " ").first else { return "limit unknown" }
    return Int(value).map { "up to \($0 >> 10) KiB" } ?? "unlimited"
  }
}

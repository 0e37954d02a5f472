/// Memory: how much, in what pages, on which nodes.
extension Doctor {
  private var nodeDirectory: String { "sys/devices/system/node" }

  private var nodeNumbers: [Int] {
    files.names(nodeDirectory).filter { $0.hasPrefix("node") }.compactMap { Int($0.dropFirst(4)) }.sorted()
  }

  func memory() -> [Finding] {
    guard let text = files.value("MemAvailable", in: "proc/meminfo"), let kibibytes = Int(text.prefix { $0 != " " }) else {
      return [.note("memory", "Linux does not say how much is available")]
    }
    let available = min(kibibytes << 10, groupLimit ?? .max)
    let said = "\(Self.size(available)) available, the reference load takes up to \(Self.size(Self.memory))"
    if available >= Self.memory { return [.ok("memory", said)] }
    return [.missing("memory", "\(said); end other programs, or give this machine or container more", needed: true)]
  }

  /// What the control groups that we are in may still take, ours and those above it (cgroups(7)): version 2's line begins with "0::", and that of
  /// version 1 names its controllers. Where the directory is not there, the group is the root of what we see.
  private var groupLimit: Int? {
    let lines = files.text("proc/self/cgroup")?.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    var limits = left(in: "sys/fs/cgroup", "", limit: "memory.max", use: "memory.current")
    for parts in lines ?? [] where parts.count == 3 {
      if parts[0] == "0", parts[1].isEmpty {
        limits += left(in: "sys/fs/cgroup", parts[2], limit: "memory.max", use: "memory.current")
      } else if parts[1].split(separator: ",").contains("memory") {
        limits += left(in: "sys/fs/cgroup/memory", parts[2], limit: "memory.limit_in_bytes", use: "memory.usage_in_bytes")
      }
    }
    return limits.min()
  }

  /// What is left of each limit on the way from a group to the root.
  private func left(in root: String, _ path: Substring, limit: String, use: String) -> [Int] {
    let names = path.split(separator: "/")
    return (0...names.count).compactMap { count in
      let directory = ([root] + names.prefix(count).map(String.init)).joined(separator: "/")
      return files.number("\(directory)/\(limit)").map { max(0, $0 - (files.number("\(directory)/\(use)") ?? 0)) }
    }
  }

  /// Huge pages of one size.
  private struct Pool {
    let kibibytes: Int
    var total = 0
    var free = 0
    /// "node 0: 12 of 64"
    var nodes: [String] = []

    var text: String {
      let size = kibibytes >= 1 << 20 ? "1 GiB" : "2 MiB"
      let byNode = nodes.count > 1 ? " (\(nodes.joined(separator: ", ")))" : ""
      return "\(size): \(free) of \(total) free\(byNode)"
    }
  }

  private func pool(_ kibibytes: Int) -> Pool? {
    let name = "hugepages/hugepages-\(kibibytes)kB"
    var pool = Pool(kibibytes: kibibytes)
    guard let total = files.number("sys/kernel/mm/\(name)/nr_hugepages") else { return nil }
    pool.total = total
    pool.free = files.number("sys/kernel/mm/\(name)/free_hugepages") ?? 0
    for node in nodeNumbers {
      guard let total = files.number("\(nodeDirectory)/node\(node)/\(name)/nr_hugepages") else { continue }
      let free = files.number("\(nodeDirectory)/node\(node)/\(name)/free_hugepages") ?? 0
      pool.nodes.append("node \(node): \(free) of \(total)")
    }
    return pool
  }

  func hugePages() -> [Finding] {
    let pools = [2_048, 1_048_576].compactMap(pool)
    if pools.isEmpty { return [.note("huge pages", "this kernel has none; ordinary pages are used")] }
    let said = pools.map(\.text).joined(separator: "; ")
    let free = pools.reduce(0) { $0 + $1.free * $1.kibibytes << 10 }
    if free >= Self.packetMemory { return [.ok("huge pages", said)] }
    // Twice what is needed, for a second run beside the first, and on top of those that are in use.
    let inUse = pools.first { $0.kibibytes == 2_048 }.map { $0.total - $0.free } ?? 0
    let wanted = inUse + 2 * Self.packetMemory >> 21
    return [
      .missing(
        "huge pages", "\(said); ordinary pages are used instead, which costs some speed",
        [asRoot("sysctl -w vm.nr_hugepages=\(wanted)"), writing("vm.nr_hugepages=\(wanted)", to: "/etc/sysctl.d/80-hugepages.conf")])
    ]
  }

  func transparentHugePages() -> [Finding] {
    let path = "sys/kernel/mm/transparent_hugepage/enabled"
    guard let modes = files.line(path) else { return [.note("transparent", "this kernel has no transparent huge pages")] }
    let mode = modes.split(separator: " ").first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) } ?? modes
    if mode != "never" { return [.ok("transparent", "transparent huge pages: \(mode)")] }
    return [
      .missing(
        "transparent", "transparent huge pages: never; connection tables lie in ordinary pages, which costs some speed",
        [writing("madvise", to: "/\(path)")])
    ]
  }

  func nodes() -> [Finding] {
    let nodes = nodeNumbers
    if nodes.count < 2 { return [.ok("NUMA", "one node")] }
    let cores = nodes.map { "node \($0): cores \(files.line("\(nodeDirectory)/node\($0)/cpulist") ?? "unknown")" }
    return [.note("NUMA", "\(cores.joined(separator: "; ")); a worker's core and its port belong on the same node")]
  }
}

/// Cores, and what they can do.
extension Doctor {
  private var cpuinfo: String { "proc/cpuinfo" }
  private var cpus: String { "sys/devices/system/cpu" }

  private var flags: Set<Substring> {
    Set((files.value("flags", in: cpuinfo) ?? "").split(separator: " "))
  }

  func processor() -> [Finding] {
    [.ok("processor", files.value("model name", in: cpuinfo) ?? "of unknown model (\(architecture))")]
  }

  func cores() -> [Finding] {
    guard let list = status("Cpus_allowed_list") else { return [.note("cores", "Linux does not say which ones may be used")] }
    let count = Self.count(ofList: list)
    if count > 1 { return [.ok("cores", "\(count) may be used (\(list))")] }
    return [.note("cores", "only core \(list) may be used: worker, report and writers share it, and figures suffer")]
  }

  /// Numbers in a list like "0-3,8".
  static func count(ofList list: String) -> Int {
    list.split(separator: ",").reduce(0) { sum, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      return ends.isEmpty ? sum : sum + ends[ends.count - 1] - ends[0] + 1
    }
  }

  /// x86-64-v3 and AES as /proc/cpuinfo spells them (abm: lzcnt).
  private static var instructionSetFlags: [Substring] { ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave", "aes"] }

  func instructionSet() -> [Finding] {
    guard architecture == "x86_64" else { return [.ok("instructions", architecture)] }
    let lacking = Self.instructionSetFlags.filter { !flags.contains($0) }
    if lacking.isEmpty { return [.ok("instructions", "x86-64-v3 (avx2, bmi2, movbe), aes")] }
    return [
      .missing(
        "instructions",
        "the processor lacks \(lacking.joined(separator: ", ")): the packet path does not run here. Every server processor since 2013 "
          + "has them; a virtual machine must be given its host's (QEMU: -cpu host)",
        needed: true)
    ]
  }

  func timeStampCounter() -> [Finding] {
    let tenths = Int((ticksPerSecond / 1e6).rounded())
    let rate = "\(tenths / 1_000).\(String(tenths % 1_000 + 1_000).dropFirst()) GHz"
    guard architecture == "x86_64" else { return [.ok("clock", "system counter, \(rate)")] }
    let lacking = (["constant_tsc", "nonstop_tsc"] as [Substring]).filter { !flags.contains($0) }
    if lacking.isEmpty { return [.ok("clock", "invariant time-stamp counter, \(rate)")] }
    return [
      .missing(
        "clock",
        "the time-stamp counter (\(rate)) is not known to be invariant (no \(lacking.joined(separator: ", "))): times and rates may be "
          + "wrong; a virtual machine must be given it (QEMU: -cpu host,migratable=no,+invtsc)")
    ]
  }

  /// The governors, where the machine lets them be seen.
  func frequency() -> [Finding] {
    let cores = files.names(cpus).filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
    let governors = Set(cores.compactMap { files.line("\(cpus)/\($0)/cpufreq/scaling_governor") }).sorted()
    if governors.isEmpty { return [] }
    if governors == ["performance"] { return [.ok("frequency", "governor performance")] }
    return [
      .missing(
        "frequency", "governor \(governors.joined(separator: ", ")): cores slow down between packets",
        [asRoot("cpupower frequency-set -g performance")])
    ]
  }

  /// Idle states that a core takes longer to leave than a few packets last; a worker never idles, but what wakes up beside it does.
  func idleStates() -> [Finding] {
    let states = files.names("\(cpus)/cpu0/cpuidle").filter { $0.hasPrefix("state") }
    let deep = states.compactMap { state -> (name: String, latency: Int)? in
      let directory = "\(cpus)/cpu0/cpuidle/\(state)"
      guard files.number("\(directory)/disable") != 1, let latency = files.number("\(directory)/latency"), latency > Self.longWake else {
        return nil
      }
      return (files.line("\(directory)/name") ?? state, latency)
    }
    guard let deepest = deep.max(by: { $0.latency < $1.latency }) else {
      return states.isEmpty ? [] : [.ok("idle states", "none takes longer than \(Self.longWake) us to leave")]
    }
    return [
      .note(
        "idle states",
        "\(deepest.name) is allowed, which takes \(deepest.latency) us to leave: interfaces of the kernel and peers on other "
          + "cores answer later by as much", commands: [asRoot("cpupower idle-set -D \(Self.longWake)")])
    ]
  }

  /// Microseconds.
  private static var longWake: Int { 10 }

  func threads() -> [Finding] {
    guard files.number("\(cpus)/smt/active") == 1 else { return [] }
    let pairs = files.names(cpus).filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
      .compactMap { files.line("\(cpus)/\($0)/topology/thread_siblings_list") }
    let list = Set(pairs).sorted().joined(separator: "; ")
    return [.note("SMT", "two threads to a core (\(list)): what runs beside a worker takes part of its core; leave its sibling idle")]
  }

  func isolation() -> [Finding] {
    func list(_ name: String) -> String {
      let list = files.line("\(cpus)/\(name)")?.filter { $0 != " " } ?? ""
      return list.isEmpty || list == "(null)" ? "none" : list
    }
    return [.note("isolation", "isolated cores: \(list("isolated")); without timer ticks (nohz_full): \(list("nohz_full"))")]
  }
}

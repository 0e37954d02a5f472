import CDPDK
import CPacket
import Glibc

/// DPDK could not do what was asked; one sentence, with what to do.
public struct DPDKError: Error, CustomStringConvertible, Sendable {
  public let description: String
  /// What it comes down to, in few words.
  let reason: String

  public init(_ description: String, reason: String? = nil) {
    self.description = description
    self.reason = reason ?? description
  }
}

/// The process' DPDK environment: started once, stopped at the end.
public enum DPDK {
  /// What besides packet memory DPDK is to be started with.
  public struct Devices: Sendable {
    /// Addresses of PCI devices.
    let pci: [String]
    /// Virtual devices may share memory with other processes, hence files under a prefix of this process' own. Otherwise rings and sockets are
    /// made later, and no file is left behind however the process ends.
    let isShared: Bool

    public init(pci: [String] = [], isShared: Bool = false) {
      self.pci = pci
      self.isShared = isShared
    }
  }

  /// "DPDK 22.11.11"
  public static var version: String { String(cString: dpdk_version()) }

  /// Huge pages of 2 MiB and 1 GiB that are free, in octets.
  public static var freeHugePages: Int {
    [2048, 1_048_576].reduce(0) { sum, kilobytes in
      sum + (readNumber("/sys/kernel/mm/hugepages/hugepages-\(kilobytes)kB/free_hugepages") ?? 0) * kilobytes * 1024
    }
  }

  /// Whether a hugetlbfs is mounted: processes that share memory take their huge pages from files of it.
  private static var hasHugePageFiles: Bool {
    guard let mounts = fopen("/proc/mounts", "r") else { return false }
    defer { fclose(mounts) }
    var line = [CChar](repeating: 0, count: 4_096)
    while fgets(&line, Int32(line.count), mounts) != nil {
      if strstr(line, " hugetlbfs ") != nil { return true }
    }
    return false
  }

  /// It could not be started, and has left threads of its own behind.
  nonisolated(unsafe) public private(set) static var hasFailedToStart = false

  /// Starts DPDK with these devices and no others.
  ///
  /// - Parameter memory: octets of packet memory that will be needed.
  /// - Returns: whether huge pages are used.
  public static func start(memory: Int, _ devices: Devices = Devices()) throws(DPDKError) -> Bool {
    var huge = freeHugePages >= memory
    let megabytes = memory >> 20 + 1
    var arguments = ["tcpengine", "--no-telemetry", "--lcores", "0@(\(allowedCoreList))"]
    arguments += devices.pci.isEmpty ? ["--no-pci"] : devices.pci.flatMap { ["-a", $0] }
    if devices.isShared {
      SharedFiles.removeAbandoned()
      huge = huge && hasHugePageFiles
      arguments += ["--file-prefix", SharedFiles.prefix] + (huge ? ["--huge-unlink"] : ["--no-huge", "-m", "\(megabytes)"])
    } else {
      arguments += huge ? ["--in-memory"] : ["--no-huge", "--no-shconf", "-m", "\(megabytes)"]
    }
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    let (result, said) = listening { dpdk_start(Int32(arguments.count), pointers) }
    guard result == 0 else {
      hasFailedToStart = true
      if devices.isShared {
        SharedFiles.directory = String(cString: dpdk_runtime_directory())
        SharedFiles.remove()
      }
      throw DPDKError(
        "DPDK did not start (\(said.last ?? "no reason given")); `trafficengine doctor` says what this machine lacks")
    }
    isStarted = true
    if devices.isShared { SharedFiles.directory = String(cString: dpdk_runtime_directory()) }
    return huge
  }

  /// Gives everything back. No port may be in use any more.
  public static func stop() {
    guard isStarted else { return }
    isStarted = false
    dpdk_stop()
    SharedFiles.remove()
  }

  /// Read and written by the thread that starts and stops.
  nonisolated(unsafe) private static var isStarted = false

  /// A pool of packet buffers of `room` octets, headroom included, for one queue. Its buffers may be given back by any thread.
  public static func createPool(name: String, buffers: Int, room: Int, core: Int) throws(DPDKError) -> UnsafeMutableRawPointer {
    guard let pool = dpdk_create_pool(name, UInt32(buffers), UInt16(room), dpdk_core_socket(Int32(core))) else {
      throw DPDKError("no memory for \(buffers) packet buffers (pool_size); make it smaller or reserve more huge pages")
    }
    return pool
  }

  /// The NUMA node of a core; nil: unknown.
  public static func node(ofCore core: Int) -> Int? {
    let node = dpdk_core_socket(Int32(core))
    return node < 0 ? nil : Int(node)
  }

  /// The buffers of a pool that are free.
  public static func available(_ pool: UnsafeMutableRawPointer) -> Int { Int(dpdk_pool_available(pool)) }

  /// Gives a buffer back to its pool, from any thread.
  public static func free(_ packet: PacketPointer) {
    var packet = packet
    dpdk_free(&packet, 1)
  }

  public static func registerThread() { _ = dpdk_register_thread() }

  public static func unregisterThread() { dpdk_unregister_thread() }

  private static var allowedCoreList: String { Cores.allowed.map(String.init).joined(separator: ",") }

  static func text(_ errorNumber: Int32) -> String { String(cString: strerror(errorNumber)) }

  /// Does something, and returns with its result what DPDK said meanwhile, line by line without the speaker's name.
  static func listening<Result>(_ work: () -> Result) -> (Result, said: [String]) {
    guard dpdk_begin_log() == 0 else { return (work(), []) }
    let result = work()
    var log = [CChar](repeating: 0, count: 8192)
    dpdk_end_log(&log, log.count)
    let text = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (result, text.split(separator: "\n").map(withoutSpeaker).filter { !$0.isEmpty })
  }

  /// "EAL: no such device" -> "no such device"
  private static func withoutSpeaker(_ line: Substring) -> String {
    var line = line
    while let colon = line.firstIndex(of: ":") {
      let name = line[..<colon]
      let rest = line[line.index(after: colon)...].drop { $0 == " " }
      guard !rest.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "(" || $0 == ")" }) else { break }
      line = rest
    }
    return String(line.last == "." ? line.dropLast() : line)
  }

  private static func readNumber(_ path: String) -> Int? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    return Int(atol(line))
  }
}

/// The files that DPDK keeps of a process whose memory others may share. DPDK leaves them behind; we do not, and take away what processes
/// have left that were killed.
enum SharedFiles {
  /// Where this process has its own; nil: it has none. Written once, when DPDK has started.
  nonisolated(unsafe) static var directory: String?

  private static let name = "tcpengine-"
  static var prefix: String { "\(name)\(getpid())" }

  static func remove() {
    guard let directory else { return }
    remove(directory)
    Self.directory = nil
  }

  /// DPDK has one folder for each prefix in /var/run/dpdk (root), or dpdk in XDG_RUNTIME_DIR or /tmp.
  static func removeAbandoned() {
    let own = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/tmp"
    let parent = (geteuid() == 0 ? "/var/run" : own) + "/dpdk"
    for entry in entries(parent) where entry.hasPrefix(name) {
      guard let process = pid_t(entry.dropFirst(name.count)), kill(process, 0) != 0, errno == ESRCH else { continue }
      remove("\(parent)/\(entry)")
    }
  }

  private static func remove(_ directory: String) {
    for entry in entries(directory) { unlink("\(directory)/\(entry)") }
    rmdir(directory)
  }

  private static func entries(_ directory: String) -> [String] {
    guard let folder = opendir(directory) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

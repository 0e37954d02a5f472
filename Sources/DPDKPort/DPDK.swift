import CDPDK
import CPacket
import Glibc

/// DPDK could not do what was asked; one sentence, with what to do.
public struct DPDKError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// The process' DPDK environment: started once, stopped at the end.
public enum DPDK {
  /// "DPDK 22.11.11"
  public static var version: String { String(cString: dpdk_version()) }

  /// Huge pages of 2 MiB and 1 GiB that are free, in octets.
  public static var freeHugePages: Int {
    [2048, 1_048_576].reduce(0) { sum, kilobytes in
      sum + (readNumber("/sys/kernel/mm/hugepages/hugepages-\(kilobytes)kB/free_hugepages") ?? 0) * kilobytes * 1024
    }
  }

  /// Starts DPDK without PCI, files or sockets of its own, so that nothing is left behind however the process ends.
  ///
  /// - Parameter memory: octets of packet memory that will be needed.
  /// - Returns: whether huge pages are used.
  public static func start(memory: Int) throws(DPDKError) -> Bool {
    let huge = freeHugePages >= memory
    let megabytes = memory >> 20 + 1
    var arguments = ["tcpengine", "--no-pci", "--no-telemetry", "--lcores", "0@(\(allowedCoreList))"]
    arguments += huge ? ["--in-memory"] : ["--no-huge", "--no-shconf", "-m", "\(megabytes)"]
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    var log = [CChar](repeating: 0, count: 4096)
    guard dpdk_start(Int32(arguments.count), pointers, &log, log.count) == 0 else {
      let said = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let last = said.split(separator: "\n").last.map(String.init) ?? "no reason given"
      throw DPDKError("DPDK did not start (\(last)); `trafficengine doctor` says what this machine lacks")
    }
    return huge
  }

  /// Gives everything back. No port may be in use any more.
  public static func stop() { dpdk_stop() }

  /// A pool of packet buffers for one queue.
  public static func createPool(name: String, buffers: Int, core: Int) throws(DPDKError) -> UnsafeMutableRawPointer {
    guard let pool = dpdk_create_pool(name, UInt32(buffers), dpdk_core_socket(Int32(core))) else {
      throw DPDKError("no memory for \(buffers) packet buffers (pool_size); make it smaller or reserve more huge pages")
    }
    return pool
  }

  /// A looped in-process wire with one queue pair to a pool, started. Its number.
  public static func startRing(
    name: String, depth: Int, pools: [UnsafeMutableRawPointer], receiveDescriptors: Int, transmitDescriptors: Int, core: Int
  ) throws(DPDKError) -> UInt16 {
    let port = dpdk_create_ring_port(name, UInt32(pools.count), UInt32(depth), dpdk_core_socket(Int32(core)))
    guard port >= 0 else {
      throw DPDKError("no ring device of \(pools.count) queues of \(depth) frames: \(text(-port)); use fewer cores or smaller rxd, txd")
    }
    let result = dpdk_start_port(
      UInt16(port), UInt16(pools.count), UInt16(receiveDescriptors), UInt16(transmitDescriptors), pools)
    guard result == 0 else { throw DPDKError("the ring device did not start: \(text(-result))") }
    return UInt16(port)
  }

  /// A Linux interface as a port, through AF_PACKET: what it receives, and what it is given to send, started. Its number.
  public static func startInterface(
    _ interface: String, pools: [UnsafeMutableRawPointer], receiveDescriptors: Int, transmitDescriptors: Int
  ) throws(DPDKError) -> UInt16 {
    guard if_nametoindex(interface) > 0 else {
      throw DPDKError("there is no interface '\(interface)' (ports.interface); `ip link` lists those that are there")
    }
    let device = "net_af_packet0,iface=\(interface),qpairs=\(pools.count),blocksz=65536,framesz=2048,framecnt=4096,qdisc_bypass=1"
    let port = dpdk_attach(device)
    guard port >= 0 else {
      let advice =
        port == -EPERM || geteuid() != 0 ? "; it takes root (CAP_NET_RAW)" : "; `trafficengine doctor` says what this machine lacks"
      throw DPDKError("interface '\(interface)' could not be opened through AF_PACKET (\(text(-port)))\(advice)")
    }
    let result = dpdk_start_port(
      UInt16(port), UInt16(pools.count), UInt16(receiveDescriptors), UInt16(transmitDescriptors), pools)
    guard result == 0 else { throw DPDKError("interface '\(interface)' did not start: \(text(-result))") }
    return UInt16(port)
  }

  /// The port's own MAC address.
  public static func mac(of port: UInt16) -> MACAddress { MACAddress(dpdk_port_mac(port)) }

  public static func stopPort(_ port: UInt16) { dpdk_stop_port(port) }

  /// What the port itself counted.
  public static func statistics(of port: UInt16) -> dpdk_port_statistics {
    var statistics = dpdk_port_statistics()
    _ = dpdk_port_statistics(port, &statistics)
    return statistics
  }

  /// The NUMA node of a core; nil: unknown.
  public static func node(ofCore core: Int) -> Int? {
    let node = dpdk_core_socket(Int32(core))
    return node < 0 ? nil : Int(node)
  }

  /// The NUMA node of a port; nil: unknown.
  public static func node(ofPort port: UInt16) -> Int? {
    let node = dpdk_port_socket(port)
    return node < 0 ? nil : Int(node)
  }

  /// The buffers of a pool that are free.
  public static func available(_ pool: UnsafeMutableRawPointer) -> Int { Int(dpdk_pool_available(pool)) }

  public static func registerThread() { _ = dpdk_register_thread() }

  public static func unregisterThread() { dpdk_unregister_thread() }

  private static var allowedCoreList: String {
    let mask = allowed_cores()
    return (0..<64).filter { mask >> UInt64($0) & 1 == 1 }.map(String.init).joined(separator: ",")
  }

  private static func text(_ errorNumber: Int32) -> String { String(cString: strerror(errorNumber)) }

  private static func readNumber(_ path: String) -> Int? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    return Int(atol(line))
  }
}

import CDPDK
import Glibc

/// A Linux interface as a port: what it receives, and what it is given to send.
extension DPDKDevice {
  /// - Throws: for no such interface, or when it cannot be had.
  public static func interface(
    _ interface: String, through driver: InterfaceDriver, pools: [UnsafeMutableRawPointer], _ request: Request
  ) throws(DPDKError) -> DPDKDevice {
    guard if_nametoindex(interface) > 0 else {
      throw DPDKError("there is no interface '\(interface)' (ports.interface); `ip link` lists those that are there")
    }
    guard request.mtu <= (driver == .packet ? usualMTU : xdpMTU) else {
      throw DPDKError(
        "interface '\(interface)' carries an MTU of at most 1,500 through AF_PACKET and 3,434 through AF_XDP, but ports.mtu is "
          + "\(request.mtu): lower it, or use ports.pci or ports.vdev")
    }
    if let mtu = mtu(of: interface), request.mtu > max(mtu, usualMTU) {
      throw DPDKError(
        "interface '\(interface)' has an MTU of \(mtu), but ports.mtu is \(request.mtu): lower it, or `ip link set \(interface) mtu \(request.mtu)`"
      )
    }
    return switch driver {
    case .packet: try packet(interface, pools, request, InterfaceLock(interface, isShared: true))
    case .xdp: try xdp(interface, pools, request, InterfaceLock(interface, isShared: false))
    case .automatic: try whatFits(interface, pools, request)
    }
  }

  /// AF_XDP where nothing is known against it and it starts, else AF_PACKET.
  private static func whatFits(
    _ interface: String, _ pools: [UnsafeMutableRawPointer], _ request: Request
  ) throws(DPDKError) -> DPDKDevice {
    var reason = hindersXDP(interface, request, workers: pools.count)
    var hasLent = false
    if reason == nil {
      do throws(DPDKError) {
        let lock = try InterfaceLock(interface, isShared: false)
        hasLent = true
        do throws(DPDKError) { return try xdp(interface, pools, request, lock) } catch {
          lock.release()
          throw error
        }
      } catch {
        guard request.mtu <= usualMTU else { throw error }
        reason = error.reason
      }
    }
    var device = try packet(interface, pools, request, InterfaceLock(interface, isShared: true))
    device.choice = reason.map { "not AF_XDP: \($0)" }
    device.hasLentBuffers = hasLent
    return device
  }

  /// AF_XDP lends each buffer to Linux as a whole, of a page at most: our headers, those of XDP, and the frame.
  private static var xdpMTU: Int { 3_434 }

  /// Why AF_XDP is not to be relied on; nil: nothing is known against it.
  private static func hindersXDP(_ interface: String, _ request: Request, workers: Int) -> String? {
    // AF_XDP takes every frame; with AF_PACKET the kernel has them, too.
    if hasAddress(interface) { return "the kernel has an address on \(interface), and would get nothing any more" }
    let queues = receiveQueues(of: interface)
    if queues > workers { return "it has \(queues) receive queues, of which \(workers) would be read" }
    if request.vlan != 0 { return "a tag that the device or its peer keeps beside the frame does not come with it" }
    return nil
  }

  /// Receive queues that are in use; 0: unknown.
  private static func receiveQueues(of interface: String) -> Int {
    guard let directory = opendir("/sys/class/net/\(interface)/queues") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      let isReceive = withUnsafeBytes(of: &entry.pointee.d_name) { $0.starts(with: "rx-".utf8) }
      if isReceive { count += 1 }
    }
    return count
  }

  /// Octets of the largest IP packet that Linux sends there; nil: unknown.
  private static func mtu(of interface: String) -> Int? {
    guard let file = fopen("/sys/class/net/\(interface)/mtu", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 32)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    return Int(atol(line))
  }

  /// Whether the kernel itself uses the interface, by an address of IPv4.
  private static func hasAddress(_ interface: String) -> Bool {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return false }
    defer { freeifaddrs(first) }
    var entry = first
    while let current = entry {
      if String(cString: current.pointee.ifa_name) == interface, let address = current.pointee.ifa_addr,
        address.pointee.sa_family == sa_family_t(AF_INET)
      {
        return true
      }
      entry = current.pointee.ifa_next
    }
    return false
  }

  private static func packet(
    _ interface: String, _ pools: [UnsafeMutableRawPointer], _ request: Request, _ lock: InterfaceLock
  ) throws(DPDKError) -> DPDKDevice {
    let (port, said) = DPDK.listening {
      dpdk_attach(
        "net_af_packet\(if_nametoindex(interface)),iface=\(interface),qpairs=\(pools.count),blocksz=65536,framesz=2048,framecnt=4096,qdisc_bypass=1"
      )
    }
    guard port >= 0 else { throw refusal(interface, "AF_PACKET", port, said) }
    var device = try DPDKDevice(UInt16(port), "interface '\(interface)'", pools, request)
    device.lock = lock
    device.interface = LinuxInterfaceState(interface)
    return device
  }

  private static func xdp(
    _ interface: String, _ pools: [UnsafeMutableRawPointer], _ request: Request, _ lock: InterfaceLock
  ) throws(DPDKError) -> DPDKDevice {
    let queues = receiveQueues(of: interface)
    guard queues <= pools.count else {
      throw DPDKError(
        "interface '\(interface)' has \(queues) receive queues, and AF_XDP would read \(pools.count), one a worker: set them to \(pools.count) (`ethtool -L`), name \(queues) cores if the interface combines as many (`ethtool -l`), or leave ports.driver out",
        reason: "it has \(queues) receive queues")
    }
    quietBPF()
    let (port, said) = DPDK.listening {
      dpdk_attach("net_af_xdp\(if_nametoindex(interface)),iface=\(interface),start_queue=0,queue_count=\(pools.count)")
    }
    guard port >= 0 else { throw refusal(interface, "AF_XDP", port, said) }
    var device = try DPDKDevice(UInt16(port), "interface '\(interface)'", pools, request)
    device.lock = lock
    device.interface = LinuxInterfaceState(interface)
    return device
  }

  /// libbpf and libxdp, which the driver has loaded, say on the standard error what is no news to anyone here.
  private static func quietBPF() {
    for (name, setter) in [("libbpf.so.1", "libbpf_set_print"), ("libxdp.so.1", "libxdp_set_print")] {
      guard let library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD), let symbol = dlsym(library, setter) else { continue }
      typealias SetPrint = @convention(c) (UnsafeRawPointer?) -> UnsafeRawPointer?
      _ = unsafeBitCast(symbol, to: SetPrint.self)(nil)
    }
  }

  private static func refusal(_ interface: String, _ driver: String, _ result: Int32, _ said: [String]) -> DPDKError {
    let advice = geteuid() != 0 ? "it takes root (CAP_NET_RAW)" : "`trafficengine doctor` says what this machine lacks"
    let reason = said.first ?? DPDK.text(-result)
    return DPDKError("interface '\(interface)' could not be opened through \(driver) (\(reason)); \(advice)", reason: reason)
  }
}

/// What Linux says of an interface while it is in use.
struct LinuxInterfaceState: Sendable {
  private let index: UInt32

  init(_ name: String) { index = if_nametoindex(name) }

  /// False: it was removed, though another may have its name.
  var exists: Bool { name != nil }

  /// Its name now; nil: it was removed.
  private var name: String? {
    var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    return if_indextoname(index, &buffer).map { String(cString: $0) }
  }

  /// Whether it is up and has a carrier; nil: Linux does not tell.
  var isRunning: Bool? {
    guard let name else { return false }
    let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
    defer { close(socket) }
    var request = ifreq()
    withUnsafeMutableBytes(of: &request.ifr_ifrn) { $0.copyBytes(from: name.utf8.prefix($0.count - 1)) }
    guard ioctl(socket, UInt(SIOCGIFFLAGS), &request) == 0 else { return nil }
    return UInt32(UInt16(bitPattern: request.ifr_ifru.ifru_flags)) & UInt32(IFF_RUNNING) != 0
  }
}

import CDPDK
import Glibc

/// A Linux interface as a port: what it receives, and what it is given to send.
extension DPDKDevice {
  /// - Throws: for no such interface, or when it cannot be had.
  public static func interface(
    _ interface: String, through driver: InterfaceDriver, pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors
  ) throws(DPDKError) -> DPDKDevice {
    guard if_nametoindex(interface) > 0 else {
      throw DPDKError("there is no interface '\(interface)' (ports.interface); `ip link` lists those that are there")
    }
    switch driver {
    case .packet: return try packet(interface, pools, descriptors)
    case .xdp: return try xdp(interface, pools, descriptors)
    case .automatic:
      // AF_XDP takes every frame; with AF_PACKET the kernel has them, too.
      if hasAddress(interface) {
        var device = try packet(interface, pools, descriptors)
        device.choice = "not AF_XDP: the kernel has an address on \(interface), and would get nothing any more"
        return device
      }
      do { return try xdp(interface, pools, descriptors) } catch {
        var device = try packet(interface, pools, descriptors)
        device.choice = "not AF_XDP: \(error.reason)"
        return device
      }
    }
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
    _ interface: String, _ pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors
  ) throws(DPDKError) -> DPDKDevice {
    let (port, said) = DPDK.listening {
      dpdk_attach("net_af_packet0,iface=\(interface),qpairs=\(pools.count),blocksz=65536,framesz=2048,framecnt=4096,qdisc_bypass=1")
    }
    guard port >= 0 else { throw refusal(interface, "AF_PACKET", port, said) }
    return try DPDKDevice(UInt16(port), "interface '\(interface)'", pools, descriptors)
  }

  private static func xdp(
    _ interface: String, _ pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors
  ) throws(DPDKError) -> DPDKDevice {
    quietBPF()
    let (port, said) = DPDK.listening { dpdk_attach("net_af_xdp0,iface=\(interface),start_queue=0,queue_count=\(pools.count)") }
    guard port >= 0 else { throw refusal(interface, "AF_XDP", port, said) }
    return try DPDKDevice(UInt16(port), "interface '\(interface)'", pools, descriptors)
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

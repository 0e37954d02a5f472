import CDPDK
import Glibc

/// A port of DPDK's with its queues, started: what it is, and what it can do.
public struct DPDKDevice: Sendable {
  public let port: UInt16
  /// DPDK's name of the driver, such as "net_af_packet".
  public let driver: String
  public let queues: Int
  /// What the port spreads TCP over IPv4 by, where that can be read.
  public let hash: PortHash?
  /// Why it is this driver, where another was tried first.
  public var choice: String?
  /// The driver that was tried first has lent buffers to the kernel.
  var hasLentBuffers = false
  var lock: InterfaceLock?
  /// The Linux interface that it is.
  var interface: LinuxInterfaceState?

  /// The checksums that it sees to: those it was asked for, as far as it can.
  public let checksums: ChecksumOffloads

  /// What a port is asked for.
  public struct Request: Sendable {
    /// How many frames a queue takes, each way.
    let receive: Int
    let transmit: Int
    let mtu: Int
    /// 0: none.
    let vlan: UInt16
    let checksums: ChecksumOffloads

    public init(receive: Int, transmit: Int, mtu: Int = usualMTU, vlan: UInt16 = 0, checksums: ChecksumOffloads = []) {
      self.receive = receive
      self.transmit = transmit
      self.mtu = mtu
      self.vlan = vlan
      self.checksums = checksums
    }
  }

  /// What every driver carries.
  public static var usualMTU: Int { 1_500 }

  /// A looped in-process wire with one queue pair to a pool.
  public static func ring(
    name: String, depth: Int, pools: [UnsafeMutableRawPointer], _ request: Request, core: Int
  ) throws(DPDKError) -> DPDKDevice {
    let port = dpdk_create_ring_port(name, UInt32(pools.count), UInt32(depth), dpdk_core_socket(Int32(core)))
    guard port >= 0 else {
      throw DPDKError(
        "no ring device of \(pools.count) queues of \(depth) frames: \(DPDK.text(-port)); use fewer cores or smaller rxd, txd")
    }
    return try DPDKDevice(UInt16(port), "the ring device", pools, request)
  }

  /// Two in-process wires' ends of one queue each: what either transmits the other receives.
  public static func ringPair(
    name: String, depth: Int, pool: UnsafeMutableRawPointer, _ request: Request, core: Int
  ) throws(DPDKError) -> (DPDKDevice, DPDKDevice) {
    var ports: [UInt16] = [0, 0]
    let failure = dpdk_create_ring_pair(name, UInt32(depth), dpdk_core_socket(Int32(core)), &ports)
    guard failure == 0 else { throw DPDKError("no pair of rings of \(depth) frames: \(DPDK.text(-failure))") }
    return (
      try DPDKDevice(ports[0], "the ring device", [pool], request), try DPDKDevice(ports[1], "the ring device", [pool], request)
    )
  }

  /// A virtual device as EAL takes it: "net_memif0,role=client,socket=/run/wire.sock".
  public static func virtual(
    _ arguments: String, pools: [UnsafeMutableRawPointer], _ request: Request
  ) throws(DPDKError) -> DPDKDevice {
    let (port, said) = DPDK.listening { dpdk_attach(arguments + bufferSize(arguments, request.mtu)) }
    guard port >= 0 else {
      let name = arguments.prefix { $0 != "," }
      guard !said.contains(where: { $0.hasPrefix("failed to parse device") }) else {
        throw DPDKError(
          "no virtual device '\(arguments)' (ports.vdev): DPDK has no driver '\(name)' here; give a driver's name and a number, such as net_memif0"
        )
      }
      let reason = said.first ?? DPDK.text(-port)
      throw DPDKError("no virtual device '\(arguments)' (ports.vdev): \(reason); correct the arguments of \(name)")
    }
    return try DPDKDevice(UInt16(port), "'\(arguments)' (ports.vdev)", pools, request)
  }

  /// What memif is to be told besides, so that each frame fits into one of its buffers: where a frame takes several and the ring is full in the
  /// middle of it, the driver loses its place (as of DPDK 22.11).
  private static func bufferSize(_ arguments: String, _ mtu: Int) -> String {
    guard mtu > usualMTU, arguments.hasPrefix("net_memif"), !arguments.contains("bsize=") else { return "" }
    // Ethernet's header, and two tags.
    return ",bsize=\((mtu + 22 + 1_023) / 1_024 * 1_024)"
  }

  /// A PCI device that DPDK was started with.
  public static func pci(
    _ address: String, pools: [UnsafeMutableRawPointer], _ request: Request
  ) throws(DPDKError) -> DPDKDevice {
    let port = dpdk_find_port(address)
    guard port >= 0 else {
      throw DPDKError(
        "DPDK has no driver that takes the PCI device \(address) (ports.pci); `trafficengine doctor` lists the network devices")
    }
    return try DPDKDevice(UInt16(port), "PCI device \(address)", pools, request)
  }

  /// Octets of room that the driver's packet buffers may have at most, once DPDK has started; nil: it does not matter.
  public static func largestRoom(ofPCI address: String) -> Int? {
    var description = dpdk_port_description()
    let port = dpdk_find_port(address)
    guard port >= 0, dpdk_describe_port(UInt16(port), &description) == 0, driver(description) == "net_vmxnet3" else { return nil }
    // Its descriptors have 14 bits for a buffer's length: 16,384 would be none.
    return Int(PACKET_HEADROOM) + 16_320
  }

  private static func driver(_ description: dpdk_port_description) -> String {
    let name = description.driver
    return withUnsafeBytes(of: name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Configures and starts the port, a queue pair to a pool.
  init(_ port: UInt16, _ name: String, _ pools: [UnsafeMutableRawPointer], _ request: Request) throws(DPDKError) {
    self.port = port
    queues = pools.count
    var description = dpdk_port_description()
    let described = dpdk_describe_port(port, &description)
    guard described == 0 else { throw DPDKError("\(name) does not say what it can do: \(DPDK.text(-described))") }
    driver = Self.driver(description)
    let most = Int(min(description.receive_queues, description.transmit_queues))
    guard pools.count <= most else {
      throw DPDKError(
        "\(name) has \(most) \(most == 1 ? "queue" : "queues"), but cores has \(pools.count) workers, a queue each: name \(most == 1 ? "one core" : "at most \(most) cores")"
      )
    }
    let mtu = try Self.mtu(request, driver, Int(description.largest_mtu), name)
    let checksums = request.checksums.intersection(ChecksumOffloads(rawValue: description.checksums))
    self.checksums = checksums
    let spreads = pools.count > 1 && description.hashes_tcp != 0 && description.table_size > 0
    let (result, said) = DPDK.listening {
      var wanted = dpdk_port_request(
        queues: UInt16(pools.count), rxd: UInt16(request.receive), txd: UInt16(request.transmit), spread: spreads ? 1 : 0,
        checksums: checksums.rawValue, mtu: mtu, vlan: request.vlan)
      return dpdk_start_port(port, &wanted, pools)
    }
    guard result == 0 else { throw DPDKError("\(name) did not start: \(said.first ?? DPDK.text(-result))") }
    hash = spreads ? PortHash(port, description) : nil
  }

  /// What the driver is to be told; 0: nothing. Thrown is that it does not carry so much.
  private static func mtu(_ request: Request, _ driver: String, _ largest: Int, _ name: String) throws(DPDKError) -> UInt16 {
    // memif names the usual frame as its longest, and carries any in several pieces of its shared memory.
    if request.mtu <= usualMTU || driver == "net_memif" { return 0 }
    guard request.mtu <= largest else {
      throw DPDKError(
        "\(name) carries an MTU of at most \(largest) through its driver \(driver), but ports.mtu is \(request.mtu): lower it")
    }
    return UInt16(request.mtu)
  }

  /// The port's own MAC address.
  public var mac: MACAddress { MACAddress(dpdk_port_mac(port)) }

  /// Whether what the port is made of is still there: a Linux interface can be removed.
  public var exists: Bool { interface?.exists ?? true }

  /// Whether there is somebody at the other end; nil: nobody tells.
  public var hasLink: Bool? {
    // AF_XDP's driver would say so always.
    if let interface { return interface.isRunning }
    let state = dpdk_link_is_up(port)
    return state < 0 ? nil : state == 1
  }

  /// What the port itself counted; nil: memif forgets it when the other end leaves.
  public var statistics: dpdk_port_statistics? {
    if driver == "net_memif", hasLink == false { return nil }
    var statistics = dpdk_port_statistics()
    _ = dpdk_port_statistics(port, &statistics)
    return statistics
  }

  /// The port's NUMA node; nil: unknown.
  public var node: Int? {
    let node = dpdk_port_socket(port)
    return node < 0 ? nil : Int(node)
  }

  /// Whether all buffers come back when the port is stopped: AF_XDP's driver keeps those that it has lent to the kernel.
  public var returnsBuffers: Bool { driver != "net_af_xdp" && !hasLentBuffers }

  public func stop() {
    // The other end may be leaving at this moment.
    if driver == "net_memif" { dpdk_hold_interrupts() }
    dpdk_stop_port(port)
    lock?.release()
  }

  /// Gives the port all of the rules, or none: the driver's reason is thrown.
  public func create(_ rules: [SteeringRule]) throws(DPDKError) {
    for rule in rules {
      var wanted = dpdk_rule()
      wanted.queue = UInt16(rule.queue)
      switch rule.match {
      case .destinationPort(let value, let mask): (wanted.port, wanted.port_mask) = (value, mask)
      case .destinationAddress(let address): (wanted.address, wanted.address_mask) = (address.rawValue, .max)
      }
      var reason = [CChar](repeating: 0, count: 256)
      let (result, _) = DPDK.listening { dpdk_create_rule(port, &wanted, &reason, reason.count) }
      guard result == 0 else {
        dpdk_remove_rules(port)
        throw DPDKError(String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
    }
  }
}

extension PortHash {
  /// Read from the port; nil: it does not tell.
  init?(_ port: UInt16, _ description: dpdk_port_description) {
    // 40 octets are what the hash of two addresses and two ports reads.
    let keySize = description.key_size == 0 ? 40 : description.key_size
    var key = [UInt8](repeating: 0, count: Int(keySize))
    var entries = [UInt16](repeating: 0, count: Int(description.table_size))
    guard dpdk_read_hash(port, &key, keySize, &entries, description.table_size) == 0, let key = try? RSSKey(key) else { return nil }
    self.init(key: key, entries: entries)
  }
}

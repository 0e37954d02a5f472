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

  /// How many frames a queue takes, each way.
  public struct Descriptors: Sendable {
    let receive: Int
    let transmit: Int

    public init(receive: Int, transmit: Int) {
      self.receive = receive
      self.transmit = transmit
    }
  }

  /// A looped in-process wire with one queue pair to a pool.
  public static func ring(
    name: String, depth: Int, pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors, core: Int
  ) throws(DPDKError) -> DPDKDevice {
    let port = dpdk_create_ring_port(name, UInt32(pools.count), UInt32(depth), dpdk_core_socket(Int32(core)))
    guard port >= 0 else {
      throw DPDKError(
        "no ring device of \(pools.count) queues of \(depth) frames: \(DPDK.text(-port)); use fewer cores or smaller rxd, txd")
    }
    return try DPDKDevice(UInt16(port), "the ring device", pools, descriptors)
  }

  /// A virtual device as EAL takes it: "net_memif0,role=client,socket=/run/wire.sock".
  public static func virtual(
    _ arguments: String, pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors
  ) throws(DPDKError) -> DPDKDevice {
    let (port, said) = DPDK.listening { dpdk_attach(arguments) }
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
    return try DPDKDevice(UInt16(port), "'\(arguments)' (ports.vdev)", pools, descriptors)
  }

  /// A PCI device that DPDK was started with.
  public static func pci(
    _ address: String, pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors
  ) throws(DPDKError) -> DPDKDevice {
    let port = dpdk_find_port(address)
    guard port >= 0 else {
      throw DPDKError(
        "DPDK has no driver that takes the PCI device \(address) (ports.pci); `trafficengine doctor` lists the network devices")
    }
    return try DPDKDevice(UInt16(port), "PCI device \(address)", pools, descriptors)
  }

  /// Configures and starts the port, a queue pair to a pool.
  init(_ port: UInt16, _ name: String, _ pools: [UnsafeMutableRawPointer], _ descriptors: Descriptors) throws(DPDKError) {
    self.port = port
    queues = pools.count
    var description = dpdk_port_description()
    let described = dpdk_describe_port(port, &description)
    guard described == 0 else { throw DPDKError("\(name) does not say what it can do: \(DPDK.text(-described))") }
    let driverName = description.driver
    driver = withUnsafeBytes(of: driverName) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let most = Int(min(description.receive_queues, description.transmit_queues))
    guard pools.count <= most else {
      throw DPDKError(
        "\(name) has \(most) \(most == 1 ? "queue" : "queues"), but cores has \(pools.count) workers, a queue each: name \(most == 1 ? "one core" : "at most \(most) cores")"
      )
    }
    let spreads = pools.count > 1 && description.hashes_tcp != 0 && description.table_size > 0
    let (result, said) = DPDK.listening {
      dpdk_start_port(
        port, UInt16(pools.count), UInt16(descriptors.receive), UInt16(descriptors.transmit), spreads ? 1 : 0, pools)
    }
    guard result == 0 else { throw DPDKError("\(name) did not start: \(said.first ?? DPDK.text(-result))") }
    hash = spreads ? PortHash(port, description) : nil
  }

  /// The port's own MAC address.
  public var mac: MACAddress { MACAddress(dpdk_port_mac(port)) }

  /// Whether there is somebody at the other end; nil: the driver does not tell.
  public var hasLink: Bool? {
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
  public var returnsBuffers: Bool { driver != "net_af_xdp" }

  public func stop() { dpdk_stop_port(port) }

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

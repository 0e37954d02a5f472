import CDPDK
import CPacket
import TCPEngine

/// DPDK started, with one port: a pool and a queue pair of it to each worker.
final class OpenPort: Sendable {
  let device: DPDKDevice
  let hugePages: Bool
  let pools: [PacketPool]
  private let buffersPerWorker: Int
  /// What the port is in reports: "ring", or the device and its driver.
  let name: String

  /// A pool is used by its worker and, before and after, by the one who made it. Any worker gives buffers back to it.
  struct PacketPool: @unchecked Sendable {
    let pool: UnsafeMutableRawPointer
  }

  /// What a port takes, besides its settings.
  struct Need {
    var cores: [Int]
    var buffersPerWorker: Int
    /// Frames that a queue of a ring holds.
    var depth: Int
    /// Octets of packet memory.
    var memory: Int
  }

  /// Throws `CommandFailure` when the port cannot be had.
  init(_ settings: PortSettings, _ need: Need) throws {
    buffersPerWorker = need.buffersPerWorker
    do throws(DPDKError) {
      if let address = settings.pci { try PCIDevice.check(address, memory: need.memory) }
      hugePages = try DPDK.start(memory: need.memory, Self.devices(settings))
      var pools: [PacketPool] = []
      for (worker, core) in need.cores.enumerated() {
        pools.append(PacketPool(pool: try DPDK.createPool(name: "worker_\(worker)", buffers: need.buffersPerWorker, core: core)))
      }
      self.pools = pools
      device = try Self.device(settings, need, pools.map(\.pool))
    } catch {
      DPDK.stop()
      throw CommandFailure(.notStarted, error.description)
    }
    name = settings.device.map { [device] in "\($0) (\(device.driverName))" } ?? "ring"
  }

  private static func devices(_ settings: PortSettings) -> DPDK.Devices {
    if let pci = settings.pci { return .pci(pci) }
    return settings.vdev == nil ? .none : .shared
  }

  private static func device(_ settings: PortSettings, _ need: Need, _ pools: [UnsafeMutableRawPointer]) throws(DPDKError) -> DPDKDevice {
    let descriptors = DPDKDevice.Descriptors(receive: settings.receiveDescriptors, transmit: settings.transmitDescriptors)
    if let interface = settings.interface {
      return try .interface(interface, through: settings.driver, pools: pools, descriptors)
    }
    if let vdev = settings.vdev { return try .virtual(vdev, pools: pools, descriptors) }
    if let pci = settings.pci { return try .pci(pci, pools: pools, descriptors) }
    return try .ring(name: "ring", depth: need.depth, pools: pools, descriptors, core: need.cores[0])
  }

  /// Stops the port, and DPDK with it. Returns how many packet buffers did not come back; nil: that cannot be told.
  func close() -> Int? {
    device.stop()
    let lost = pools.reduce(0) { $0 + buffersPerWorker - DPDK.available($1.pool) }
    DPDK.stop()
    return device.returnsBuffers ? lost : nil
  }

  /// What is slower than it might be, in sentences.
  func nodeWarnings(_ cores: [Int]) -> [String] {
    guard let portNode = device.node else { return [] }
    return cores.compactMap { core in
      guard let node = DPDK.node(ofCore: core), node != portNode else { return nil }
      return "core \(core) is on NUMA node \(node), but the port is on node \(portNode): every frame crosses between them"
    }
  }
}

extension DPDKDevice {
  /// "AF_PACKET" where a driver has a usual name, else DPDK's.
  var driverName: String {
    switch driver {
    case "net_af_packet": "AF_PACKET"
    case "net_af_xdp": "AF_XDP"
    default: driver
    }
  }
}

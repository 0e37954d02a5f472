import CDPDK
import CPacket
import TCPEngine

/// DPDK started, with one port or two: a pool and a queue pair of each port to each worker.
final class OpenPort: Sendable {
  let devices: [DPDKDevice]
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
  /// - Parameter second: of a program that has two ports.
  init(_ settings: PortSettings, _ need: Need, second: PortSettings? = nil) throws {
    let all = [settings] + (second.map { [$0] } ?? [])
    buffersPerWorker = need.buffersPerWorker
    do throws(DPDKError) {
      for address in all.compactMap(\.pci) { try PCIDevice.check(address, memory: need.memory) }
      hugePages = try DPDK.start(memory: need.memory, Self.devices(all))
      let room = all.reduce(0) { max($0, $1.bufferRoom) }
      let most = all.compactMap(\.pci).compactMap { DPDKDevice.largestRoom(ofPCI: $0) }.min() ?? room
      var pools: [PacketPool] = []
      for (worker, core) in need.cores.enumerated() {
        pools.append(
          PacketPool(
            pool: try DPDK.createPool(
              name: "worker_\(worker)", buffers: need.buffersPerWorker, room: min(room, most), core: core)))
      }
      self.pools = pools
      var devices: [DPDKDevice] = []
      for port in all { devices.append(try Self.device(port, need, pools.map(\.pool))) }
      self.devices = devices
    } catch {
      DPDK.stop()
      throw CommandFailure(.notStarted, error.description)
    }
    name = zip(all, devices).map { port, device in port.device.map { "\($0) (\(device.driverName))" } ?? "ring" }.joined(separator: " and ")
  }

  /// The first port, or the only one.
  var device: DPDKDevice { devices[0] }

  private static func devices(_ all: [PortSettings]) -> DPDK.Devices {
    DPDK.Devices(pci: all.compactMap(\.pci), isShared: all.contains { $0.vdev != nil })
  }

  private static func device(_ settings: PortSettings, _ need: Need, _ pools: [UnsafeMutableRawPointer]) throws(DPDKError) -> DPDKDevice {
    let request = DPDKDevice.Request(
      receive: settings.receiveDescriptors, transmit: settings.transmitDescriptors, mtu: settings.mtu, vlan: settings.vlan,
      checksums: settings.checksumOffload ? .all : [])
    if let interface = settings.interface {
      let device = try DPDKDevice.interface(interface, through: settings.driver, pools: pools, request)
      if device.driver == "net_af_packet" { try leavesKernelOut(settings, interface) }
      return device
    }
    if let vdev = settings.vdev { return try .virtual(vdev, pools: pools, request) }
    if let pci = settings.pci { return try .pci(pci, pools: pools, request) }
    return try .ring(name: "ring", depth: need.depth, pools: pools, request, core: need.cores[0])
  }

  /// AF_PACKET leaves every frame to the kernel of our namespace as well, which takes part once an interface of its own has the port's address.
  private static func leavesKernelOut(_ settings: PortSettings, _ interface: String) throws(DPDKError) {
    guard let kernel = settings.kernelInterface, settings.namespace == nil else { return }
    throw DPDKError(
      "'\(kernel)' (ports.kernel_interface) would give the kernel of this namespace \(settings.address), and through AF_PACKET it sees every frame "
        + "of '\(interface)', so that it would reset our connections: set ports.namespace to another one, or ports.driver to \"af_xdp\"")
  }

  /// What is needed besides; if that fails the port leaves nothing behind.
  func closing<Value>(onFailureOf begin: () throws -> Value) rethrows -> Value {
    do { return try begin() } catch {
      _ = close()
      throw error
    }
  }

  /// Stops the port, and DPDK with it. Returns how many packet buffers did not come back; nil: that cannot be told.
  func close() -> Int? {
    for device in devices { device.stop() }
    let lost = pools.reduce(0) { $0 + buffersPerWorker - DPDK.available($1.pool) }
    DPDK.stop()
    return devices.allSatisfy(\.returnsBuffers) ? lost : nil
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

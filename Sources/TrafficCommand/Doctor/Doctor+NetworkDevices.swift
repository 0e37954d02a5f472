/// Network devices on PCI: what drives each, and the commands that give it to DPDK.
extension Doctor {
  /// A PCI function of class 02 (network controller).
  private struct NetworkDevice {
    /// "0000:07:00.0"
    let place: String
    /// "8086:1533"
    let identity: String
    /// Linux's driver; nil: none.
    let driver: String?
    let interfaces: [String]
    /// Nil: the machine has one node, or does not say.
    let node: Int?
  }

  private var pciDevices: String { "sys/bus/pci/devices" }
  private static var givenDrivers: Set<String> { ["vfio-pci", "uio_pci_generic", "igb_uio"] }
  /// They stay with their device while DPDK uses it, through libibverbs or a library of their own.
  private static var bifurcated: [String: String] { ["mlx4_core": "mlx4", "mlx5_core": "mlx5", "mana": "mana"] }
  /// DPDK's driver for what Linux drives with another name.
  private static var poll: [String: String] {
    [
      "e1000": "e1000", "e1000e": "e1000", "igb": "e1000", "igc": "igc", "ixgbe": "ixgbe", "ixgbevf": "ixgbe", "i40e": "i40e",
      "iavf": "iavf",
      "ice": "ice", "virtio-pci": "virtio", "vmxnet3": "vmxnet3", "ena": "ena", "bnxt_en": "bnxt", "cxgb4": "cxgbe", "enic": "enic",
      "sfc": "sfc", "qede": "qede", "atlantic": "atlantic",
    ]
  }
  /// Huge pages of 2 MiB for a run on a NIC: twice the default packet memory.
  private static var pagesOnNode: Int { 2 * packetMemory >> 21 }

  /// One finding to a device.
  func networkDevices() -> [Finding] {
    let carrier = defaultRouteInterface
    return files.names(pciDevices).compactMap(networkDevice).map { finding($0, carrier) }
  }

  private func networkDevice(_ place: String) -> NetworkDevice? {
    let directory = "\(pciDevices)/\(place)"
    guard let kind = files.line("\(directory)/class"), kind.hasPrefix("0x02") else { return nil }
    func identity(_ name: String) -> String { String((files.line("\(directory)/\(name)") ?? "0x????").dropFirst(2)) }
    let driver = files.names("sys/bus/pci/drivers").first { files.names("sys/bus/pci/drivers/\($0)").contains(place) }
    let node = files.number("\(directory)/numa_node") ?? -1
    // A virtio device's interface lies one level further down.
    let parents = [directory] + files.names(directory).filter { $0.hasPrefix("virtio") }.map { "\(directory)/\($0)" }
    return NetworkDevice(
      place: place, identity: identity("vendor") + ":" + identity("device"), driver: driver,
      interfaces: parents.flatMap { files.names("\($0)/net") }, node: node < 0 ? nil : node)
  }

  private func finding(_ device: NetworkDevice, _ carrier: String?) -> Finding {
    let interface = device.interfaces.map { ", \($0)" }.joined()
    let node = device.node.map { ", node \($0)" } ?? ""
    let head = "\(device.place) (\(device.identity), \(device.driver ?? "no driver")\(interface)\(node))"
    guard let driver = device.driver else { return .note("NIC", "\(head): to give it to DPDK", commands: binding(device)) }
    if Self.givenDrivers.contains(driver) {
      return Finding(status: .ok, topic: "NIC", text: "\(head): given to DPDK", isNeeded: false, commands: pages(device))
    }
    if let poll = Self.bifurcated[driver] {
      let said = "\(head): stays with its Linux driver, which DPDK's net_\(poll) works beside (bifurcated); nothing is bound"
      return .note("NIC", said, commands: package(poll) + pages(device))
    }
    if let carrier, device.interfaces.contains(carrier) {
      return .note(
        "NIC",
        "\(head): carries this machine's default route. WARNING: given to DPDK, it is lost to Linux, and so may be your way to this machine; no "
          + "commands are printed for it")
    }
    let back = "; back to Linux: dpdk-devbind.py --bind=\(driver) \(device.place)"
    return .note("NIC", "\(head): to give it to DPDK\(back)", commands: package(Self.poll[driver]) + binding(device))
  }

  private func binding(_ device: NetworkDevice) -> [String] {
    var commands: [String] = []
    if !files.names("usr/bin").contains("dpdk-devbind.py") { commands.append(asRoot("apt-get install dpdk")) }
    if files.names("sys/kernel/iommu_groups").isEmpty {
      // Without an IOMMU a device may write anywhere.
      commands.append(asRoot("modprobe vfio enable_unsafe_noiommu_mode=1"))
    }
    commands.append(asRoot("modprobe vfio-pci"))
    commands += device.interfaces.map { asRoot("ip link set \($0) down") }
    commands.append(asRoot("dpdk-devbind.py --bind=vfio-pci \(device.place)"))
    return commands + pages(device)
  }

  /// Reserves huge pages on the device's node, if there are not enough free; those that are there stay.
  private func pages(_ device: NetworkDevice) -> [String] {
    let node = device.node ?? 0
    let directory = "sys/devices/system/node/node\(node)/hugepages/hugepages-2048kB"
    guard let total = files.number("\(directory)/nr_hugepages") else { return [] }
    let free = files.number("\(directory)/free_hugepages") ?? 0
    if free >= Self.pagesOnNode { return [] }
    return [writing("\(total - free + Self.pagesOnNode)", to: "/\(directory)/nr_hugepages")]
  }

  /// Installs DPDK's driver, if it is not there.
  private func package(_ poll: String?) -> [String] {
    guard let poll, !installedDrivers.contains(poll) else { return [] }
    return [asRoot("apt-get install \(Self.package(poll, abi: driverABI))")]
  }

  /// The interface of the default route (proc(5): addresses in hexadecimal).
  private var defaultRouteInterface: String? {
    for line in (files.text("proc/net/route") ?? "").split(separator: "\n").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" { return String(fields[0]) }
    }
    return nil
  }
}

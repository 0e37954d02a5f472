import Glibc

/// A network device on the PCI bus, as the kernel shows it.
public enum PCIDevice {
  /// Drivers of the kernel that leave a device to DPDK.
  private static let userSpace = ["vfio-pci", "uio_pci_generic", "igb_uio"]
  /// Drivers that DPDK works beside.
  private static let shared = ["mlx4_core", "mlx5_core", "mana", "gve"]

  /// Whether DPDK can have the device; thrown is what hinders it, before anything is started.
  public static func check(_ address: String, root: String = "/sys/bus/pci/devices", memory: Int) throws(DPDKError) {
    let device = "\(root)/\(address)"
    guard access(device, F_OK) == 0 else {
      throw DPDKError("there is no PCI device \(address) (ports.pci); `trafficengine doctor` lists the network devices")
    }
    guard let driver = linkTarget("\(device)/driver") else {
      throw DPDKError(
        "PCI device \(address) (ports.pci) is bound to no driver: bind it, `dpdk-devbind.py --bind=vfio-pci \(address)`")
    }
    if shared.contains(driver) { return }
    guard userSpace.contains(driver) else {
      throw DPDKError(
        "PCI device \(address) (ports.pci) is in use by the kernel's driver \(driver): if nothing needs it, give it to DPDK, "
          + "`dpdk-devbind.py --bind=vfio-pci \(address)`")
    }
    guard driver == "vfio-pci" || DPDK.freeHugePages >= memory else {
      throw DPDKError(
        "PCI device \(address) (ports.pci) is bound to \(driver), which takes huge pages, and fewer than \(memory >> 20 + 1) MB of them are free: "
          + "reserve some (`trafficengine doctor`), or bind it to vfio-pci with an IOMMU")
    }
  }

  private static func linkTarget(_ path: String) -> String? {
    var target = [CChar](repeating: 0, count: 512)
    let length = readlink(path, &target, target.count - 1)
    guard length > 0 else { return nil }
    return String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: "/").last.map(String.init)
  }
}

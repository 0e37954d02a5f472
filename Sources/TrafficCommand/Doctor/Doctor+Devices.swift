/// DPDK, its drivers, and network devices given to it.
extension Doctor {
  func dpdk() -> [Finding] {
    if dpdkVersion.hasPrefix("DPDK 22.11") { return [.ok("DPDK", dpdkVersion)] }
    return [
      .missing("DPDK", "\(dpdkVersion), but this program is made for 22.11", needed: true, [asRoot("apt-get install dpdk-dev=22.11*")])
    ]
  }

  /// Network drivers that a run can use; the first is the reference load's.
  private static var wanted: [String] { ["ring", "af_packet", "af_xdp", "memif", "tap", "virtio", "vmxnet3", "e1000"] }

  /// The directories that DPDK loads drivers from, with their ABI's number.
  private var driverDirectories: [(path: String, abi: String)] {
    ["usr/lib/\(architecture)-linux-gnu/dpdk", "usr/lib64/dpdk", "usr/local/lib/\(architecture)-linux-gnu/dpdk"].flatMap { base in
      files.names(base).filter { $0.hasPrefix("pmds-") }.map {
        (path: "\(base)/\($0)", abi: String($0.dropFirst(5).prefix { $0 != "." }))
      }
    }
  }

  /// Network drivers of DPDK that are installed: "ring", "e1000".
  var installedDrivers: Set<String> { Set(driverDirectories.flatMap { files.names($0.path) }.compactMap(Self.driver)) }

  /// The number of DPDK's ABI, which its packages carry.
  var driverABI: String { driverDirectories.first?.abi ?? "23" }

  func drivers() -> [Finding] {
    let directories = driverDirectories
    let found = installedDrivers
    let present = Self.wanted.filter { found.contains($0) }
    let absent = Self.wanted.filter { !found.contains($0) }
    var findings: [Finding] = []
    if !present.isEmpty {
      let others = found.count - present.count
      let list = present.map { "net_" + $0 }.joined(separator: ", ")
      findings.append(.ok("drivers", list + (others > 0 ? ", and \(others) more for network devices" : "")))
    }
    if !absent.isEmpty {
      let needed = absent.contains("ring")
      let why = needed ? "the reference load runs over net_ring" : "each is needed only for ports of its kind"
      let packages = absent.map { Self.package($0, abi: driverABI) }.joined(separator: " ")
      let install = directories.isEmpty ? "dpdk-dev" : packages
      findings.append(
        .missing(
          "drivers", "no \(absent.map { "net_" + $0 }.joined(separator: ", ")); \(why)", needed: needed,
          [asRoot("apt-get install \(install)")]))
    }
    return findings
  }

  /// `librte_net_ring.so.23` -> `ring`
  private static func driver(_ file: String) -> String? {
    let prefix = "librte_net_"
    guard file.hasPrefix(prefix), let end = file.firstIndex(of: ".") else { return nil }
    return String(file[..<end].dropFirst(prefix.count))
  }

  /// Debian's package of a driver: a name that ends in a digit keeps its distance from the ABI's number.
  static func package(_ driver: String, abi: String) -> String {
    let name = "librte-net-" + driver.map { $0 == "_" ? "-" : String($0) }.joined()
    return name + (name.last?.isNumber == true ? "-" : "") + abi
  }

  func boundDevices() -> [Finding] {
    let drivers = ["vfio-pci", "uio_pci_generic", "igb_uio"]
    let bound = drivers.flatMap { driver in
      files.names("sys/bus/pci/drivers/\(driver)").filter { $0.contains(":") }.map { "\($0) (\(driver))" }
    }
    if !bound.isEmpty { return [.ok("devices", "given to DPDK: \(bound.joined(separator: ", "))")] }
    return [.note("devices", "no network device is given to DPDK (vfio-pci, uio_pci_generic); the ring port needs none")]
  }
}

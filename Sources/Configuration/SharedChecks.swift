import TCPEngine

/// What must hold whichever program is meant. Each answers as `CrossChecks.problem` does; `name` is the port's in sentences.
enum SharedChecks {
  static func oneDevice(_ port: PortSettings, _ name: String) -> String? {
    let devices = port.devices(name)
    guard devices.count > 1 else { return nil }
    let (this, that) = (devices[0].key, devices[1].key)
    return "\(this) and \(that) are both set, but \(name == "ports" ? "there" : "that") is one port: leave one of them out"
  }

  /// The interface that is made for the kernel is not the port itself.
  static func kernelInterfaceIsAnother(_ port: PortSettings, _ name: String) -> String? {
    guard let interface = port.kernelInterface else {
      guard let namespace = port.namespace else { return nil }
      return "\(name).namespace is '\(namespace)', but nothing is made in it: set \(name).kernel_interface, or leave \(name).namespace out"
    }
    guard interface == port.interface else { return nil }
    return "\(name).kernel_interface and \(name).interface are both '\(interface)': give the interface that is to be made another name"
  }

  static func oneMAC(_ port: PortSettings, _ name: String) -> String? {
    guard let mac = port.mac, let interface = port.linuxInterface else { return nil }
    return "\(name).mac is \(mac) and \(name).linux_if is '\(interface)', but a port has one MAC address: leave one of them out"
  }

  /// - Parameter further: the key of addresses besides the port's own.
  static func ownAddressIsGivenOnce(_ port: PortSettings, _ name: String, further: String) -> String? {
    guard port.servers.contains(where: { $0.contains(port.address) }) else { return nil }
    return "\(name).\(further) contains \(port.address), which is the address of \(name).ipnet anyway: leave it out"
  }

  /// A next hop is asked for by ARP, which only stations of our own network answer.
  static func gatewayIsOnLink(_ port: PortSettings, _ name: String) -> String? {
    guard let gateway = port.gateway, !port.isOnLink(gateway) else { return nil }
    return "\(name).gateway is \(gateway), which is not in the network of \(name).ipnet (\(port.network)): correct one of the two"
  }

  /// No host has the first address of a network, nor the last: that is the network itself, and all of its hosts.
  static func areHosts(
    _ port: PortSettings, _ name: String, further: String, clients: String, _ targets: [(id: String, address: IPv4Address)]
  ) -> String? {
    let hostMask = UInt32.max >> UInt32(port.prefixLength)
    let ends = [port.address.rawValue & ~hostMask, port.address.rawValue | hostMask].map { IPv4Address($0) }
    func sentence(_ what: String, _ address: IPv4Address) -> String {
      "\(what) \(address), which is no host's in the network of \(name).ipnet (\(port.network)): correct one of the two"
    }
    if let gateway = port.gateway {
      if ends.contains(gateway) { return sentence("\(name).gateway is", gateway) }
      if gateway == port.address { return "\(name).gateway is \(gateway), which is the port's own address: name the router's" }
      for (ranges, key) in [(port.servers, further), (port.clients, clients)] where ranges.contains(where: { $0.contains(gateway) }) {
        return "\(name).gateway is \(gateway), which is one of our own addresses by \(name).\(key): correct one of the two"
      }
    }
    if let target = targets.first(where: { ends.contains($0.address) }) {
      return sentence("the target '\(target.id)' has the address", target.address)
    }
    for (ranges, key) in [(port.servers, further), (port.clients, clients)] {
      for range in ranges {
        if let end = ends.first(where: { range.contains($0) }) { return sentence("\(name).\(key) contains", end) }
      }
    }
    return nil
  }

  /// Targets whose MAC addresses are not given.
  static func reaches(_ targets: [(id: String, address: IPv4Address)], _ port: PortSettings, _ name: String) -> String? {
    guard port.gateway == nil, let target = targets.first(where: { !port.isOnLink($0.address) }) else { return nil }
    return
      "the target '\(target.id)' (\(target.address)) is not in the network of \(name).ipnet (\(port.network)), and there is no "
      + "\(name).gateway: set \(name).gateway, or its MAC address (targets.mac), or correct one of the two"
  }

  /// With flow_steering "Ip" worker i has the port's own address plus i.
  static func workersHaveAddresses(_ port: PortSettings, _ name: String, workers: Int) -> String? {
    guard port.flowSteering == .address, workers > 1 else { return nil }
    do {
      _ = try AddressSteering(own: port.address, prefixLength: port.prefixLength, workers: workers)
      return nil
    } catch {
      return "with \(name).flow_steering \"Ip\" the \(workers) workers of cores have the addresses from \(name).ipnet's on, and "
        + "\(error): choose a lower address or a shorter prefix, or name fewer cores"
    }
  }

  /// And these addresses are nobody else's.
  static func workersAddressesAreTheirs(
    _ port: PortSettings, _ name: String, further: String, workers: Int, _ targets: [(id: String, address: IPv4Address)]
  ) -> String? {
    guard port.flowSteering == .address, workers > 1, !port.isLooped else { return nil }
    let own = AddressRange(first: port.address, last: port.lastOwnAddress(workers))
    func sentence(_ what: String) -> String {
      "with \(name).flow_steering \"Ip\" the \(workers) workers of cores have the addresses \(own.text), but \(what): "
        + "correct one of the two"
    }
    if let target = targets.first(where: { own.contains($0.address) }) {
      return sentence("the target '\(target.id)' has the address \(target.address)")
    }
    if let gateway = port.gateway, own.contains(gateway) { return sentence("\(name).gateway is \(gateway)") }
    if let range = port.servers.first(where: own.overlaps) { return sentence("\(name).\(further) contains \(range.text)") }
    return nil
  }

  static func maskTellsWorkersApart(_ port: PortSettings, _ name: String, workers: Int) -> String? {
    guard workers > 1 else { return nil }
    let values = 1 << port.dstPortMask.nonzeroBitCount
    let mask = String(port.dstPortMask, radix: 16)
    guard workers <= values else {
      return "cores has \(workers) workers, but \(name).dst_port_mask 0x\(mask) tells only \(values) apart: "
        + "set more bits in it or name fewer cores"
    }
    do {
      _ = try PortSteering(mask: port.dstPortMask, workers: workers)
      return nil
    } catch {
      return "\(name).dst_port_mask is 0x\(mask), but \(error): choose higher bits or name fewer cores"
    }
  }

  /// What is written does not overwrite something else that is written, whatever it is called.
  ///
  /// - Parameter records: a file of connection records is written, too.
  static func filesDiffer(_ output: OutputSettings, records: Bool) -> String? {
    let files = output.files(records: records)
    for (index, (key, path)) in files.enumerated() {
      guard let other = files[..<index].first(where: { FileIdentity(path: $0.path) == FileIdentity(path: path) }) else { continue }
      if other.path == path { return "\(other.key) and \(key) are both '\(path)': give them different names" }
      return "\(other.key) is '\(other.path)' and \(key) is '\(path)', and these are one file: give them different names"
    }
    return nil
  }

  /// Nor the configuration.
  static func spares(_ file: String, _ output: OutputSettings, records: Bool) -> String? {
    let configuration = FileIdentity(path: file)
    guard case .existing = configuration,
      let spoiling = output.files(records: records).first(where: { FileIdentity(path: $0.path) == configuration })
    else { return nil }
    return "\(spoiling.key) is '\(spoiling.path)', which is this file and would be overwritten: give it another name"
  }
}

extension OutputSettings {
  /// The files that are written, each with its key.
  fileprivate func files(records: Bool) -> [(key: String, path: String)] {
    let files = [("output.json", json), ("output.pcap", pcap), ("output.records_file", records ? recordsFile : nil)]
    return files.compactMap { key, path in path.map { (key, $0) } }
  }
}

extension PortSettings {
  /// The devices that are given, each with its key.
  func devices(_ name: String) -> [(key: String, name: String)] {
    let keys = [("\(name).interface", interface), ("\(name).vdev", vdev), ("\(name).pci", pci)]
    return keys.compactMap { key, device in device.map { (key, $0) } }
  }
}

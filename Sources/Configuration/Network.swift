import TCPEngine

/// A host's address with the length of its network's prefix.
struct Network: Sendable, Equatable, CustomStringConvertible {
  var address: IPv4Address
  var prefixLength: Int

  var description: String { "\(address)/\(prefixLength)" }

  init(address: IPv4Address, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }

  /// Reads "10.0.0.1/16". Nil when it is none, or when the address is the network's own or its broadcast address.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPv4Address(parts[0]), address.isUnicast, let length = Int(parts[1]), (8...30).contains(length)
    else { return nil }
    let hostMask = UInt32.max >> UInt32(length)
    let host = address.rawValue & hostMask
    guard host != 0, host != hostMask else { return nil }
    self.init(address: address, prefixLength: length)
  }
}

extension PortSettings {
  /// `address` and `prefixLength`, which are one key of the file.
  var network: Network {
    get { Network(address: address, prefixLength: prefixLength) }
    set {
      address = newValue.address
      prefixLength = newValue.prefixLength
    }
  }
}

extension IPv4Address {
  /// Whether a host may have it: not of 0.0.0.0/8, of loopback, of multicast or above.
  var isUnicast: Bool {
    let network = rawValue >> 24
    return network > 0 && network < 224 && network != 127
  }
}

extension AddressRange {
  /// Reads "10.0.0.2-10.0.15.254" or "10.0.0.2". Nil when it is none, runs backwards or is not unicast throughout.
  init?(_ text: some StringProtocol) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { $0.trimmingSpaces }
    guard (1...2).contains(ends.count), let first = IPv4Address(ends[0]), let last = IPv4Address(ends[ends.count - 1]) else { return nil }
    let loopback: UInt32 = 127
    let crossesLoopback = first.rawValue >> 24 < loopback && last.rawValue >> 24 > loopback
    guard first.isUnicast, last.isUnicast, first <= last, !crossesLoopback else { return nil }
    self.init(first: first, last: last)
  }

  func contains(_ address: IPv4Address) -> Bool { first <= address && address <= last }

  func overlaps(_ other: AddressRange) -> Bool { first <= other.last && other.first <= last }

  var text: String { first == last ? "\(first)" : "\(first)-\(last)" }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: SubSequence {
    let start = firstIndex { $0 != " " } ?? endIndex
    let end = lastIndex { $0 != " " }.map { index(after: $0) } ?? start
    return self[start..<end]
  }
}

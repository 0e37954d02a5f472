/// Addresses as people write them. Never on the packet path.
extension IPv4Address: CustomStringConvertible {
  /// Reads dotted-decimal notation, all four parts given; no leading zeros, which some read as octal. Nil when it is none.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let octet = UInt8(part),
        part.utf8.count == 1 || part.utf8.first != 48
      else { return nil }
      value = value << 8 | UInt32(octet)
    }
    self.init(value)
  }

  public var description: String {
    "\(rawValue >> 24).\(rawValue >> 16 & 255).\(rawValue >> 8 & 255).\(rawValue & 255)"
  }
}

extension MACAddress: CustomStringConvertible {
  /// Reads six hexadecimal octets separated by colons. Nil when it is none.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 6 else { return nil }
    var value: UInt64 = 0
    for part in parts {
      guard part.utf8.count == 2, part.utf8.allSatisfy({ $0 != 43 && $0 != 45 }), let octet = UInt8(part, radix: 16) else {
        return nil
      }
      value = value << 8 | UInt64(octet)
    }
    self.init(value)
  }

  public var description: String {
    (0..<6).map { shift in
      let octet = String(rawValue >> UInt64(40 - 8 * shift) & 255, radix: 16)
      return octet.count == 1 ? "0" + octet : octet
    }.joined(separator: ":")
  }
}

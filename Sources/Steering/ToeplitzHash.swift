/// The secret of receive-side scaling, as a port is given it: 40 octets, or 52 where the hardware asks for them.
public struct RSSKey: Hashable, Sendable {
  public let octets: [UInt8]

  /// A key of 40 or 52 octets; anything else is `keyLength`.
  public init(_ octets: [UInt8]) throws(SteeringError) {
    guard octets.count == 40 || octets.count == 52 else { throw .keyLength(octets.count) }
    self.octets = octets
  }

  private init(trusted octets: [UInt8]) { self.octets = octets }

  /// The key of Microsoft's RSS verification suite, which most drivers default to.
  public static let microsoft = RSSKey(trusted: [
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
    0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
  ])

  /// The Toeplitz hash as it is defined: for each set bit of the input, the 32 bits of the key that begin at the same bit, added modulo 2.
  /// The input has at least 4 octets less than the key. Costs an addition per set bit; `ToeplitzHash` is the fast form.
  public func hash(of input: some Collection<UInt8>) -> UInt32 {
    precondition(input.count + 4 <= octets.count, "an input longer than the key allows")
    var sum: UInt32 = 0
    for (index, octet) in input.enumerated() {
      for bit in 0..<8 where octet & 0x80 >> bit != 0 { sum ^= window(index, bit) }
    }
    return sum
  }

  /// The 32 bits of the key from this bit of this octet on, the octet's highest bit being bit 0.
  private func window(_ index: Int, _ bit: Int) -> UInt32 {
    let bits = (0..<5).reduce(UInt64(0)) { $0 << 8 | UInt64(octets[index + $1]) }
    return UInt32(truncatingIfNeeded: bits >> UInt64(8 - bit))
  }
}

/// The Toeplitz hash of a TCP/IPv4 packet's addresses and ports, from tables.
///
/// The hash is linear: that of a packet is the exclusive or of its fields' parts, so that parts which stay need not be computed again.
/// Costs a load for each octet; the tables take 12 KiB.
public struct ToeplitzHash: ~Copyable, @unchecked Sendable {
  /// For each octet of the input, source address, destination address, source port, destination port, the part of each of its 256 values.
  private let tables: UnsafeMutablePointer<UInt32>
  private static let inputLength = 12

  public init(key: RSSKey) {
    tables = .allocate(capacity: Self.inputLength * 256)
    for position in 0..<Self.inputLength {
      var input = [UInt8](repeating: 0, count: Self.inputLength)
      for value in 0..<256 {
        input[position] = UInt8(value)
        (tables + position * 256 + value).initialize(to: key.hash(of: input))
      }
    }
  }

  deinit { tables.deallocate() }

  /// The part of the source address.
  @inline(__always)
  public func source(_ address: IPv4Address) -> UInt32 { part(of: address, at: 0) }

  /// The part of the destination address.
  @inline(__always)
  public func destination(_ address: IPv4Address) -> UInt32 { part(of: address, at: 4) }

  /// The part of the source port.
  @inline(__always)
  public func sourcePort(_ port: UInt16) -> UInt32 { part(of: port, at: 8) }

  /// The part of the destination port.
  @inline(__always)
  public func destinationPort(_ port: UInt16) -> UInt32 { part(of: port, at: 10) }

  /// What a port computes over addresses only.
  @inline(__always)
  public func value(source: IPv4Address, destination: IPv4Address) -> UInt32 {
    self.source(source) ^ self.destination(destination)
  }

  /// What a port computes over addresses and ports.
  @inline(__always)
  public func value(
    source: IPv4Address, sourcePort: UInt16, destination: IPv4Address, destinationPort: UInt16
  ) -> UInt32 {
    value(source: source, destination: destination) ^ self.sourcePort(sourcePort) ^ self.destinationPort(destinationPort)
  }

  @inline(__always)
  private func part(of address: IPv4Address, at position: Int) -> UInt32 {
    part(of: UInt16(truncatingIfNeeded: address.rawValue &>> 16), at: position)
      ^ part(of: UInt16(truncatingIfNeeded: address.rawValue), at: position &+ 2)
  }

  @inline(__always)
  private func part(of field: UInt16, at position: Int) -> UInt32 {
    let table = tables + position &* 256
    return table[Int(field &>> 8)] ^ table[256 &+ Int(field & 255)]
  }
}

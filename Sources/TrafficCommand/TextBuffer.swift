import TCPEngine

/// Text that is put together piece by piece; faster than interpolation, for millions of lines.
struct TextBuffer {
  private(set) var octets: [UInt8] = []

  mutating func append(_ text: String) { octets.append(contentsOf: text.utf8) }

  mutating func append(_ text: StaticString) {
    octets.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// In decimal notation.
  mutating func append(_ number: some UnsignedInteger & FixedWidthInteger) {
    let first = octets.count
    var rest = UInt64(number)
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      octets.append(48 + UInt8(digit))
      rest = quotient
    } while rest > 0
    octets[first...].reverse()
  }

  /// All 16 hexadecimal digits.
  mutating func appendHexadecimal(_ number: UInt64) {
    for shift in stride(from: UInt64(60), through: 0, by: -4) {
      let digit = UInt8(number >> shift & 15)
      octets.append(digit < 10 ? 48 + digit : 87 + digit)
    }
  }

  mutating func append(_ address: IPv4Address) {
    append(address.rawValue >> 24)
    for shift in [16, 8, 0] as [UInt32] {
      append(".")
      append(address.rawValue >> shift & 255)
    }
  }

  /// Makes it empty; its memory stays.
  mutating func removeAll() { octets.removeAll(keepingCapacity: true) }
}

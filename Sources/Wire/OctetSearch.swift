extension UnsafeRawPointer {
  /// How many octets lie before the next `octet`, in offsets `from` up to `end`: all, when there is none. Eight at a time.
  @inline(__always)
  public func distance(to octet: UInt8, from: Int, end: Int) -> Int {
    let pattern = UInt64(octet) &* 0x0101_0101_0101_0101
    var at = from
    while at &+ 8 <= end {
      // The first octet is the lowest, whatever the machine; the lowest octet that is zero has its top bit set by the subtraction.
      let word = bigEndian64(at).byteSwapped ^ pattern
      let zero = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zero != 0 { return at &+ zero.trailingZeroBitCount &>> 3 &- from }
      at &+= 8
    }
    while at < end, self.octet(at) != octet { at &+= 1 }
    return at &- from
  }

  /// The same, to the next octet that is less than `limit`, which is at most 128.
  @inline(__always)
  public func distance(toLessThan limit: UInt8, from: Int, end: Int) -> Int {
    let limits = UInt64(limit) &* 0x0101_0101_0101_0101
    var at = from
    while at &+ 8 <= end {
      // As above: of an octet below the limit, and of none before it, the subtraction sets the top bit.
      let word = bigEndian64(at).byteSwapped
      let less = (word &- limits) & ~word & 0x8080_8080_8080_8080
      if less != 0 { return at &+ less.trailingZeroBitCount &>> 3 &- from }
      at &+= 8
    }
    while at < end, self.octet(at) >= limit { at &+= 1 }
    return at &- from
  }
}

/// What bodies are made of: lines of 16 octets, each the line's number in 15 hexadecimal digits and a line feed. So every octet tells its
/// place, a person can read it, and a script can make the same: `printf "%015x\n" 0 1 2 3`.
enum HTTPBody {
  /// The largest body that is sent: stream offsets come around after 2^32 octets, and both ends of what is in flight must fit.
  static var largest: Int { 2_000_000_000 }

  /// The second half of a line; the first is eight zeros, as numbers stay below 2^28.
  @inline(always)
  private static func secondHalf(_ line: UInt32) -> UInt64 {
    // Eight nibbles, the number's seven and a zero, spread to an octet each.
    var octets = UInt64(line) &<< 4
    octets = (octets | octets &<< 16) & 0x0000_ffff_0000_ffff
    octets = (octets | octets &<< 8) & 0x00ff_00ff_00ff_00ff
    octets = (octets | octets &<< 4) & 0x0f0f_0f0f_0f0f_0f0f
    // 10 and above are letters.
    let letters = ((octets &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
    let digits = octets &+ 0x3030_3030_3030_3030 &+ (letters &* 0x27)
    // In memory the most significant digit comes first; the zero gives its place to the line feed.
    return networkOrder(digits & ~0xff | 0x0a)
  }

  private static var firstHalf: UInt64 { 0x3030_3030_3030_3030 }

  /// The octet at a place of the body.
  @inline(always)
  private static func octet(_ place: UInt32) -> UInt8 {
    let half = place & 8 == 0 ? firstHalf : secondHalf(place &>> 4)
    return UInt8(truncatingIfNeeded: networkOrder(half) &>> UInt64(56 &- (place & 7) &* 8))
  }

  /// Writes `count` octets of a body from `place` on.
  @inline(never)
  static func write(_ place: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    var at = 0
    var place = place
    while at < count, place & 15 != 0 {
      bytes.store(octet(place), at: at)
      at &+= 1
      place &+= 1
    }
    while at &+ 16 <= count {
      bytes.store(firstHalf, at: at)
      bytes.store(secondHalf(place &>> 4), at: at &+ 8)
      at &+= 16
      place &+= 16
    }
    while at < count {
      bytes.store(octet(place), at: at)
      at &+= 1
      place &+= 1
    }
  }

  /// Whether these are the octets of a body from `place` on.
  @inline(never)
  static func matches(_ place: UInt32, _ bytes: UnsafeRawPointer, count: Int) -> Bool {
    var at = 0
    var place = place
    while at < count, place & 15 != 0 {
      if bytes.octet(at) != octet(place) { return false }
      at &+= 1
      place &+= 1
    }
    while at &+ 16 <= count {
      if bytes.native64(at) != firstHalf || bytes.native64(at &+ 8) != secondHalf(place &>> 4) { return false }
      at &+= 16
      place &+= 16
    }
    while at < count {
      if bytes.octet(at) != octet(place) { return false }
      at &+= 1
      place &+= 1
    }
    return true
  }
}

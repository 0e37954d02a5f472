/// The Internet checksum (RFC 1071), summed in the machine's own byte order (RFC 1071 section 2 B): a 64-bit one's complement sum, with
/// the carry added back at once.
///
/// The sum may be taken from memory or from register values that are about to be stored; the second spares reading back what was just
/// written. Costs about two ticks per 8 octets, less in long runs.
public struct ChecksumSum: Sendable, BitwiseCopyable {
  public var value: UInt64

  @inline(__always)
  public init(_ value: UInt64 = 0) { self.value = value }

  /// The sum of words as they lie in memory, where each addition's carry goes into the next.
  ///
  /// - Parameter last: below 2^63, so that the last carry brings no other.
  @inline(__always)
  init(_ first: UInt64, _ second: UInt64, last: UInt64) {
    var carry = false
    let sum = Self.adding(first, second, &carry)
    value = Self.adding(sum, last, &carry) &+ Self.number(carry)
  }

  @inline(__always)
  init(_ first: UInt64, _ second: UInt64, _ third: UInt64, last: UInt64) {
    var carry = false
    let sum = Self.adding(Self.adding(first, second, &carry), third, &carry)
    value = Self.adding(sum, last, &carry) &+ Self.number(carry)
  }

  /// Two additions of which one at most has a carry: one of the processor's, as nothing here is written as a choice.
  @inline(__always)
  private static func adding(_ a: UInt64, _ b: UInt64, _ carry: inout Bool) -> UInt64 {
    let (half, overflow) = a.addingReportingOverflow(b)
    let (sum, other) = half.addingReportingOverflow(number(carry))
    carry = overflow != other
    return sum
  }

  @inline(__always)
  private static func number(_ carry: Bool) -> UInt64 { UInt64(unsafeBitCast(carry, to: UInt8.self)) }

  /// Adds 4 octets, given as they lie in memory.
  @inline(__always)
  public mutating func add(_ word: UInt32) { add(UInt64(word)) }

  /// Adds 8 octets, given as they lie in memory.
  @inline(__always)
  public mutating func add(_ word: UInt64) {
    let (sum, carry) = value.addingReportingOverflow(word)
    value = sum &+ (carry ? 1 : 0)
  }

  /// Adds a 16-bit field given by its numeric value.
  @inline(__always)
  public mutating func add(field: UInt16) { add(UInt64(networkOrder(field))) }

  /// Adds `count` octets at `bytes`, an odd last one padded with zero (RFC 1071 section 1).
  @inline(__always)
  public mutating func add(_ bytes: UnsafeRawPointer, count: Int) {
    // What the options of a SYN are, and short payloads.
    guard usually(count & 3 == 0), usually(count < 32) else { return add(Self.sumOfRun(bytes, count: count)) }
    var place = bytes
    if count & 16 != 0 {
      add(place.native64(0))
      add(place.native64(8))
      place = place + 16
    }
    if count & 8 != 0 {
      add(place.native64(0))
      place = place + 8
    }
    if count & 4 != 0 { add(place.native32(0)) }
  }

  @inline(never)
  private static func sumOfRun(_ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
    var sum = ChecksumSum()
    var offset = 0
    if count >= blockLength {
      offset = count & ~(blockLength &- 1)
      sum.add(sumOfBlocks(bytes, count: offset))
    }
    let whole = count & ~7
    while offset < whole {
      sum.add(bytes.native64(offset))
      offset &+= 8
    }
    if count & 4 != 0 {
      sum.add(bytes.native32(offset))
      offset &+= 4
    }
    if count & 2 != 0 {
      sum.add(UInt64(bytes.native16(offset)))
      offset &+= 2
    }
    if count & 1 != 0 { sum.add(UInt64(networkOrder(UInt16(bytes.octet(offset)) &<< 8))) }
    return sum.value
  }

  private static var blockLength: Int { 64 }

  /// The sum of whole blocks, in vector registers: the compiler makes none of a loop over words.
  @inline(never)
  private static func sumOfBlocks(_ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
    // 2^32 halves of 32 bits cannot overflow 64 bits.
    let mask = SIMD8<UInt64>(repeating: 0xffff_ffff)
    let half = SIMD8<UInt64>(repeating: 32)
    var low = SIMD8<UInt64>(repeating: 0)
    var high = low
    var offset = 0
    while offset < count {
      let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
      low = low &+ (words & mask)
      high = high &+ (words &>> half)
      offset &+= blockLength
    }
    return low.wrappedSum() &+ high.wrappedSum()
  }

  /// The sum folded to 16 bits, in memory order: 0xffff over data that includes its own valid checksum.
  @inline(__always)
  public var folded: UInt16 {
    // The high half of a number plus itself rotated by half is the sum of its halves with the carry added back.
    let half = UInt32(truncatingIfNeeded: (value &+ (value &<< 32 | value &>> 32)) &>> 32)
    return UInt16(truncatingIfNeeded: (half &+ (half &<< 16 | half &>> 16)) &>> 16)
  }

  /// Whether it is the sum of data that includes its own valid checksum; the data must not be all zeros. Such a sum is a multiple of 0xffff.
  ///
  /// What an odd number divides is, times that number's inverse, the quotient; nothing else comes out that small.
  @inline(__always)
  public var isWhole: Bool { value &* 0xfffe_fffe_fffe_ffff <= UInt64.max / 0xffff }

  /// What to store, in memory order, in the checksum field that was zero while summing.
  @inline(__always)
  public var field: UInt16 { ~folded }
}

/// Updates a checksum by what a change of the data comes to (RFC 1624 equation 3): the sum of the complement of what was there and of what is
/// there now, folded or a sum of a few such, below 2^31. All in memory order.
@inline(__always)
public func updatedChecksum(_ field: UInt16, by change: UInt32) -> UInt16 {
  let sum = UInt32(~field) &+ change
  return ~UInt16(truncatingIfNeeded: (sum &+ (sum &<< 16 | sum &>> 16)) &>> 16)
}

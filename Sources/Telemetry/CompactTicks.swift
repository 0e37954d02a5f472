/// A span of ticks in 32 bits: exact below 3 * 2^26 ticks (80 ms at 2.5 GHz), to 6 parts in a billion above, up to 2^57.
///
/// They are the upper 27 bits of the fraction and the lower 5 of the exponent that the span plus 2^26 has as a `Double`: with that much
/// added, exponents are 26 to 57, no two of which have the same lower 5 bits. So the processor's own conversion does most of the work.
public struct CompactTicks: BitwiseCopyable, Sendable, Equatable {
  public var rawValue: UInt32

  private static var added: UInt64 { 1 << 26 }
  /// Of `Double`: the bits of the fraction that are left out, and its exponent's zero.
  private static var leftOut: UInt64 { 25 }
  private static var exponentBias: UInt64 { 1_023 }

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  @inline(__always)
  public init(_ ticks: UInt64) {
    rawValue = UInt32(truncatingIfNeeded: Double(Int64(bitPattern: ticks &+ Self.added)).bitPattern &>> Self.leftOut)
  }

  /// The middle of the spans that have this form.
  public var ticks: UInt64 {
    let smallest = Self.exponentBias + 26
    let exponent = smallest + (UInt64(rawValue >> 27) &- smallest) & 31
    let fraction = UInt64(rawValue & 0x7ff_ffff) << Self.leftOut
    let first = UInt64(Double(bitPattern: exponent << 52 | fraction)) - Self.added
    let width = (UInt64(1) << (exponent - Self.exponentBias)) >> 27
    return first + width >> 1
  }
}

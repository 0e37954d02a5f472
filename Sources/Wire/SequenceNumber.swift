/// A position in a TCP byte stream, modulo 2^32 (RFC 9293 3.4).
///
/// Comparison is circular: `a < b` when b lies in the half of the number space ahead of a. Costs what the integer operation costs; never traps.
public struct SequenceNumber: Equatable, Sendable, BitwiseCopyable {
  /// The number as it stands in the header.
  public var rawValue: UInt32

  @inline(__always)
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  // Written out: a derived one is a call.
  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }

  @inline(__always)
  public static func < (a: Self, b: Self) -> Bool { Int32(bitPattern: a.rawValue &- b.rawValue) < 0 }

  @inline(__always)
  public static func <= (a: Self, b: Self) -> Bool { Int32(bitPattern: a.rawValue &- b.rawValue) <= 0 }

  @inline(__always)
  public static func > (a: Self, b: Self) -> Bool { b < a }

  @inline(__always)
  public static func >= (a: Self, b: Self) -> Bool { b <= a }

  /// The number `length` octets further on.
  @inline(__always)
  public static func + (a: Self, length: UInt32) -> Self { Self(a.rawValue &+ length) }

  /// The number `length` octets before.
  @inline(__always)
  public static func - (a: Self, length: UInt32) -> Self { Self(a.rawValue &- length) }

  /// Octets from `start` to this number.
  @inline(__always)
  public func distance(from start: Self) -> UInt32 { rawValue &- start.rawValue }

  /// Whether the number lies in the `size` octets from `start` on.
  @inline(__always)
  public func isInWindow(from start: Self, size: UInt32) -> Bool { rawValue &- start.rawValue < size }
}

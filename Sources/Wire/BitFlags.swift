/// Tests and changes of single flags that are one instruction in every build: OptionSet's own are generic calls until they are optimised.
extension OptionSet where RawValue: FixedWidthInteger {
  /// Whether any of the flags is set.
  @inline(__always)
  public func has(_ flags: Self) -> Bool { rawValue & flags.rawValue != 0 }

  /// Whether all of the flags are set.
  @inline(__always)
  public func hasAll(_ flags: Self) -> Bool { rawValue & flags.rawValue == flags.rawValue }

  @inline(__always)
  mutating func set(_ flags: Self) { self = Self(rawValue: rawValue | flags.rawValue) }

  @inline(__always)
  mutating func clear(_ flags: Self) { self = Self(rawValue: rawValue & ~flags.rawValue) }
}

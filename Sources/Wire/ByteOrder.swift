/// Unaligned loads and stores in network byte order. The caller has proved the length.
extension UnsafeRawPointer {
  @inline(__always)
  public func loadBigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type = T.self) -> T {
    T(bigEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }

  /// A load in the machine's own order.
  @inline(__always)
  public func loadNative<T: BitwiseCopyable>(_ offset: Int, as type: T.Type = T.self) -> T {
    loadUnaligned(fromByteOffset: offset, as: type)
  }
}

extension UnsafeMutableRawPointer {
  @inline(__always)
  public func storeBigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
  }

  /// A store in the machine's own order.
  @inline(__always)
  public func storeNative<T: BitwiseCopyable>(_ value: T, at offset: Int) {
    storeBytes(of: value, toByteOffset: offset, as: T.self)
  }
}

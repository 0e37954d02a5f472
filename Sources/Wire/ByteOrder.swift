/// Unaligned loads and stores: in network byte order, or as the octets lie in memory. The caller has proved the length.
extension UnsafeRawPointer {
  @inline(__always)
  public func octet(_ offset: Int) -> UInt8 { loadUnaligned(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  public func bigEndian16(_ offset: Int) -> UInt16 { networkOrder(native16(offset)) }

  @inline(__always)
  public func bigEndian32(_ offset: Int) -> UInt32 { networkOrder(native32(offset)) }

  @inline(__always)
  public func bigEndian64(_ offset: Int) -> UInt64 { networkOrder(native64(offset)) }

  @inline(__always)
  public func native16(_ offset: Int) -> UInt16 { loadUnaligned(fromByteOffset: offset, as: UInt16.self) }

  @inline(__always)
  public func native32(_ offset: Int) -> UInt32 { loadUnaligned(fromByteOffset: offset, as: UInt32.self) }

  @inline(__always)
  public func native64(_ offset: Int) -> UInt64 { loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
}

extension UnsafeMutableRawPointer {
  @inline(__always)
  public func store(_ value: UInt8, at offset: Int) { storeBytes(of: value, toByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  public func store(_ value: UInt16, at offset: Int) { storeBytes(of: value, toByteOffset: offset, as: UInt16.self) }

  @inline(__always)
  public func store(_ value: UInt32, at offset: Int) { storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }

  @inline(__always)
  public func store(_ value: UInt64, at offset: Int) { storeBytes(of: value, toByteOffset: offset, as: UInt64.self) }
}

// Between the machine's order and the network's. The library's `bigEndian` is a generic call until it is optimised; this is one instruction.
@inline(__always)
public func networkOrder(_ value: UInt16) -> UInt16 {
  #if _endian(little)
    value.byteSwapped
  #else
    value
  #endif
}

@inline(__always)
public func networkOrder(_ value: UInt32) -> UInt32 {
  #if _endian(little)
    value.byteSwapped
  #else
    value
  #endif
}

@inline(__always)
public func networkOrder(_ value: UInt64) -> UInt64 {
  #if _endian(little)
    value.byteSwapped
  #else
    value
  #endif
}

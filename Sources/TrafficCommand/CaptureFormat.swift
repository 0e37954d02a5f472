import TCPEngine

/// The classic pcap format, with nanoseconds, in this machine's byte order: a header of the file, then a header before each frame.
enum CaptureFormat {
  /// Says that times are in nanoseconds, and by the order of its octets how numbers lie.
  static var magic: UInt32 { 0xa1b2_3c4d }
  /// LINKTYPE_ETHERNET
  static var linkType: UInt32 { 1 }
  /// Octets of a frame at most: all that a length of 16 bits can say, as a capture keeps frames whole.
  static var snapLength: UInt32 { 65_535 }
  static var fileHeaderLength: Int { 24 }
  static var frameHeaderLength: Int { 16 }

  /// Writes the header of the file.
  static func writeHeader(to place: UnsafeMutableRawPointer) {
    place.storeBytes(of: magic, as: UInt32.self)
    place.storeBytes(of: 2, toByteOffset: 4, as: UInt16.self)  // version 2.4
    place.storeBytes(of: 4, toByteOffset: 6, as: UInt16.self)
    place.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)  // time zone and accuracy, always 0
    place.storeBytes(of: snapLength, toByteOffset: 16, as: UInt32.self)
    place.storeBytes(of: linkType, toByteOffset: 20, as: UInt32.self)
  }

  /// Writes a piece of a frame, the first with the frame's header. Octets written: at most `frameHeaderLength` and a piece's.
  @inline(__always)
  static func write(_ frame: UnsafePointer<CapturedFrame>, nanoseconds: UInt64, to place: UnsafeMutableRawPointer) -> Int {
    let octets = UnsafeRawPointer(frame) + CapturedFrame.headerLength
    let count = Int(frame.pointee.captured)
    guard frame.pointee.length > 0 else {
      place.copyMemory(from: octets, byteCount: count)
      return count
    }
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    place.storeBytes(of: UInt32(truncatingIfNeeded: seconds), as: UInt32.self)
    place.storeBytes(of: UInt32(truncatingIfNeeded: rest), toByteOffset: 4, as: UInt32.self)
    place.storeBytes(of: frame.pointee.length, toByteOffset: 8, as: UInt32.self)
    place.storeBytes(of: frame.pointee.length, toByteOffset: 12, as: UInt32.self)
    (place + frameHeaderLength).copyMemory(from: octets, byteCount: count)
    return frameHeaderLength + count
  }
}

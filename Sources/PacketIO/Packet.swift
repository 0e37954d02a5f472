public import CPacket

/// A buffer as ports and bursts hold it: who holds the pointer owns the buffer.
public typealias PacketPointer = UnsafeMutablePointer<packet_buffer>

/// A frame with exactly one owner. It ends by being transmitted, kept or freed; the compiler sees to it that it is used once, and a debug
/// build stops where one is dropped.
@frozen
public struct Packet: ~Copyable {
  @usableFromInline let buffer: PacketPointer

  /// Takes ownership of the buffer.
  @inlinable @inline(__always)
  public init(owning buffer: PacketPointer) { self.buffer = buffer }

  @inlinable @inline(__always)
  deinit { assertionFailure("a packet was neither transmitted, kept nor freed") }

  /// Gives ownership away.
  @inlinable @inline(__always)
  public consuming func release() -> PacketPointer {
    let buffer = self.buffer
    discard self
    return buffer
  }

  /// The frame's first octet.
  @inlinable @inline(__always)
  public var bytes: UnsafeMutableRawPointer { UnsafeMutableRawPointer(packet_data(buffer)) }

  /// The frame's length in octets.
  @inlinable @inline(__always)
  public var length: Int {
    get { Int(buffer.pointee.pkt_len) }
    nonmutating set { packet_set_length(buffer, UInt32(truncatingIfNeeded: newValue)) }
  }
}

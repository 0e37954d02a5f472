import CPacket

/// A buffer as ports and bursts hold it: who holds the pointer owns the buffer.
public typealias PacketPointer = UnsafeMutablePointer<packet_buffer>

/// A frame with exactly one owner. It ends by being transmitted, kept or freed; the compiler sees to it that it is used once, and a debug
/// build stops where one is dropped.
public struct Packet: ~Copyable {
  let buffer: PacketPointer

  /// Takes ownership of the buffer.
  @inline(__always)
  public init(owning buffer: PacketPointer) { self.buffer = buffer }

  #if DEBUG
    deinit { assertionFailure("a packet was neither transmitted, kept nor freed") }
  #endif

  /// Gives ownership away.
  @inline(__always)
  public consuming func release() -> PacketPointer {
    let buffer = self.buffer
    #if DEBUG
      discard self
    #endif
    return buffer
  }

  /// The frame's first octet.
  @inline(__always)
  public var bytes: UnsafeMutableRawPointer { UnsafeMutableRawPointer(packet_data(buffer)) }

  /// Which side of a two-sided port it came from, or goes to (`PairPort`).
  @inline(__always)
  public var side: UInt16 {
    get { buffer.pointee.port }
    nonmutating set { buffer.pointee.port = newValue }
  }

  /// The frame's length in octets.
  @inline(__always)
  public var length: Int {
    get { Int(buffer.pointee.pkt_len) }
    nonmutating set { packet_set_length(buffer, UInt32(truncatingIfNeeded: newValue)) }
  }
}

extension Packet {
  /// Asks the port for what `flags` say (CPacket).
  @inline(__always)
  func leaveSums(_ flags: UInt64, linkLength: UInt32, networkLength: UInt32) {
    packet_leave_sums(buffer, flags, linkLength, networkLength)
  }
}

/// A buffer that may or may not still be there to be used.
extension Optional where Wrapped == Packet {
  /// Takes the packet out. (The library's `take` is a call.)
  @inline(always)
  mutating func claim() -> Packet? {
    let packet = consume self
    self = nil
    return packet
  }
}

import CPacket

/// A buffer on its way between a worker and the thread that reads and writes the kernel interface, and what is to be done with it.
public struct KernelParcel: BitwiseCopyable, @unchecked Sendable {
  public enum Kind: UInt8, Sendable, BitwiseCopyable {
    /// Towards the kernel: a frame to be written. From it: a frame that it sent.
    case frame
    /// Towards the kernel: an empty buffer to be filled.
    case empty
    /// From the kernel's side: a buffer whose frame was written, or that was never filled.
    case done
    /// From the kernel's side: a buffer whose frame the kernel did not take.
    case refused
  }

  public var packet: PacketPointer
  public var kind: Kind

  @inline(__always)
  public init(_ packet: PacketPointer, _ kind: Kind) {
    self.packet = packet
    self.kind = kind
  }
}

/// One worker's way to the kernel and back. Every buffer that goes one way comes back the other, so only the worker allocates and frees.
public struct KernelChannel: ~Copyable, @unchecked Sendable {
  public let toKernel: SPSCRing<KernelParcel>
  public let fromKernel: SPSCRing<KernelParcel>
  /// This worker sends what the kernel sends.
  let sends: Bool

  /// Frames that can wait for the kernel; beyond that they are dropped, and counted.
  public static var capacity: Int { 256 }
  /// Empty buffers that wait for the kernel to fill them.
  public static var empties: Int { 64 }
  /// Packet buffers that a channel may hold.
  public static var buffers: Int { 2 * capacity + empties }

  public init(sends: Bool) {
    toKernel = SPSCRing(capacity: Self.capacity)
    fromKernel = SPSCRing(capacity: Self.capacity)
    self.sends = sends
  }
}

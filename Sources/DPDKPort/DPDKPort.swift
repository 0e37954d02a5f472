import CDPDK
import CPacket

/// One queue pair of a DPDK port. Two C calls a turn (receive, transmit); buffers are kept at hand, so that a frame that is freed is the
/// next one to be filled, while it is still in the first-level cache.
public struct DPDKPort: PacketPort, ~Copyable, @unchecked Sendable {
  private let port: UInt16
  private let queue: UInt16
  private let pool: UnsafeMutableRawPointer
  /// Buffers at hand: 0 ..< count.
  private let hand: UnsafeMutablePointer<PacketPointer>
  private var count = 0
  private let capacity: Int

  /// Buffers taken from the pool at once.
  private static var refill: Int { 32 }

  /// - Parameters:
  ///   - pool: the queue's own pool, from `DPDK.createPool`.
  ///   - cacheSize: buffers to keep at hand.
  public init(port: UInt16, queue: UInt16, pool: UnsafeMutableRawPointer, cacheSize: Int) {
    self.port = port
    self.queue = queue
    self.pool = pool
    capacity = max(cacheSize, Self.refill)
    hand = .allocate(capacity: capacity)
  }

  deinit {
    dpdk_free(hand, UInt32(count))
    hand.deallocate()
  }

  @inline(__always)
  public func beginTurn(now: Ticks) {}

  @inline(__always)
  public func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    Int(dpdk_receive(port, queue, burst, UInt16(truncatingIfNeeded: count)))
  }

  @inline(__always)
  public func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    Int(dpdk_transmit(port, queue, burst, UInt16(truncatingIfNeeded: count)))
  }

  @inline(__always)
  public mutating func allocate() -> Packet? {
    if rarely(count == 0) {
      guard dpdk_allocate(pool, hand, UInt32(truncatingIfNeeded: Self.refill)) == 0 else { return nil }
      count = Self.refill
    }
    count &-= 1
    let buffer = hand[count]
    // The one that is taken next lay here longer.
    prefetch_buffer(hand[count == 0 ? 0 : count &- 1])
    packet_reset(buffer)
    return Packet(owning: buffer)
  }

  @inline(__always)
  public mutating func free(_ packet: consuming Packet) {
    let buffer = packet.release()
    guard usually(buffer.pointee.pool == pool), usually(buffer.pointee.nb_segs == 1), usually(buffer.pointee.refcnt == 1) else {
      return freeOther(buffer)
    }
    if rarely(count == capacity) { makeRoom() }
    hand[count] = buffer
    count &+= 1
  }

  /// A buffer of another pool, of several segments or with several owners.
  @inline(never)
  private func freeOther(_ buffer: PacketPointer) {
    var buffer = buffer
    dpdk_free(&buffer, 1)
  }

  /// Gives the half that was used longest ago back to the pool.
  @inline(never)
  private mutating func makeRoom() {
    let half = capacity / 2
    dpdk_free(hand, UInt32(truncatingIfNeeded: half))
    for index in half..<capacity { hand[index &- half] = hand[index] }
    count = capacity &- half
  }
}

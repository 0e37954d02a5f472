import CPacket

#if canImport(Glibc)
  import Glibc
#endif

/// The wire and the buffers of in-memory ports: what is transmitted on one port is received on the other, in order. It must outlive its
/// ports.
public struct MemoryLink: ~Copyable, @unchecked Sendable {
  fileprivate struct Queue {
    var entries: UnsafeMutablePointer<PacketPointer>
    var head = 0
    var tail = 0
  }

  fileprivate struct Pool {
    var free: UnsafeMutablePointer<PacketPointer>
    var freeCount: Int
    let buffers: Int
    let memory: UnsafeMutableRawPointer
  }

  fileprivate struct State {
    var queues: (Queue, Queue)
    let depth: Int
    let pool: UnsafeMutablePointer<Pool>
  }

  fileprivate let state: UnsafeMutablePointer<State>
  private let ownsPool: Bool

  /// A link with `buffers` packet buffers of `room` octets, headroom included, and two queues of `depth` frames, a power of two.
  public init(buffers: Int = 4096, depth: Int = 1024, room: Int = Int(PACKET_ROOM)) {
    let header = MemoryLayout<packet_buffer>.stride
    let stride = header + (room + 63) / 64 * 64
    let memory = UnsafeMutableRawPointer.allocate(byteCount: stride * buffers, alignment: 64)
    memset(memory, 0, stride * buffers)
    let free = UnsafeMutablePointer<PacketPointer>.allocate(capacity: buffers)
    for index in 0..<buffers {
      let place = memory + index * stride
      let buffer = place.bindMemory(to: packet_buffer.self, capacity: 1)
      buffer.pointee.buf_addr = (place + header).assumingMemoryBound(to: UInt8.self)
      buffer.pointee.buf_len = UInt16(room)
      buffer.pointee.refcnt = 1
      free[index] = buffer
    }
    let pool = UnsafeMutablePointer<Pool>.allocate(capacity: 1)
    pool.initialize(to: Pool(free: free, freeCount: buffers, buffers: buffers, memory: memory))
    self.init(pool, depth: depth, ownsPool: true)
  }

  /// A link with the buffers of another one, which must outlive it.
  public init(sharing other: borrowing MemoryLink, depth: Int = 1024) { self.init(other.state.pointee.pool, depth: depth, ownsPool: false) }

  private init(_ pool: UnsafeMutablePointer<Pool>, depth: Int, ownsPool: Bool) {
    precondition(depth & (depth - 1) == 0)
    func queue() -> Queue { Queue(entries: .allocate(capacity: depth)) }
    state = .allocate(capacity: 1)
    state.initialize(to: State(queues: (queue(), queue()), depth: depth, pool: pool))
    self.ownsPool = ownsPool
  }

  deinit {
    state.pointee.queues.0.entries.deallocate()
    state.pointee.queues.1.entries.deallocate()
    if ownsPool {
      state.pointee.pool.pointee.free.deallocate()
      state.pointee.pool.pointee.memory.deallocate()
      state.pointee.pool.deallocate()
    }
    state.deallocate()
  }

  /// Buffers that are neither free nor on the wire: held by engines, or on another link of the pool. Zero when nothing leaked.
  public var outstanding: Int { state.pointee.pool.pointee.buffers - state.pointee.pool.pointee.freeCount - inFlight }

  /// Frames on the wire.
  public var inFlight: Int {
    let queues = state.pointee.queues
    return queues.0.tail - queues.0.head + queues.1.tail - queues.1.head
  }
}

/// One end of a `MemoryLink`.
public struct MemoryPort: PacketPort, ~Copyable, @unchecked Sendable {
  public enum End: Sendable {
    /// One port whose frames come back to itself.
    case loop
    case a
    case b
  }

  private let state: UnsafeMutablePointer<MemoryLink.State>
  private let end: End

  public init(_ link: borrowing MemoryLink, end: End = .loop) {
    state = link.state
    self.end = end
  }

  public func beginTurn(now: Ticks) {}

  public func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    end == .a ? take(&state.pointee.queues.1, burst, count) : take(&state.pointee.queues.0, burst, count)
  }

  public func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    end == .b ? put(&state.pointee.queues.1, burst, count) : put(&state.pointee.queues.0, burst, count)
  }

  public func allocate() -> Packet? {
    let pool = state.pointee.pool
    guard pool.pointee.freeCount > 0 else { return nil }
    pool.pointee.freeCount &-= 1
    let buffer = pool.pointee.free[pool.pointee.freeCount]
    packet_reset(buffer)
    return Packet(owning: buffer)
  }

  public func free(_ packet: consuming Packet) {
    let pool = state.pointee.pool
    pool.pointee.free[pool.pointee.freeCount] = packet.release()
    pool.pointee.freeCount &+= 1
  }

  private func take(_ queue: inout MemoryLink.Queue, _ burst: UnsafeMutablePointer<PacketPointer>, _ count: Int) -> Int {
    let taken = min(count, queue.tail &- queue.head)
    for index in 0..<taken { burst[index] = queue.entries[(queue.head &+ index) & (state.pointee.depth &- 1)] }
    queue.head &+= taken
    return taken
  }

  private func put(_ queue: inout MemoryLink.Queue, _ burst: UnsafeMutablePointer<PacketPointer>, _ count: Int) -> Int {
    let room = state.pointee.depth &- (queue.tail &- queue.head)
    let taken = min(count, room)
    for index in 0..<taken { queue.entries[(queue.tail &+ index) & (state.pointee.depth &- 1)] = burst[index] }
    queue.tail &+= taken
    return taken
  }
}

import CPacket

@testable import TCPEngine

/// A wire between a port of several queues and a station at its other end. Which queue a frame of that station arrives on is the test's to say.
final class ManyQueues {
  /// Buffers for all; its own wire is not used.
  let pool: MemoryLink
  var waiting: [[PacketPointer]]
  let queues: Int
  var route: (FlowKey) -> Int
  /// Frames that a queue holds.
  private let depth = 1024

  init(queues: Int, buffers: Int = 16_384, route: @escaping (FlowKey) -> Int) {
    pool = MemoryLink(buffers: buffers, depth: 2)
    self.queues = queues
    self.route = route
    waiting = Array(repeating: [], count: queues + 1)
  }

  func put(_ packet: PacketPointer, from index: Int) -> Bool {
    let queue = index < queues ? queues : queue(of: packet)
    guard waiting[queue].count < depth else { return false }
    waiting[queue].append(packet)
    return true
  }

  func take(_ index: Int, _ burst: UnsafeMutablePointer<PacketPointer>, _ count: Int) -> Int {
    let taken = min(count, waiting[index].count)
    for place in 0..<taken { burst[place] = waiting[index][place] }
    waiting[index].removeFirst(taken)
    return taken
  }

  /// ARP goes to the first queue, as what a port's hash does not cover.
  private func queue(of packet: PacketPointer) -> Int {
    let frame = UnsafeRawPointer(packet_data(packet))
    guard frame.bigEndian16(Ethernet.typeOffset) == Ethernet.typeIPv4 else { return 0 }
    return route(FlowKey(addresses: frame.native64(26), ports: frame.native32(34)))
  }

  /// A frame from elsewhere, on its way to the queues.
  func inject(_ octets: [UInt8]) {
    guard let packet = MemoryPort(pool).allocate() else { return }
    octets.withUnsafeBytes { packet.bytes.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    packet.length = octets.count
    let buffer = packet.release()
    waiting[queue(of: buffer)].append(buffer)
  }

  var inFlight: Int { waiting.reduce(0) { $0 + $1.count } }
}

/// One queue of it, or its other end.
struct QueuePort: PacketPort, ~Copyable {
  let wire: ManyQueues
  let index: Int
  private let buffers: MemoryPort

  init(_ wire: ManyQueues, _ index: Int) {
    self.wire = wire
    self.index = index
    buffers = MemoryPort(wire.pool)
  }

  func beginTurn(now: Ticks) {}
  func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int { wire.take(index, burst, count) }
  func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    for place in 0..<count where !wire.put(burst[place], from: index) { return place }
    return count
  }
  func allocate() -> Packet? { buffers.allocate() }
  func free(_ packet: consuming Packet) { buffers.free(packet) }
}

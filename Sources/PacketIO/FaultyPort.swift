import CPacket

/// What a faulty wire does to frames, each with its probability from 0 to 1.
public struct Faults: Sendable, Equatable {
  public var loss = 0.0
  public var duplicate = 0.0
  /// Holds a frame back so that up to `reorderDepth` turns' frames overtake it.
  public var reorder = 0.0
  /// Flips one bit.
  public var corrupt = 0.0

  public init(loss: Double = 0, duplicate: Double = 0, reorder: Double = 0, corrupt: Double = 0) {
    self.loss = loss
    self.duplicate = duplicate
    self.reorder = reorder
    self.corrupt = corrupt
  }
}

/// What the wire did.
public struct FaultCounts: Sendable, Equatable {
  public var lost = 0
  public var duplicated = 0
  public var reordered = 0
  public var corrupted = 0
}

/// A port whose wire loses, duplicates, reorders and corrupts frames on their way out, as a seed decides.
public struct FaultyPort<Base: PacketPort & ~Copyable>: PacketPort, ~Copyable {
  public var base: Base
  public private(set) var counts = FaultCounts()
  private var random: SeededRandom
  private let loss, duplicate, reorder, corrupt: UInt64
  /// Frames held back, each with the turns it still waits.
  private let held: UnsafeMutablePointer<(packet: PacketPointer, turns: Int)>
  private var heldCount = 0
  private static var heldCapacity: Int { 256 }
  private static var reorderDepth: UInt64 { 8 }

  public init(_ base: consuming Base, faults: Faults, seed: UInt64) {
    self.base = base
    random = SeededRandom(seed: seed)
    loss = SeededRandom.threshold(faults.loss)
    duplicate = SeededRandom.threshold(faults.duplicate)
    reorder = SeededRandom.threshold(faults.reorder)
    corrupt = SeededRandom.threshold(faults.corrupt)
    held = .allocate(capacity: Self.heldCapacity)
  }

  deinit { held.deallocate() }

  public mutating func beginTurn(now: Ticks) {
    base.beginTurn(now: now)
    var kept = 0
    for index in 0..<heldCount {
      held[index].turns &-= 1
      if held[index].turns > 0 || !pass(held[index].packet) {
        held[kept] = held[index]
        kept &+= 1
      }
    }
    heldCount = kept
  }

  public mutating func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    base.receive(burst, count: count)
  }

  public mutating func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    for index in 0..<count where !transmitOne(burst[index]) { return index }
    return count
  }

  public mutating func allocate() -> Packet? { base.allocate() }

  public mutating func free(_ packet: consuming Packet) { base.free(packet) }

  /// Frees what is held back.
  public mutating func drain() {
    for index in 0..<heldCount { base.free(Packet(owning: held[index].packet)) }
    heldCount = 0
  }

  /// False when the base port's queue is full; the frame then is the caller's still.
  private mutating func transmitOne(_ packet: PacketPointer) -> Bool {
    if random.happens(loss) {
      base.free(Packet(owning: packet))
      counts.lost += 1
      return true
    }
    let copies = random.happens(duplicate) ? copy(packet) : nil
    if random.happens(corrupt) { flipOneBit(packet) }
    if let copies {
      if pass(copies) { counts.duplicated += 1 } else { base.free(Packet(owning: copies)) }
    }
    if heldCount < Self.heldCapacity, random.happens(reorder) {
      held[heldCount] = (packet, 1 + Int(random.next() % Self.reorderDepth))
      heldCount += 1
      counts.reordered += 1
      return true
    }
    if pass(packet) { return true }
    // What has had its share of faults waits here, or it would get another one with every attempt.
    guard heldCount < Self.heldCapacity else { return false }
    held[heldCount] = (packet, 1)
    heldCount += 1
    return true
  }

  private mutating func pass(_ packet: PacketPointer) -> Bool {
    var one = packet
    return base.transmit(&one, count: 1) == 1
  }

  private mutating func copy(_ packet: PacketPointer) -> PacketPointer? {
    guard let copy = base.allocate() else { return nil }
    copy.bytes.copyMemory(from: packet_data(packet), byteCount: Int(packet.pointee.pkt_len))
    copy.length = Int(packet.pointee.pkt_len)
    return copy.release()
  }

  private mutating func flipOneBit(_ packet: PacketPointer) {
    let bit = Int(random.next() % UInt64(packet.pointee.pkt_len * 8))
    packet_data(packet)[bit / 8] ^= 1 << UInt8(bit % 8)
    counts.corrupted += 1
  }
}

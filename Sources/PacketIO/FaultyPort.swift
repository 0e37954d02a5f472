import CPacket

/// A port whose wire loses, duplicates, reorders, delays and corrupts frames as a seed decides: those on their way out and, unless what is
/// sent comes back, those that arrive.
public struct FaultyPort<Base: PacketPort & ~Copyable>: PacketPort, ~Copyable {
  public var base: Base
  /// What was done to frames that were sent, and to those that arrived.
  public private(set) var departed = FaultCounts()
  public private(set) var arrived = FaultCounts()
  private var random: SeededRandom
  private let loss, duplicate, reorder, delay, corrupt: UInt64
  private let isOn: Bool
  private let spoilsArrivals: Bool
  private let ticksPerMillisecond: Double
  private var leaving = HeldFrames()
  private var coming = HeldFrames()
  private var now: Ticks = 0
  /// Turns whose frames may overtake one that is reordered.
  public static var reorderDepth: UInt64 { 8 }
  /// Milliseconds: beyond the smallest retransmission timeout there usually is.
  public static var longestDelay: UInt64 { 300 }

  /// - Parameter spoilsArrivals: what arrives suffers too; for a port that is not looped.
  public init(
    _ base: consuming Base, faults: Faults, seed: UInt64, ticksPerSecond: Double = 1e9, spoilsArrivals: Bool = false
  ) {
    self.base = base
    random = SeededRandom(seed: seed)
    loss = SeededRandom.threshold(faults.loss)
    duplicate = SeededRandom.threshold(faults.duplicate)
    reorder = SeededRandom.threshold(faults.reorder)
    delay = SeededRandom.threshold(faults.delay)
    corrupt = SeededRandom.threshold(faults.corrupt)
    isOn = faults != Faults()
    self.spoilsArrivals = spoilsArrivals && isOn
    ticksPerMillisecond = ticksPerSecond / 1_000
  }

  deinit {
    leaving.deallocate()
    coming.deallocate()
  }

  /// Frames held back on their way out, and on their way in.
  public var held: (leaving: Int, coming: Int) { (leaving.count, coming.count) }

  public mutating func beginTurn(now: Ticks) {
    base.beginTurn(now: now)
    guard isOn else { return }
    self.now = now
    leaving.turn()
    coming.turn()
    var kept = 0
    for index in 0..<leaving.count where !(leaving.isDue(index, now: now) && pass(leaving[index])) {
      leaving.move(index, to: kept)
      kept &+= 1
    }
    leaving.cut(kept)
  }

  public mutating func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    guard spoilsArrivals else { return base.receive(burst, count: count) }
    var kept = takeLate(burst, count: count)
    let end = kept &+ base.receive(burst + kept, count: count &- kept)
    for index in kept..<end where receiveOne(burst[index]) {
      burst[kept] = burst[index]
      kept &+= 1
    }
    return kept
  }

  /// What was held back on its way in, and has waited long enough.
  private mutating func takeLate(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    var taken = 0
    for index in 0..<coming.count {
      if taken < count, coming.isDue(index, now: now) {
        burst[taken] = coming[index]
        taken &+= 1
      } else {
        coming.move(index, to: index &- taken)
      }
    }
    coming.cut(coming.count &- taken)
    return taken
  }

  public mutating func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    guard isOn else { return base.transmit(burst, count: count) }
    for index in 0..<count where !transmitOne(burst[index]) { return index }
    return count
  }

  public mutating func allocate() -> Packet? { base.allocate() }

  public mutating func free(_ packet: consuming Packet) { base.free(packet) }

  /// Frees what is held back.
  public mutating func drain() {
    for index in 0..<leaving.count { base.free(Packet(owning: leaving[index])) }
    for index in 0..<coming.count { base.free(Packet(owning: coming[index])) }
    leaving.cut(0)
    coming.cut(0)
  }

  /// False when the base port's queue is full; the frame then is the caller's still.
  private mutating func transmitOne(_ packet: PacketPointer) -> Bool {
    if random.happens(loss) {
      base.free(Packet(owning: packet))
      departed.lost += 1
      return true
    }
    let twin = random.happens(duplicate) ? copy(packet) : nil
    if random.happens(corrupt) {
      flipOneBit(packet)
      departed.corrupted += 1
    }
    if let twin {
      if pass(twin) { departed.duplicated += 1 } else { base.free(Packet(owning: twin)) }
    }
    if leaving.hasRoom, let wait = wait() {
      departed.note(wait)
      leaving.put(packet, wait)
      return true
    }
    if pass(packet) { return true }
    // What has had its share of faults waits here, or it would get another one with every attempt.
    guard leaving.hasRoom else { return false }
    leaving.put(packet, HeldFrames.Wait(turns: 1, until: 0))
    return true
  }

  /// False: it does not arrive now.
  private mutating func receiveOne(_ packet: PacketPointer) -> Bool {
    if random.happens(loss) {
      base.free(Packet(owning: packet))
      arrived.lost += 1
      return false
    }
    if coming.hasRoom, random.happens(duplicate), let twin = copy(packet) {
      coming.put(twin, HeldFrames.Wait(turns: 1, until: 0))
      arrived.duplicated += 1
    }
    if random.happens(corrupt) {
      flipOneBit(packet)
      arrived.corrupted += 1
    }
    guard coming.hasRoom, let wait = wait() else { return true }
    arrived.note(wait)
    coming.put(packet, wait)
    return false
  }

  /// How long a frame is held back; nil: not at all.
  private mutating func wait() -> HeldFrames.Wait? {
    if random.happens(reorder) {
      return HeldFrames.Wait(turns: 1 + Int(truncatingIfNeeded: random.next() % Self.reorderDepth), until: 0)
    }
    guard delay > 0, random.happens(delay) else { return nil }
    let milliseconds = Double(1 + random.next() % Self.longestDelay)
    return HeldFrames.Wait(turns: 1, until: now &+ Ticks(milliseconds * ticksPerMillisecond))
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
  }
}

import CPacket

/// Two ports as one: a frame says by its `side` which of them it came from, and which it goes to. Both must take buffers of the same pool. With
/// `usesFrontOnly` it is one port, so that what is written for two need not be compiled again for one.
public struct PairPort<Front: PacketPort & ~Copyable, Back: PacketPort & ~Copyable>: PacketPort, ~Copyable {
  public var front: Front
  public var back: Back
  /// What each side has not taken yet: a side that is full does not hold up the other.
  private let waiting: UnsafeMutablePointer<PacketPointer>
  private var frontCount = 0
  private var backCount = 0
  /// The side that is asked first changes from turn to turn.
  private var beginsAtBack = false
  private let usesFrontOnly: Bool

  /// Frames that wait for a side at most.
  private static var capacity: Int { 1024 }
  private static var burst: Int { 64 }

  public init(front: consuming Front, back: consuming Back, usesFrontOnly: Bool = false) {
    self.usesFrontOnly = usesFrontOnly
    self.front = front
    self.back = back
    waiting = .allocate(capacity: 2 * Self.capacity)
  }

  deinit { waiting.deallocate() }

  public mutating func beginTurn(now: Ticks) {
    front.beginTurn(now: now)
    back.beginTurn(now: now)
    if frontCount &+ backCount > 0 { flush() }
    beginsAtBack.toggle()
  }

  @inline(__always)
  public mutating func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    if usesFrontOnly { return receiveFront(burst, count) }
    let half = count / 2
    if beginsAtBack {
      let first = receiveBack(burst, half)
      return first &+ receiveFront(burst + first, count &- first)
    }
    let first = receiveFront(burst, half)
    return first &+ receiveBack(burst + first, count &- first)
  }

  @inline(__always)
  private mutating func receiveFront(_ burst: UnsafeMutablePointer<PacketPointer>, _ count: Int) -> Int {
    let received = front.receive(burst, count: count)
    for index in 0..<received { burst[index].pointee.port = 0 }
    return received
  }

  @inline(__always)
  private mutating func receiveBack(_ burst: UnsafeMutablePointer<PacketPointer>, _ count: Int) -> Int {
    let received = back.receive(burst, count: count)
    for index in 0..<received { burst[index].pointee.port = 1 }
    return received
  }

  @inline(__always)
  public mutating func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    var taken = 0
    while taken < count {
      let packet = burst[taken]
      if packet.pointee.port == 0 {
        if frontCount == Self.capacity { break }
        waiting[frontCount] = packet
        frontCount &+= 1
      } else {
        if backCount == Self.capacity { break }
        waiting[Self.capacity &+ backCount] = packet
        backCount &+= 1
      }
      taken &+= 1
    }
    flush()
    return taken
  }

  @inline(__always)
  private mutating func flush() {
    var sent = 0
    while sent < frontCount {
      let count = min(Self.burst, frontCount &- sent)
      let taken = front.transmit(waiting + sent, count: count)
      sent &+= taken
      if taken < count { break }
    }
    frontCount &-= sent
    if sent > 0 { for index in 0..<frontCount { waiting[index] = waiting[sent &+ index] } }
    sent = 0
    let base = waiting + Self.capacity
    while sent < backCount {
      let count = min(Self.burst, backCount &- sent)
      let taken = back.transmit(base + sent, count: count)
      sent &+= taken
      if taken < count { break }
    }
    backCount &-= sent
    if sent > 0 { for index in 0..<backCount { base[index] = base[sent &+ index] } }
  }

  public mutating func allocate() -> Packet? { front.allocate() }

  public mutating func free(_ packet: consuming Packet) { front.free(packet) }

  /// Frees what still waits for either side: for the end of a run.
  public mutating func discard() {
    for index in 0..<frontCount { front.free(Packet(owning: waiting[index])) }
    for index in 0..<backCount { front.free(Packet(owning: waiting[Self.capacity &+ index])) }
    frontCount = 0
    backCount = 0
  }
}

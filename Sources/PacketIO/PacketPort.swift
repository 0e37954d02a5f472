/// Where frames come from and go to: one receive and one transmit queue, used by one worker.
///
/// Every call is on the packet path: no allocation, no lock.
public protocol PacketPort: ~Copyable {
  /// Called once at the start of each turn with the turn's time.
  mutating func beginTurn(now: Ticks)
  /// Receives up to `count` frames into `burst`; the caller owns them.
  mutating func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int
  /// Hands frames to the wire in order, and says how many it took; the others still belong to the caller.
  mutating func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int
  /// An empty buffer; nil when there is none.
  mutating func allocate() -> Packet?
  /// Gives a buffer back.
  mutating func free(_ packet: consuming Packet)
}

/// A moment, or a span of time, in ticks of the clock in use.
public typealias Ticks = UInt64

/// The source of time of a worker; read once a turn.
public protocol Clock: ~Copyable {
  mutating func now() -> Ticks
  /// Told at the end of each turn whether anything happened in it.
  mutating func turnEnded(busy: Bool)
}

import CPacket

/// What a faulty wire does to frames, each with its probability from 0 to 1.
public struct Faults: Sendable, Equatable {
  public var loss = 0.0
  public var duplicate = 0.0
  /// Holds a frame back so that up to `FaultyPort.reorderDepth` turns' frames overtake it.
  public var reorder = 0.0
  /// Holds a frame back for up to `FaultyPort.longestDelay` milliseconds.
  public var delay = 0.0
  /// Flips one bit.
  public var corrupt = 0.0

  public init(loss: Double = 0, duplicate: Double = 0, reorder: Double = 0, delay: Double = 0, corrupt: Double = 0) {
    self.loss = loss
    self.duplicate = duplicate
    self.reorder = reorder
    self.delay = delay
    self.corrupt = corrupt
  }
}

/// What the wire did.
public struct FaultCounts: Sendable, Equatable {
  public var lost = 0
  public var duplicated = 0
  public var reordered = 0
  public var delayed = 0
  public var corrupted = 0

  public init() {}

  /// A frame is held back.
  mutating func note(_ wait: HeldFrames.Wait) {
    if wait.until == 0 { reordered += 1 } else { delayed += 1 }
  }

  public static func + (one: FaultCounts, other: FaultCounts) -> FaultCounts {
    var sum = one
    sum.lost += other.lost
    sum.duplicated += other.duplicated
    sum.reordered += other.reordered
    sum.delayed += other.delayed
    sum.corrupted += other.corrupted
    return sum
  }
}

/// Frames that a faulty wire holds back, each until its time.
struct HeldFrames {
  /// Not before so many turns, and not before that moment.
  struct Wait: BitwiseCopyable {
    var turns: Int
    var until: Ticks
  }

  private let entries: UnsafeMutablePointer<(packet: PacketPointer, wait: Wait)>
  private(set) var count = 0
  private static var capacity: Int { 1_024 }

  init() { entries = .allocate(capacity: Self.capacity) }

  func deallocate() { entries.deallocate() }

  var hasRoom: Bool { count < Self.capacity }

  /// There must be room.
  mutating func put(_ packet: PacketPointer, _ wait: Wait) {
    entries[count] = (packet, wait)
    count &+= 1
  }

  /// The time of the frame at this place has come.
  func isDue(_ place: Int, now: Ticks) -> Bool {
    entries[place].wait.turns <= 0 && entries[place].wait.until <= now
  }

  /// A turn has passed.
  func turn() { for index in 0..<count { entries[index].wait.turns &-= 1 } }

  /// For leaving some out, from the first to the last: those to be kept move up to where they are to lie, then the others are cut off.
  func move(_ place: Int, to new: Int) { if new != place { entries[new] = entries[place] } }

  mutating func cut(_ count: Int) { self.count = count }

  subscript(_ index: Int) -> PacketPointer { entries[index].packet }
}

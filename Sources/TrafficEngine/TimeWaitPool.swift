/// Connections in TIME-WAIT: a ring in order of their entry, which is nearly that of their end, since all wait equally long.
public struct TimeWaitPool: ~Copyable {
  /// Marks a flow table's handle as one of this pool.
  @inline(__always)
  static var flag: UInt32 { Arrival.noConnection }

  private let entries: Table<TimeWait>
  private let mask: UInt32
  private let capacity: UInt32
  private var head: UInt32 = 0
  private var tail: UInt32 = 0

  public init(capacity: Int) {
    var size = 16
    while size < capacity { size <<= 1 }
    entries = Table(count: size)
    mask = UInt32(size - 1)
    self.capacity = UInt32(capacity)
  }

  @inline(__always)
  public var isEmpty: Bool { head == tail }

  @inline(__always)
  public var isFull: Bool { tail &- head >= capacity }

  /// The handle of the entry that came first.
  @inline(__always)
  public var oldest: UInt32 { head & mask | Self.flag }

  @inline(__always)
  public func entry(_ handle: UInt32) -> UnsafeMutablePointer<TimeWait> { entries.base + Int(handle & mask) }

  /// Whether the entry still waits; a reopened pair leaves a vacant one behind.
  @inline(__always)
  public func isOccupied(_ handle: UInt32) -> Bool { entry(handle).pointee.key.ports != 0 || entry(handle).pointee.hash != 0 }

  /// Takes an entry in, when the pool is not full.
  @inline(__always)
  public mutating func append(_ entry: TimeWait) -> UInt32 {
    let handle = tail & mask
    entries[Int(handle)] = entry
    tail &+= 1
    return handle | Self.flag
  }

  @inline(__always)
  public mutating func removeOldest() { head &+= 1 }

  /// Leaves the entry's place vacant until its turn comes.
  public func vacate(_ handle: UInt32) {
    entry(handle).pointee.key.ports = 0
    entry(handle).pointee.hash = 0
    entry(handle).pointee.due = 0
  }
}

/// The ports from 1024 to 65535 that belong to one worker, in rising order: runs of equal length at equal distances. State and steps are
/// O(1) whatever their number.
public struct WorkerPorts: Sequence, Hashable, Sendable, BitwiseCopyable {
  /// The lowest port that a client uses: those below are the system's (RFC 6335 6).
  public static let lowest: UInt16 = 1024
  /// The first of those that are assigned to no service (RFC 6335 6).
  public static let firstDynamic: UInt16 = 49_152
  /// All ports: those of a worker that is alone, or whose replies find it by other means.
  public static let all = WorkerPorts(first: 0, length: 65_536, stride: 65_536)

  /// Where the first run begins, were there no lowest port.
  private let base: UInt32
  /// Ports in a run.
  private let length: UInt32
  /// From a run's beginning to the next one's; a power of two.
  private let stride: UInt32
  /// Ports of the runs that lie below the lowest port.
  private let passed: UInt32
  /// The first port; only if there is one.
  public let first: UInt16
  /// How many they are.
  public let count: Int

  /// Runs of `length` ports, `first` beginning the first and each beginning `stride`, a power of two, behind the one before.
  init(first: UInt32, length: UInt32, stride: UInt32) {
    base = first
    self.length = length
    self.stride = stride
    let lowest = UInt32(Self.lowest)
    let inRun = lowest > first ? (lowest - first) % stride : 0
    let start = Swift.max(lowest, first)
    self.first = UInt16(truncatingIfNeeded: inRun < length ? start : start + stride - inRun)
    passed = Self.places(below: lowest, first, length, stride)
    count = Int(Self.places(below: 65_536, first, length, stride) - passed)
  }

  /// Ports of the runs below a port, those below the lowest included.
  private static func places(below port: UInt32, _ first: UInt32, _ length: UInt32, _ stride: UInt32) -> UInt32 {
    port <= first ? 0 : (port - first) / stride * length + Swift.min((port - first) % stride, length)
  }

  /// How many of them are no service's.
  public var dynamicCount: Int {
    count - Int(Self.places(below: UInt32(Self.firstDynamic), base, length, stride) - passed)
  }

  /// The port at an index below `count`, in rising order.
  public subscript(index: Int) -> UInt16 {
    let inRuns = passed + UInt32(index)
    return UInt16(base + inRuns / length * stride + inRuns % length)
  }

  /// The next port; nil after the last. `port` is one of these.
  @inline(__always)
  public func next(after port: UInt16) -> UInt16? {
    var next = UInt32(port) &+ 1
    if (next &- base) & (stride &- 1) == length & (stride &- 1) { next &+= stride &- length }
    return next > 65_535 ? nil : UInt16(truncatingIfNeeded: next)
  }

  public func makeIterator() -> Iterator { Iterator(ports: self) }

  public struct Iterator: IteratorProtocol, Sendable {
    let ports: WorkerPorts
    var upcoming: UInt16?

    init(ports: WorkerPorts) {
      self.ports = ports
      upcoming = ports.count > 0 ? ports.first : nil
    }

    public mutating func next() -> UInt16? {
      guard let port = upcoming else { return nil }
      upcoming = ports.next(after: port)
      return port
    }
  }
}

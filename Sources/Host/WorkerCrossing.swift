import CPacket

/// Several workers on one port: what one of them knows of which frames are whose, and its way to the others (Documentation/Steering.md).
struct WorkerCrossing: ~Copyable {
  /// Frames taken from another worker in one turn at most.
  static var burst: Int { 64 }

  /// Nil: this worker gets what is its own, and no more.
  let lanes: HandOverLanes?
  /// Source ports are chosen so that replies come home.
  let choosesHome: Bool
  /// Source ports whose replies came to another worker are avoided from then on.
  let learnsStrays: Bool
  /// Room for what is taken from another worker.
  let handed: Table<HandedFrame>
  /// Workers that have passed on the frame in hand; 0: it came from the port.
  var hops: UInt32 = 0
  private let ownership: Ownership
  private var strays: StraySet

  init(lanes: HandOverLanes?, hash: PortHash?, learnsStrays: Bool, ownership: consuming Ownership) {
    self.lanes = lanes
    choosesHome = lanes != nil && hash != nil
    self.learnsStrays = lanes != nil && learnsStrays
    self.ownership = ownership
    strays = StraySet(isNeeded: lanes != nil && learnsStrays)
    handed = Table(count: Self.burst)
  }

  /// Whether replies to a flow with this hash are known to come to another worker.
  @inline(__always)
  func isStray(_ hash: UInt32) -> Bool { learnsStrays && strays.contains(hash) }

  /// A reply came to another worker: so would the next one to the same address and port.
  @inline(__always)
  mutating func note(stray hash: UInt32) {
    if learnsStrays { strays.insert(hash) }
  }

  /// The queue on which segments with this key arrive; nil: that is not known.
  @inline(__always)
  func queue(of key: FlowKey) -> Int? { ownership.queue(of: key) }

  /// The worker that a segment without a connection here may belong to; nil: it is this one's matter.
  /// - Parameter tells: its addresses and ports may tell; otherwise any worker may have it.
  @inline(never)
  func otherOwner(of segment: UnsafePointer<TCPSegment>, tells: Bool = true) -> (worker: Int, hops: UInt32)? {
    guard let lanes else { return nil }
    switch tells ? ownership.owner(of: segment) : nil {
    case .some(let worker):
      return worker == lanes.worker || hops > 0 ? nil : (worker, UInt32(truncatingIfNeeded: lanes.workers))
    case .none:
      return passedOn(lanes)
    }
  }

  /// Where a frame goes next that may be any worker's: around, until all have seen it.
  @inline(__always)
  func passedOn(_ lanes: HandOverLanes) -> (worker: Int, hops: UInt32)? {
    Int(hops) &+ 1 < lanes.workers ? (lanes.next, hops &+ 1) : nil
  }
}

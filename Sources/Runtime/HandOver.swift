/// A frame on its way from the worker that received it to the one that it belongs to.
public struct HandedFrame: BitwiseCopyable, @unchecked Sendable {
  /// Who holds it owns the buffer.
  public var packet: PacketPointer
  /// Workers that have passed it on.
  public var hops: UInt32
}

/// The rings over which workers hand frames to one another: one for each ordered pair, with one producer and one consumer. It must outlive
/// their lanes.
public final class HandOver: @unchecked Sendable {
  private let rings: UnsafeMutablePointer<SPSCRing<HandedFrame>>
  private let workers: Int

  /// Frames that wait from one worker to another at most.
  public static let depth = 1024

  public init(workers: Int) {
    self.workers = workers
    rings = .allocate(capacity: workers * workers)
    for index in 0..<workers * workers { (rings + index).initialize(to: SPSCRing(capacity: Self.depth)) }
  }

  deinit {
    rings.deinitialize(count: workers * workers)
    rings.deallocate()
  }

  public func lanes(ofWorker worker: Int) -> HandOverLanes { HandOverLanes(rings: rings, worker: worker, workers: workers) }

  /// Takes out what the workers, who have ended, have left. How many there were.
  public func drain(_ free: (PacketPointer) -> Void) -> Int {
    var count = 0
    for index in 0..<workers * workers {
      while let frame = rings[index].peek() {
        free(frame.pointee.packet)
        rings[index].consume(1)
        count += 1
      }
    }
    return count
  }
}

/// One worker's ends of the rings.
public struct HandOverLanes: BitwiseCopyable, @unchecked Sendable {
  private let rings: UnsafeMutablePointer<SPSCRing<HandedFrame>>
  public let worker: Int
  public let workers: Int

  init(rings: UnsafeMutablePointer<SPSCRing<HandedFrame>>, worker: Int, workers: Int) {
    self.rings = rings
    self.worker = worker
    self.workers = workers
  }

  /// The worker behind this one, around.
  @inline(__always)
  public var next: Int { worker &+ 1 == workers ? 0 : worker &+ 1 }

  /// False when the ring is full; the frame then is the caller's still.
  @inline(__always)
  public func hand(_ frame: HandedFrame, to worker: Int) -> Bool { rings[self.worker &* workers &+ worker].push(frame) }

  /// Takes up to `count` frames that another worker has handed over. How many there were.
  @inline(__always)
  public func take(from worker: Int, _ frames: UnsafeMutablePointer<HandedFrame>, count: Int) -> Int {
    let ring = rings + (worker &* workers &+ self.worker)
    let ready = ring.pointee.readable()
    let taken = ready.count < count ? ready.count : count
    guard taken > 0, let base = ready.baseAddress else { return 0 }
    for index in 0..<taken { frames[index] = base[index] }
    ring.pointee.consume(taken)
    return taken
  }
}

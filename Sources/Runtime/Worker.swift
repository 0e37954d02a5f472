import CPacket
import Synchronization

/// What crosses the border between a worker and the rest of the program: commands in, statistics out.
public final class WorkerLink: @unchecked Sendable {
  /// Where the worker counts.
  public let statistics: WorkerStatistics
  private let words: Table<UInt64>
  let mailbox: UnsafeMutablePointer<Atomic<UInt8>>
  let ended: UnsafeMutablePointer<Atomic<Bool>>
  /// How many connections the worker may open.
  let allowance: Allowance

  public init() {
    words = Table(count: WorkerStatistics.size)
    statistics = WorkerStatistics(words.base)
    mailbox = .allocate(capacity: 1)
    mailbox.initialize(to: Atomic(WorkerCommand.run.rawValue))
    ended = .allocate(capacity: 1)
    ended.initialize(to: Atomic(false))
    allowance = Allowance(word: .allocate(capacity: 1))
    allowance.word.initialize(to: Atomic(0))
  }

  deinit {
    mailbox.deallocate()
    ended.deallocate()
    allowance.word.deallocate()
  }

  /// Tells the worker what to do; commands only go forward.
  public func send(_ command: WorkerCommand) { mailbox.pointee.store(command.rawValue, ordering: .releasing) }

  /// Tells the worker how many connections it may open in all; the number only grows, and one below what it began with is nothing new to it.
  public func allow(_ connections: UInt64) { allowance.word.pointee.store(connections, ordering: .relaxed) }

  /// Whether the worker has left its loop.
  public var hasEnded: Bool { ended.pointee.load(ordering: .acquiring) }
}

/// A mailbox for a number that only grows.
struct Allowance: BitwiseCopyable, @unchecked Sendable {
  fileprivate let word: UnsafeMutablePointer<Atomic<UInt64>>

  /// What was said last; 0: nothing.
  @inline(__always)
  var connections: UInt64 { word.pointee.load(ordering: .relaxed) }
}

/// One core's loop: mailbox, receive, engine, timers and the engine's own work, transmit. It owns everything it touches.
public struct Worker<Port: PacketPort & ~Copyable, E: Engine & ~Copyable, C: Clock & ~Copyable>: ~Copyable {
  public var io: PacketQueue<Port>
  public var engine: E
  public var clock: C
  let statistics: WorkerStatistics
  private let mailbox: UnsafeMutablePointer<Atomic<UInt8>>
  let burst: UnsafeMutablePointer<PacketPointer>
  var command = WorkerCommand.run.rawValue
  private var received: UInt64 = 0
  private var receivedBytes: UInt64 = 0
  private var turns: UInt64 = 0
  private var busyTicks: UInt64 = 0
  private let link: WorkerLink

  /// Frames received in one turn at most.
  public static var receiveBurst: Int { 64 }
  /// Statistics of the loop itself are published every so many turns.
  private static var publishInterval: UInt64 { 64 }

  /// - Parameter vlans: the VLAN that the engine's frames are of, on either side.
  public init(port: consuming Port, engine: consuming E, clock: consuming C, link: WorkerLink, vlans: SideTags = SideTags(nil)) {
    io = PacketQueue(port, tags: vlans)
    self.engine = engine
    self.clock = clock
    self.link = link
    statistics = link.statistics
    mailbox = link.mailbox
    burst = .allocate(capacity: Self.receiveBurst)
  }

  deinit { burst.deallocate() }

  /// Runs until told to leave.
  @inline(__always)
  public mutating func run() {
    while command != WorkerCommand.leave.rawValue { turn() }
  }

  /// One turn. True if anything happened in it.
  @inline(__always)
  @discardableResult
  public mutating func turn() -> Bool {
    let now = clock.now()
    io.port.beginTurn(now: now)
    let next = mailbox.pointee.load(ordering: .acquiring)
    if next != command {
      obey(next, now: now)
      // What has left takes nothing more in.
      if next == WorkerCommand.leave.rawValue { return false }
    }

    var count = 0
    // Answers need room to wait in; while the wire does not take them, nothing more is received.
    if usually(io.room >= 4 &* Self.receiveBurst) || io.isStalled { count = io.port.receive(burst, count: Self.receiveBurst) }
    if count > 0 {
      var segments: UInt16 = 0
      for index in 0..<count {
        receivedBytes &+= UInt64(burst[index].pointee.pkt_len)
        segments |= burst[index].pointee.nb_segs
      }
      received &+= UInt64(truncatingIfNeeded: count)
      let admitted = segments == 1 && !io.tags.any ? count : admit(count)
      engine.receive(burst, count: admitted, now: now, &io)
    }
    let worked = engine.advance(now: now, &io)
    if io.waitingCount > 0 { io.flush() }

    let busy = count > 0 || worked
    clock.turnEnded(busy: busy)
    turns &+= 1
    if busy { busyTicks &+= clock.now() &- now }
    if turns & (Self.publishInterval &- 1) == 0 { publish() }
    return busy
  }

  @inline(never)
  private mutating func obey(_ next: UInt8, now: Ticks) {
    command = next
    if let command = WorkerCommand(rawValue: next) { engine.command(command, now: now) }
  }

  /// Makes the loop's own counts visible to readers.
  @inline(__always)
  public func publish() {
    statistics.set(.turns, turns)
    statistics.set(.busyTicks, busyTicks)
    statistics.set(.framesReceived, received)
    statistics.set(.bytesReceived, receivedBytes)
    statistics.set(.framesSent, io.sentFrames)
    statistics.set(.bytesSent, io.sentBytes)
    statistics.set(.transmitRefused, io.refusals)
    statistics.set(DropReason.transmitQueueFull, io.lost)
  }

  /// Says that this worker has left its loop and touches nothing any more.
  public func finished() {
    publish()
    link.ended.pointee.store(true, ordering: .releasing)
  }
}

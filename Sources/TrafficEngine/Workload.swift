/// What a workload knows of the connection it is asked about.
public struct WorkloadView: BitwiseCopyable, @unchecked Sendable {
  /// The connection's key and initial sequence numbers, for identification.
  public let connection: UnsafePointer<Connection>
  /// The turn's time: in ticks, and in milliseconds of the run (modulo 2^32).
  public let now: Ticks
  public let milliseconds: UInt32
  /// Where the worker counts.
  public let statistics: WorkerStatistics
  /// The run is over: what is open is being closed, at both ends where both are ours.
  public let isClosing: Bool

  @inline(__always)
  init(
    _ connection: UnsafePointer<Connection>, now: Ticks, milliseconds: UInt32, statistics: WorkerStatistics, isClosing: Bool = false
  ) {
    self.connection = connection
    self.now = now
    self.milliseconds = milliseconds
    self.statistics = statistics
    self.isClosing = isClosing
  }

  @inline(__always)
  public var role: Role { connection.pointee.role }

  /// Octets of our stream sent for the first time so far, modulo 2^32.
  @inline(__always)
  public var sent: UInt32 { connection.pointee.streamSent }

  /// Octets of our stream that the peer has acknowledged, modulo 2^32; one more once our FIN is acknowledged.
  @inline(__always)
  public var acknowledged: UInt32 { connection.pointee.sendUnacknowledged.distance(from: connection.pointee.initialSend) &- 1 }

  /// Which of the targets the client role is connected to.
  @inline(__always)
  public var target: Int { Int(connection.pointee.peer) }

  /// When a segment last arrived, be it an answer to a keep-alive, or new data was sent, in milliseconds of the run.
  @inline(__always)
  public var lastActivity: UInt32 { connection.pointee.lastActivity }

  /// Octets of the peer's stream received in order so far, modulo 2^32.
  @inline(__always)
  public var received: UInt32 { connection.pointee.streamReceived }

  /// The peer has sent its FIN: nothing more will come.
  @inline(__always)
  public var peerClosed: Bool { connection.pointee.peerHasClosed }
}

/// How far a stream has come into being.
public struct StreamProgress: BitwiseCopyable, Sendable {
  /// Octets that exist: all before this can be sent. Modulo 2^32; less than 2^31 ahead of what was sent.
  public var end: UInt32
  /// The stream ends there: a FIN follows.
  public var finish: Bool

  @inline(__always)
  public init(end: UInt32, finish: Bool) {
    self.end = end
    self.finish = finish
  }
}

/// What a connection says: the application above TCP, on both roles, as a static value without state of its own.
///
/// Payload is pulled, never buffered: an octet is a function of the connection and its place in the stream, so a retransmission is
/// generated again. A connection has a `State`, which only the workload reads and writes; it lies beside the connection, and its octets
/// are paid for by every end. Every call is on the packet path: no allocation, no lock, no throw; a conforming type is specialised into the
/// worker's loop.
public protocol Workload: BitwiseCopyable, Sendable {
  /// What the workload keeps of a connection.
  associatedtype State: BitwiseCopyable & Sendable

  /// The state of a connection that begins.
  func begin(_ view: WorkloadView) -> State

  /// How much there is to send now, and whether that is all. Asked after every arrival that may change it.
  func progress(_ view: WorkloadView, _ state: inout State) -> StreamProgress

  /// Writes `count` octets of our stream, one at least, from `offset` on.
  func write(_ view: WorkloadView, _ state: State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int)

  /// Takes `count` octets of the peer's stream, one at least, which begin at `offset`; all before them have come. Nil: they are as they should be; else
  /// we reset the connection, which ends in this outcome.
  func receive(_ view: WorkloadView, _ state: inout State, offset: UInt32, bytes: UnsafeRawPointer, count: Int) -> Outcome?

  /// The peer's stream has ended, and all of it was received. An outcome resets the connection: it ended too early.
  func peerClosed(_ view: WorkloadView, _ state: inout State) -> Outcome?

  /// Whether something is under way that is to come to its end before a closing run closes the connection.
  func isBusy(_ view: WorkloadView, _ state: State) -> Bool

  /// Whether `wake` is to be asked; the same for all of a run.
  var waits: Bool { get }

  /// Until when, in milliseconds of the run, there is nothing to send; then `progress` is asked though nothing arrived. Nil: ask it as ever.
  func wake(_ view: WorkloadView, _ state: State) -> UInt32?

  /// The id that joins both ends' records: of the client, from its connection; of the server, from the first octets that arrived.
  /// 0: none.
  func identifier(_ view: WorkloadView, _ state: State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64
}

/// Of a workload that the peer may leave at any time, that is cut where the run closes, and that never waits by itself.
extension Workload {
  @inline(__always)
  public func peerClosed(_ view: WorkloadView, _ state: inout State) -> Outcome? { nil }

  @inline(__always)
  public func isBusy(_ view: WorkloadView, _ state: State) -> Bool { false }

  @inline(__always)
  public var waits: Bool { false }

  @inline(__always)
  public func wake(_ view: WorkloadView, _ state: State) -> UInt32? { nil }
}

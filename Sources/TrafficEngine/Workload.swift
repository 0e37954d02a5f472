/// What a workload knows of the connection it is asked about.
public struct WorkloadView: BitwiseCopyable, @unchecked Sendable {
  /// The connection's key and initial sequence numbers, for identification.
  public let connection: UnsafePointer<Connection>

  @inline(__always)
  init(_ connection: UnsafePointer<Connection>) { self.connection = connection }

  @inline(__always)
  public var role: Role { connection.pointee.role }

  /// Octets of our stream sent for the first time so far, modulo 2^32.
  @inline(__always)
  public var sent: UInt32 { connection.pointee.streamSent }

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

  /// Writes `count` octets of our stream from `offset` on.
  func write(_ view: WorkloadView, _ state: State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int)

  /// Takes `count` octets of the peer's stream, which begin at `offset`; all before them have come. False resets the connection: they
  /// are not what was expected.
  func receive(_ view: WorkloadView, _ state: inout State, offset: UInt32, bytes: UnsafeRawPointer, count: Int) -> Bool

  /// The id that joins both ends' records: of the client, from its connection; of the server, from the first octets that arrived.
  /// 0: none.
  func identifier(_ view: WorkloadView, _ state: State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64
}

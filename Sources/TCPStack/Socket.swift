/// What a socket is, in the order of its life.
enum SocketKind {
  case fresh
  case listener
  /// From its SYN on, also when nobody holds its descriptor any more.
  case connection
  /// Its connection is over; what was received can still be read.
  case closed
}

/// The options of a socket; an accepted one has its listener's.
struct SocketOptions {
  var noDelay = false
  var cork = false
  var receiveBuffer: Int
  var sendBuffer: Int
  /// Seconds; nil: close does not linger.
  var linger: Int32?
  var keepAlive = false
  /// Seconds.
  var keepIdle: Int32 = 7_200
  var keepInterval: Int32 = 75
  var keepCount: Int32 = 9
  /// Milliseconds; 0: `TCPParameters.dataRetries` decides.
  var userTimeout: UInt32 = 0
  /// Seconds in FIN-WAIT-2 after close.
  var finWait2: Int32 = 60
  var maximumSegment: UInt16 = 0
  var synCount: UInt8
  var reuseAddress = false
  var algorithm: CongestionAlgorithm
}

/// A socket, and the connection behind it.
final class Socket {
  var kind = SocketKind.fresh
  var options: SocketOptions
  /// Nil: nobody holds it (not accepted yet, or closed by its owner).
  var descriptor: Int?
  var localAddress: UInt32 = 0
  var localPort: UInt16 = 0
  /// What the next call that can tell it will return: an errno value.
  var error: Int32 = 0

  // Of a listener.
  var backlog = 0
  var waiting: [Socket] = []
  var handshakes = 0

  // Of a connection.
  unowned(unsafe) var listener: Socket?
  var connection: UnsafeMutablePointer<Connection>
  var companion = Companion()
  let parameters: UnsafeMutablePointer<TCPParameters>
  var recovery: UnsafeMutablePointer<Recovery>
  let ring: UnsafeMutablePointer<SentSegment>
  let ranges: UnsafeMutablePointer<SequenceRange>
  static let ringCapacity: UInt32 = 1 << 12
  var outgoing: ByteRing
  var incoming: ByteRing
  var hasConnected = false
  /// A call of connect has said so.
  var hasToldConnected = false
  var peerHasClosed = false
  var readIsShut = false
  /// Our stream ends with what is in `outgoing`.
  var writeIsShut = false
  /// The owner has closed it.
  var isOrphan = false
  /// The last call said that more follows (MSG_MORE): a segment that is not full waits.
  var moreFollows = false
  var lastCallHadMore = false
  /// What is corked goes out this once.
  var corkIsOff = false
  /// When what only a cork holds back is sent all the same.
  var corkDue = UInt64.max

  // For `TCP_INFO`.
  var busy = Stopwatch()
  var limitedByPeer = Stopwatch()

  // Delayed acknowledgments.
  var acknowledgedUpTo = SequenceNumber(0)
  /// Acknowledgments that are sent at once: at the beginning, when the peer is in slow start.
  var quick = 0
  var isInteractive = false
  var lastReceived: UInt64 = 0
  var hasReceived = false
  var pushedUnread = false
  /// The largest segment the peer has sent.
  var peerSegment: UInt32 = 536

  // Timers beside the connection's own, in microseconds; `.max`: not set.
  var keepAliveDue = UInt64.max
  var keepAliveProbes: Int32 = 0
  var finWait2Due = UInt64.max
  var stalledSince = UInt64.max
  /// When its first SYN was sent.
  var synSentAt: UInt64 = 0

  init(_ options: SocketOptions) {
    self.options = options
    connection = .allocate(capacity: 1)
    parameters = .allocate(capacity: 1)
    parameters.initialize(to: TCPParameters())
    recovery = .allocate(capacity: 1)
    ring = .allocate(capacity: Int(Self.ringCapacity))
    ranges = .allocate(capacity: ReceivedRanges.capacity)
    outgoing = ByteRing(capacity: 0)
    incoming = ByteRing(capacity: 0)
  }

  deinit {
    connection.deallocate()
    parameters.deallocate()
    recovery.deallocate()
    ring.deallocate()
    ranges.deallocate()
  }

  var isCold: Bool { connection.pointee.flags.has(.cold) }

  /// Which segments can be queued for sending or are in flight.
  var unsent: UInt32 { outgoing.end &- connection.pointee.streamSent }
}

/// How long something has lasted, in microseconds, all its times together.
struct Stopwatch {
  private var total: UInt64 = 0
  private var since = UInt64.max

  mutating func set(_ runs: Bool, _ now: UInt64) {
    if runs, since == .max { since = now }
    if !runs, since != .max {
      total += now - since
      since = .max
    }
  }

  func read(_ now: UInt64) -> UInt64 { since == .max ? total : total + now - since }
}

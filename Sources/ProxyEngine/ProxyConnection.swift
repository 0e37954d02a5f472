/// Where a proxied connection stands.
enum ProxyPhase: UInt8, BitwiseCopyable, Sendable {
  /// The slot is free.
  case free
  /// Both legs stand, and headers are rewritten: nearly all of a connection's life.
  case spliced
  /// The server's leg stands; what the client said before it did is on its way there, and the proxy answers for it.
  case delivering
  /// Our SYN-ACK is sent to the client.
  case handshake
  /// The client's leg stands, and its first octets are awaited, or more of them.
  case request
  /// Our SYN is sent to the server that was chosen. In immediate mode: the client's.
  case connecting
  /// What the proxy answered in the server's place is said again to the server, whose answer is awaited and swallowed.
  case replaying
  /// The client closed before it asked for anything: our FIN is sent.
  case dismissing
  /// Both FINs are acknowledged; what is repeated still passes.
  case lingering
}

/// What one end of a connection has said so far, in the numbers of the server's leg.
struct EndState: BitwiseCopyable, Sendable {
  /// The highest number it has sent, plus one.
  var next: SequenceNumber
  /// The highest it has acknowledged of the other end's octets.
  var acknowledged: SequenceNumber
  /// The highest up to which it has ever let the other end send.
  var edge: SequenceNumber

  init(_ next: SequenceNumber) {
    self.next = next
    acknowledged = SequenceNumber(0)
    edge = SequenceNumber(0)
  }
}

/// What every frame of a proxied connection needs: both legs, and what makes the numbers of one the other's. Two cache lines.
struct ProxyConnection: TimerNode, BitwiseCopyable, Sendable {
  /// Addresses and ports of what arrives from the client.
  var clientKey: FlowKey
  var timerNext: UInt32
  /// Addresses and ports of what arrives from the server. No ports: there is no server leg.
  var serverKey: FlowKey
  var timerPrevious: UInt32

  /// What is added to the client's sequence numbers, and taken off the server's acknowledgments.
  private(set) var toServer: UInt32
  /// What is added to the server's sequence numbers, and taken off the client's acknowledgments.
  private(set) var toClient: UInt32
  /// What is added to the server's timestamps, and taken off the client's echoes of them.
  var toClientTimestamp: UInt32
  /// When a segment passed last, in milliseconds.
  var lastActivity: UInt32

  var client: EndState
  var server: EndState

  var timerDue: UInt32
  /// Where frames to the client go: an index of `PeerLinks`.
  var peer: UInt16
  /// Which target the server is.
  var target: UInt16

  var phase: ProxyPhase
  /// Which rule chose the server; 255: none.
  var rule: UInt8
  var flags: Flags
  /// Shift counts: the client's in the low half, the server's in the high half.
  var scales: UInt8
  /// The shift that the client was told.
  var offeredScale: UInt8
  /// Which group the server is chosen from; `noGroup`: a rule named the server itself.
  var group: UInt8
  /// Repetitions of our own SYN, SYN-ACK, FIN or octets, of the present phase.
  var retries: UInt8

  /// What the client sends before this number the proxy has sent in its place, in other words: it never passes.
  var clientFloor: SequenceNumber
  // The number of a `LingeringRing` entry, once it is closed.
  /// The `Binding`, while the connection has one (`Flags.bound`).
  var binding: UInt32
  /// What it adds to the sums of the client's frames that addresses, ports and numbers become those of the server's leg.
  private(set) var change: HeaderChange
  /// Octets of data to a segment that the client takes.
  var clientMSS: UInt16
  /// Octets of data to a segment that the server takes.
  var serverMSS: UInt16
  /// The first octet of each stream, in the numbers of the server's leg.
  var clientStart: SequenceNumber
  var serverStart: SequenceNumber
  /// The timestamps that came last, as they were sent: those of the proxy's own segments must not run ahead of them (RFC 7323 5.3).
  var clientTimestamp: UInt32
  var serverTimestamp: UInt32
  /// When the present phase began, in milliseconds, and the connection itself.
  var phaseStart: UInt32
  var opened: UInt32

  /// A connection whose client's SYN has arrived.
  @inline(always)
  init(client segment: TCPSegment, peer: UInt16, now: UInt32) {
    clientKey = segment.key
    timerNext = 0
    serverKey = FlowKey(addresses: 0, ports: 0)
    change = .none
    timerPrevious = 0
    toServer = 0
    toClient = 0
    toClientTimestamp = 0
    lastActivity = now
    client = EndState(segment.sequence + 1)
    server = EndState(SequenceNumber(0))
    server.acknowledged = client.next
    timerDue = 0
    self.peer = peer
    target = 0
    phase = .handshake
    flags = Flags(rawValue: 0)
    scales = segment.options.present.has(.windowScale) ? segment.options.windowScale : 0
    offeredScale = 0
    clientFloor = segment.sequence + 1
    binding = 0
    clientMSS = segment.options.present.has(.maximumSegmentSize) ? segment.options.maximumSegmentSize : TCPHeader.defaultMSS
    serverMSS = 0
    clientStart = segment.sequence + 1
    serverStart = SequenceNumber(0)
    clientTimestamp = segment.options.present.has(.timestamps) ? segment.options.timestampValue : 0
    serverTimestamp = 0
    rule = .max
    group = Self.noGroup
    retries = 0
    phaseStart = now
    opened = now
  }

  struct Flags: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt16
    @inline(__always)
    init(rawValue: UInt16) { self.rawValue = rawValue }
    static var clientFin: Flags { Flags(rawValue: 1) }
    static var serverFin: Flags { Flags(rawValue: 2) }
    static var clientFinAcknowledged: Flags { Flags(rawValue: 4) }
    static var serverFinAcknowledged: Flags { Flags(rawValue: 8) }
    static var bothFinsAcknowledged: UInt16 { 12 }
    /// The client sends timestamps, and so do we (RFC 7323 3.2).
    static var timestamps: Flags { Flags(rawValue: 16) }
    /// The client was told that SACK is permitted.
    static var clientSACK: Flags { Flags(rawValue: 32) }
    /// The server permitted SACK.
    static var serverSACK: Flags { Flags(rawValue: 64) }
    /// The client scales its windows, and was told our shift (RFC 7323 2.2).
    static var clientScales: Flags { Flags(rawValue: 128) }
    static var serverScales: Flags { Flags(rawValue: 256) }
    /// There is a `Binding`.
    static var bound: Flags { Flags(rawValue: 512) }
    /// Windows mean another thing on the other leg.
    static var rescales: Flags { Flags(rawValue: 1024) }
    /// The SYN was passed on as it came: nothing but addresses and ports differs between the legs.
    static var immediate: Flags { Flags(rawValue: 2048) }
    /// The server has sent octets, or acknowledged some: it cannot be replaced any more.
    static var committed: Flags { Flags(rawValue: 4096) }
    /// Its target counts it as open.
    static var counted: Flags { Flags(rawValue: 8192) }
    /// The server takes shorter segments than the client was told.
    static var splits: Flags { Flags(rawValue: 16384) }
    /// The client's acknowledgment of a SYN-ACK that was passed on has not come yet.
    static var halfOpen: Flags { Flags(rawValue: 32768) }
    /// One end has closed, or the handshake is not complete.
    static var closing: UInt16 { 15 | halfOpen.rawValue }
    static var unusual: UInt16 { closing | rescales.rawValue | splits.rawValue }
  }

  static var noGroup: UInt8 { .max }

  /// From `clientKey`, which comes first, to `serverKey`, in octets.
  static var keyDistance: Int { 16 }

  /// Gives it a server's leg.
  @inline(always)
  mutating func lead(to serverKey: FlowKey) {
    self.serverKey = serverKey
    renewChange()
  }

  /// Says how the numbers of one leg become the other's.
  @inline(always)
  mutating func shift(toServer: UInt32, toClient: UInt32) {
    self.toServer = toServer
    self.toClient = toClient
    renewChange()
  }

  @inline(always)
  private mutating func renewChange() {
    change = HeaderChange(from: clientKey, to: serverKey.reversed, adding: toServer, takingOff: toClient)
  }

  @inline(always)
  var clientScale: UInt32 { UInt32(scales & 15) }

  @inline(always)
  var serverScale: UInt32 { UInt32(scales &>> 4) }

  /// Both legs stand, or stood.
  @inline(always)
  var isJoined: Bool { phase == .spliced || phase == .delivering || phase == .replaying || phase == .lingering }

  @inline(always)
  var hasServerLeg: Bool { serverKey.ports != 0 }
}

/// The two ends of a proxied connection.
enum Leg: UInt8, BitwiseCopyable, Sendable {
  case client
  case server
}

/// Who opened the connection.
public enum Role: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case client
  case server
}

/// What a connection needs for every segment: one cache line of 64 octets, its key included. Fields carry their RFC 9293 names.
///
/// What loss and bulk transfer need (scoreboard, congestion window) lies in a second, cold structure, a `Recovery`, which is taken when it is
/// first needed and named in the `Companion`.
public struct Connection: TimerNode, BitwiseCopyable, Sendable {
  /// Addresses and ports as they lie in what arrives: the remote end is the source.
  public var key: FlowKey

  /// SND.UNA: the oldest octet not acknowledged.
  public var sendUnacknowledged: SequenceNumber
  /// SND.NXT: the next octet to be sent for the first time.
  public var sendNext: SequenceNumber
  /// RCV.NXT: the next octet expected.
  public var receiveNext: SequenceNumber
  /// SND.WND: what the peer takes beyond SND.UNA, scaled.
  public var sendWindow: UInt32
  /// ISS
  public var initialSend: SequenceNumber
  /// IRS
  public var initialReceive: SequenceNumber

  public var state: TCPState
  /// Shift counts: the peer's window in the low half, ours in the high half.
  public var scales: UInt8
  /// And `retransmits`, in the upper five bits.
  public var flags: Flags

  /// When the retransmission (or persist) timer was started, in milliseconds; read when `Flags.timerRunning`. How long it runs is
  /// worked out when it is looked at.
  public var timerStart: UInt32
  /// When a segment last arrived or new data was sent, in milliseconds.
  public var lastActivity: UInt32

  public var timerNext: UInt32
  public var timerPrevious: UInt32
  public var timerDue: UInt32

  /// Octets of data to a segment: the peer's MSS and ours, less the options that every segment carries.
  public var segmentSize: UInt16
  /// Which of the engine's targets or listeners this is, and, in the top bit, that we are its server.
  public var peer: UInt16
  static var serverBit: UInt16 { 0x8000 }

  public struct Flags: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt16
    @inline(__always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// We have sent our FIN: SND.NXT counts it.
    public static var finSent: Flags { Flags(rawValue: 1) }
    /// Both ends sent timestamps in their SYNs (RFC 7323 3.2).
    public static var timestamps: Flags { Flags(rawValue: 2) }
    /// A round trip is being timed since `Companion.flightStart`.
    public static var timing: Flags { Flags(rawValue: 4) }
    /// A timeout happened; what was in flight then is sent again, segment after segment, as acknowledgments come in.
    public static var recovering: Flags { Flags(rawValue: 8) }
    /// The timer is the persist timer (RFC 9293 3.8.6.1).
    public static var persisting: Flags { Flags(rawValue: 16) }
    public static var timerRunning: Flags { Flags(rawValue: 32) }
    /// Both ends sent a window scale (RFC 7323 2.2).
    public static var windowScale: Flags { Flags(rawValue: 64) }
    /// The peer permitted SACK (RFC 2018); used by recovery.
    public static var sackPermitted: Flags { Flags(rawValue: 128) }
    /// The `Companion` names a `Recovery`.
    public static var cold: Flags { Flags(rawValue: 256) }
    /// Data has arrived that is not acknowledged yet (RFC 5681 4.2).
    public static var owesAcknowledgment: Flags { Flags(rawValue: 512) }
    static var scaledAndSelective: Flags { Flags(rawValue: 64 | 128) }
    /// What keeps a segment from being judged at first sight.
    static var notPlain: Flags { Flags(rawValue: 256 | 2) }
  }

  /// Retransmissions in a row without an acknowledgment of new data; the back-off. At most 31.
  @inline(__always)
  public var retransmits: UInt8 {
    get { UInt8(truncatingIfNeeded: flags.rawValue &>> 11) }
    set { flags = Flags(rawValue: flags.rawValue & 0x7ff | UInt16(newValue) &<< 11) }
  }

  @inline(__always)
  public var localAddress: IPv4Address { key.destination }

  @inline(__always)
  public var localPort: UInt16 { key.destinationPort }

  @inline(__always)
  public var remoteAddress: IPv4Address { key.source }

  @inline(__always)
  public var remotePort: UInt16 { key.sourcePort }

  @inline(__always)
  public var role: Role { peer & Self.serverBit != 0 ? .server : .client }

  @inline(always)
  var sendScale: UInt8 { scales & 15 }

  @inline(always)
  var receiveScale: UInt8 { scales &>> 4 }

  /// Octets of the stream sent for the first time so far (modulo 2^32).
  @inline(__always)
  public var streamSent: UInt32 {
    sendNext.distance(from: initialSend) &- 1 &- UInt32(flags.rawValue & Flags.finSent.rawValue)
  }

  /// Octets of the peer's stream received in order so far (modulo 2^32).
  @inline(__always)
  public var streamReceived: UInt32 {
    receiveNext.distance(from: initialReceive) &- 1 &- (peerHasClosed ? 1 : 0)
  }

  /// RCV.NXT counts the peer's FIN.
  @inline(__always)
  public var peerHasClosed: Bool { state.ordinal >= TCPState.closing.ordinal }

  /// Octets in flight, SYN and FIN included.
  @inline(__always)
  public var flight: UInt32 { sendNext.distance(from: sendUnacknowledged) }
}

/// What lies beside a connection, in a table of its own: read by fewer segments. 16 octets.
public struct Companion: BitwiseCopyable, Sendable {
  /// Two times in one word: when the present phase began, in 16 ticks (upper 40 bits), and when the segment was sent that is being timed,
  /// in 4 microseconds (lower 24).
  private var starts: UInt64 = 0
  /// SRTT in 1/8 ms (RFC 6298 2), 0 before the first measurement; longer than 8 s counts as 8 s.
  ///
  /// A cold connection has `coldHandle` in the place of these two.
  public var smoothedRTT: UInt16 = 0
  /// RTTVAR in 1/4 ms.
  public var rttVariance: UInt16 = 0
  /// TS.Recent (RFC 7323 4.3).
  public var timestampRecent: UInt32 = 0

  @inline(__always)
  public init() {}

  /// Which `Recovery` is the connection's, when it is cold.
  var coldHandle: UInt32 {
    @inline(always) get { UInt32(smoothedRTT) | UInt32(rttVariance) &<< 16 }
    set {
      smoothedRTT = UInt16(truncatingIfNeeded: newValue)
      rttVariance = UInt16(truncatingIfNeeded: newValue &>> 16)
    }
  }

  private static var flightMask: UInt64 { 0xff_ffff }

  /// A phase begins (first SYN, request, FIN): the start of a latency.
  @inline(__always)
  public mutating func beginPhase(_ now: UInt64) { starts = (now &>> 4) &<< 24 | starts & Self.flightMask }

  /// Ticks since the present phase began, 16 exact; modulo 2^44 (two hours at 2.4 GHz).
  @inline(__always)
  public func phase(until now: UInt64) -> UInt64 { ((now &>> 4) &<< 24 &- starts & ~Self.flightMask) &>> 20 }

  @inline(always)
  mutating func beginFlight(_ now: Moment) { starts = starts & ~Self.flightMask | now.microseconds &>> 2 & Self.flightMask }

  /// Microseconds since the segment was sent that is being timed, 4 exact; modulo 67 s, before which its timer has run out.
  @inline(always)
  func flight(until now: Moment) -> UInt32 {
    UInt32(truncatingIfNeeded: (now.microseconds &>> 2 &- starts) & Self.flightMask) &<< 2
  }
}

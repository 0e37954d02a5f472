/// Whether clients are promised timestamps (RFC 7323) before their server is known.
public enum TimestampOffer: String, CaseIterable, Sendable, BitwiseCopyable {
  /// Once every target was seen to take them.
  case learned
  /// In any case: a target that does not take them is passed over.
  case always
  case never
}

/// What every connection of a proxy has in common. Times are milliseconds.
public struct ProxyParameters: Sendable, Equatable, BitwiseCopyable {
  /// The server is chosen at the SYN, and the legs are one from the first segment.
  public var isImmediate = false
  /// What our SYN-ACK offers before the server is known: octets of data in a segment, the shift of windows (nil: what servers were seen to say),
  /// and whether SACK and timestamps are taken, as far as the client offered them.
  public var maximumSegmentSize: UInt16 = 1460
  public var windowScale: UInt8?
  public var sackPermitted = true
  public var timestamps = TimestampOffer.learned

  /// Octets of a request that are held at most, and that the client may send before a server is connected.
  public var requestLimit: UInt32 = 16_384

  /// Before our SYN, SYN-ACK, FIN or octets are sent again for the first time; the time doubles with each (RFC 6298 5.5).
  public var initialRTO: UInt32 = 1_000
  /// How often a SYN-ACK, a FIN or a held request is sent again.
  public var retries: UInt8 = 5

  /// For the client's handshake.
  public var handshakeTimeout: UInt32 = 30_000
  /// For a request that a rule can decide on.
  public var requestTimeout: UInt32 = 10_000
  /// Silence of a client after which it is taken to wait for the server's words; 0: it is never.
  public var serverFirstTimeout: UInt32 = 0
  /// For a server's answer to our SYN, before the next one is tried.
  public var connectTimeout: UInt32 = 3_000
  /// Silence of an established connection (RFC 5382 REQ-5: at least 2 h 4 min).
  public var establishedTimeout: UInt32 = 7_440_000
  /// Silence of one that closes, or is not established (RFC 5382 REQ-5: at least 4 min).
  public var closingTimeout: UInt32 = 240_000
  /// How long one that is closed still passes what is repeated, and keeps its server-side port.
  public var lingerTimeout: UInt32 = 10_000

  public init() {}

  /// The window in our SYN-ACK, which is never scaled (RFC 7323 2.2).
  @inline(always)
  var synWindow: UInt16 { UInt16(truncatingIfNeeded: min(requestLimit, TCPHeader.maximumUnscaledWindow)) }
}

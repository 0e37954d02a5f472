/// What every connection of a worker has in common. Times are milliseconds unless the name says otherwise.
public struct TCPParameters: Sendable, Equatable, BitwiseCopyable {
  /// Octets of data we take in a segment; offered in our SYN.
  public var maximumSegmentSize: UInt16 = 1460
  /// Octets we are always ready to receive: the workload consumes at once, so the window never closes.
  public var receiveWindow: UInt32 = 65_535
  /// Offer window scaling, SACK and timestamps in our SYN.
  public var windowScaling = true
  /// The shift that we offer; nil: the smallest that suits the window.
  public var fixedReceiveScale: UInt8?
  public var sackPermitted = true
  public var timestamps = false

  /// Before the first measurement (RFC 6298 2.1).
  public var initialRTO: UInt32 = 1_000
  /// Smallest timeout (RFC 6298 2.4 says 1 s; stacks in use take 200 ms).
  public var minimumRTO: UInt32 = 200
  /// Largest timeout (RFC 6298 2.5).
  public var maximumRTO: UInt32 = 60_000
  /// Retransmissions of a SYN or SYN-ACK before giving up.
  public var synRetries: UInt8 = 6
  /// Retransmissions of data or FIN before giving up (RFC 9293 3.8.3: R2 of at least 100 s).
  public var dataRetries: UInt8 = 15
  /// Segments in flight before the first acknowledgment, and until the cold structure brings congestion control (RFC 6928).
  public var initialSegments: UInt32 = 10
  /// Let the congestion window shrink while nothing is sent (RFC 5681 4.1).
  public var restartsAfterIdle = true

  /// How long an acknowledgment may wait for company (RFC 9293 3.8.6.3); 0: not at all.
  public var acknowledgmentDelay: UInt32 = 0
  /// Silence after which the peer is asked whether it is still there (RFC 9293 3.8.4), and again after as much; 0: never.
  public var keepAlive: UInt32 = 0

  /// Silence after which a connection in a state of the group is given up.
  public var synSentTimeout: UInt32 = 30_000
  public var synReceivedTimeout: UInt32 = 30_000
  public var establishedTimeout: UInt32 = 200_000
  public var closingTimeout: UInt32 = 60_000
  public var timeWaitTimeout: UInt32 = 60_000

  public init() {}

  /// No timer of a connection is due sooner after it was started: what looks at connections need not do so earlier.
  public var shortestWait: UInt32 {
    var wait = min(minimumRTO, initialRTO)
    wait = min(wait, min(synSentTimeout, synReceivedTimeout))
    wait = min(wait, min(establishedTimeout, closingTimeout))
    return keepAlive > 0 ? min(wait, keepAlive) : wait
  }

  /// The smallest shift that lets our window be written in 16 bits, 14 at most (RFC 7323 2.3).
  @inline(__always)
  public var receiveScale: UInt8 {
    if let fixedReceiveScale { return windowScaling ? fixedReceiveScale : 0 }
    guard windowScaling, receiveWindow > TCPHeader.maximumUnscaledWindow else { return 0 }
    return UInt8(truncatingIfNeeded: smaller(16 &- receiveWindow.leadingZeroBitCount, 14))
  }

  /// Options of our SYN, or of the SYN-ACK when the peer offered the same (RFC 7323 1.3, RFC 2018 2).
  @inline(always)
  func synOptions(limitedTo offered: TCPOptions.Present, timestamp: UInt32, echo: UInt32) -> TCPOptions {
    var options = TCPOptions()
    options.present = .maximumSegmentSize
    options.maximumSegmentSize = maximumSegmentSize
    if windowScaling, offered.has(.windowScale) {
      options.present.set(.windowScale)
      options.windowScale = receiveScale
    }
    if sackPermitted, offered.has(.sackPermitted) { options.present.set(.sackPermitted) }
    if timestamps, offered.has(.timestamps) {
      options.present.set(.timestamps)
      options.timestampValue = timestamp
      options.timestampEcho = echo
    }
    return options
  }

  @inline(always)
  func timeout(_ state: TCPState) -> UInt32 {
    switch state.group {
    case .synSent: synSentTimeout
    case .synReceived: synReceivedTimeout
    case .established: establishedTimeout
    case .closing: closingTimeout
    case .timeWait: timeWaitTimeout
    }
  }
}

/// A moment as the protocol sees it: one clock in two units.
public struct Moment: Sendable, BitwiseCopyable {
  /// Modulo 2^32.
  public var milliseconds: UInt32
  public var microseconds: UInt64

  @inline(__always)
  public init(milliseconds: UInt32, microseconds: UInt64) {
    self.milliseconds = milliseconds
    self.microseconds = microseconds
  }
}

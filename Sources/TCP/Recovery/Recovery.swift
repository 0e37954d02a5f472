/// What a connection needs when segments are lost or reordered, or when more is in flight than the initial window: the cold structure. It is
/// taken from a pool when first needed, and holds the sender's scoreboard (RFC 2018, 6675), RACK-TLP (RFC 8985), congestion control
/// (RFC 5681, 6937, 9438), timers in microseconds, and what the receiver knows of octets that came out of order.
///
/// Windows and sums are octets, times microseconds; times of 32 bits go around after 71 minutes.
public struct Recovery: BitwiseCopyable, @unchecked Sendable {
  // The segments in flight, oldest first: together they cover SND.UNA to SND.NXT.
  let ring: UnsafeMutablePointer<SentSegment>
  /// Places of the ring, a power of two, less one.
  let ringMask: UInt32
  var oldest: UInt32 = 0
  var count: UInt32 = 0

  // Octets in flight that the peer has selectively acknowledged; that are lost; of these, that wait to be sent again; that were sent again and
  // are on their way.
  var sacked: UInt32 = 0
  var lost: UInt32 = 0
  var pending: UInt32 = 0
  var resent: UInt32 = 0

  // Round trip (RFC 6298); 0: not measured yet.
  var smoothedRTT: UInt32 = 0
  var rttVariance: UInt32 = 0
  /// The smallest of the last ten seconds at least (RFC 8985 6.2), and when it was measured.
  var minimumRTT: UInt32 = .max
  var minimumRTTAt: UInt32 = 0

  // Congestion control.
  var phase = CongestionPhase.open
  var algorithm = CongestionAlgorithm.cubic
  var congestionWindow: UInt32
  var slowStartThreshold: UInt32 = .max
  /// Most octets in flight within the round trip that ends with `limitedEnd`: a window that is not used does not grow (RFC 7661).
  var isWindowLimited = false
  var peakFlight: UInt32 = 0
  var peakEnd: SequenceNumber
  /// SND.NXT when recovery began: it is over when that is acknowledged.
  var recoveryPoint: SequenceNumber
  /// Before the reduction (RecoverFS), and octets delivered and sent since (RFC 6937).
  var priorWindow: UInt32 = 0
  var deliveredInReduction: UInt32 = 0
  var sentInReduction: UInt32 = 0
  /// Octets acknowledged that have not yet made the window grow by a segment (RFC 5681 3.1).
  var growth: UInt32 = 0
  var cubic = Cubic()

  // RACK (RFC 8985 5.3): the segment delivered that was sent last.
  var rackIsSet = false
  var reorderingSeen = false
  var rackTime: UInt32 = 0
  var rackEnd: SequenceNumber
  var rackRTT: UInt32 = 0
  /// The highest octet that was selectively or cumulatively acknowledged.
  var forwardMost: SequenceNumber
  /// reo_wnd_mult, and recoveries until it falls back to 1.
  var reorderingSteps: UInt32 = 1
  var reorderingPersists: UInt32 = 16
  var dsackRoundEnd: SequenceNumber
  var dsackRoundIsOpen = false

  // Duplicate acknowledgments of a peer without SACK (RFC 5681 3.2), and the octets they stand for.
  var duplicates: UInt32 = 0
  var duplicateOctets: UInt32 = 0

  // Tail loss probe (RFC 8985 7): SND.NXT when it was sent.
  var probeIsOut = false
  var probeWasRetransmission = false
  var probeEnd: SequenceNumber

  // The sender's timer.
  var timer = RecoveryTimer.none
  var due: UInt64 = 0
  var lastSent: UInt64 = 0
  /// The end of the last segment that was smaller than a whole one (Minshall's form of RFC 896).
  var smallEnd: SequenceNumber

  // The receiver.
  var received = ReceivedRanges()
  /// A FIN that came before what precedes it: its number.
  var finIsKept = false
  var keptFIN: SequenceNumber
  /// RCV.NXT + RCV.WND as last advertised: it never moves back (RFC 9293 3.8.6).
  public var receiveEdge: SequenceNumber
  /// When a delayed acknowledgment is due (RFC 5681 4.2).
  public var acknowledgmentDue: UInt64 = .max

  /// Of a connection whose SND.NXT is `next`, with nothing in flight.
  ///
  /// - Parameters:
  ///   - ring: `capacity` places, a power of two; more segments than these are never in flight.
  ///   - window: the initial congestion window (RFC 6928).
  init(
    ring: UnsafeMutablePointer<SentSegment>, capacity: UInt32, next: SequenceNumber, window: UInt32, algorithm: CongestionAlgorithm,
    receiveEdge: SequenceNumber
  ) {
    self.ring = ring
    ringMask = capacity &- 1
    congestionWindow = window
    self.algorithm = algorithm
    peakEnd = next
    recoveryPoint = next
    rackEnd = next
    forwardMost = next
    dsackRoundEnd = next
    probeEnd = next
    smallEnd = next
    keptFIN = next
    self.receiveEdge = receiveEdge
  }
}

/// Where congestion control stands; named as in RFC 5681 and 6675.
public enum CongestionPhase: UInt8, BitwiseCopyable, Sendable {
  /// Nothing is known to be lost.
  case open
  /// The window shrinks to the slow-start threshold without a loss that is to be repaired (after a tail loss probe).
  case reduction
  /// Fast recovery.
  case recovery
  /// After a retransmission timeout.
  case loss
}

public enum CongestionAlgorithm: UInt8, BitwiseCopyable, Sendable {
  case cubic
  case newReno
}

/// What the sender's timer is set for.
public enum RecoveryTimer: UInt8, BitwiseCopyable, Sendable {
  case none
  case retransmission
  /// A tail loss probe (RFC 8985 7.2).
  case probe
  /// The reordering window of a segment that may be lost (RFC 8985 6.2).
  case reordering
  /// The peer's window is closed (RFC 9293 3.8.6.1).
  case persist
}

/// What a connection needs when segments are lost or reordered, or when more is in flight than the initial window: the cold structure. It is
/// taken from a pool when first needed, and holds the sender's scoreboard (RFC 2018, 6675), RACK-TLP (RFC 8985), congestion control
/// (RFC 5681, 6937, 9438), timers in microseconds, and what the receiver knows of octets that came out of order.
///
/// Windows and sums are octets, times microseconds; times of 32 bits go around after 71 minutes.
public struct Recovery: BitwiseCopyable, @unchecked Sendable {
  // The segments in flight, oldest first: together they cover SND.UNA to SND.NXT.
  private(set) var ring: UnsafeMutablePointer<SentSegment>
  /// Places of the ring, a power of two, less one.
  private(set) var ringMask: UInt32
  var oldest: UInt32
  var count: UInt32

  // Octets in flight that the peer has selectively acknowledged; that are lost; of these, that wait to be sent again; that were sent again and
  // are on their way.
  var sacked: UInt32
  var lost: UInt32
  var pending: UInt32
  var resent: UInt32

  // Round trip (RFC 6298); 0: not measured yet.
  var smoothedRTT: UInt32
  var rttVariance: UInt32
  /// The smallest of the last ten seconds at least (RFC 8985 6.2), and when it was measured.
  var minimumRTT: UInt32
  var minimumRTTAt: UInt32

  // Congestion control.
  var phase: CongestionPhase
  var algorithm: CongestionAlgorithm
  var congestionWindow: UInt32
  var slowStartThreshold: UInt32
  /// Most octets in flight within the round trip that ends with `limitedEnd`: a window that is not used does not grow (RFC 7661).
  var isWindowLimited: Bool
  var peakFlight: UInt32
  var peakEnd: SequenceNumber
  /// SND.NXT when recovery began: it is over when that is acknowledged.
  var recoveryPoint: SequenceNumber
  /// Before the reduction (RecoverFS), and octets delivered and sent since (RFC 6937).
  var priorWindow: UInt32
  var deliveredInReduction: UInt32
  var sentInReduction: UInt32
  /// Octets acknowledged that have not yet made the window grow by a segment (RFC 5681 3.1).
  var growth: UInt32
  var cubic: Cubic
  var undo: Undo
  var slowStartExit: SlowStartExit

  // RACK (RFC 8985 5.3): the segment delivered that was sent last.
  var rackIsSet: Bool
  var reorderingSeen: Bool
  var rack: SentSegment
  /// Of the segment sent last.
  var sendOrder: UInt16
  var rackRTT: UInt32
  /// The highest octet that was selectively or cumulatively acknowledged.
  var forwardMost: SequenceNumber
  /// By how many segments one was overtaken that arrived all the same, at most.
  public var reorderingDegree: UInt32
  /// reo_wnd_mult, and recoveries until it falls back to 1.
  var reorderingSteps: UInt32
  var reorderingPersists: UInt32
  var dsackRoundEnd: SequenceNumber
  var dsackRoundIsOpen: Bool

  // Duplicate acknowledgments of a peer without SACK (RFC 5681 3.2), and the octets they stand for.
  var duplicates: UInt32
  var duplicateOctets: UInt32

  // Tail loss probe (RFC 8985 7): SND.NXT when it was sent.
  var probeIsOut: Bool
  var probeWasRetransmission: Bool
  var probeEnd: SequenceNumber
  /// Probes of a recovery since SND.UNA moved.
  var repairProbes: UInt8

  // The sender's timer.
  var timer: RecoveryTimer
  var due: UInt64
  /// Probes of a closed window since the peer was last heard.
  var unansweredProbes: UInt8
  public var lastSent: UInt64
  /// SND.WL1 (RFC 9293 3.10.7.4), of the segment that the window was taken from; the highest.
  var windowSequence: SequenceNumber
  /// The largest window the peer has offered, and whether a segment may be smaller than half of it (RFC 9293 3.8.6.2.1).
  var largestWindow: UInt32
  var overridesSmallWindow: Bool
  /// The end of the last segment that was smaller than a whole one (Minshall's form of RFC 896).
  var smallEnd: SequenceNumber

  // The receiver.
  var received: ReceivedRanges
  /// A FIN that came before what precedes it: its number.
  var finIsKept: Bool
  var keptFIN: SequenceNumber
  /// RCV.NXT + RCV.WND as last advertised: it never moves back (RFC 9293 3.8.6).
  public var receiveEdge: SequenceNumber
  /// When a delayed acknowledgment is due (RFC 5681 4.2).
  public var acknowledgmentDue: UInt64

  /// Begins anew, for a connection whose SND.NXT is `next`, with nothing in flight. Field by field: a whole value would be copied by a call.
  ///
  /// - Parameters:
  ///   - ring: `capacity` places, a power of two; more segments than these are never in flight.
  ///   - ranges: `ReceivedRanges.capacity` places.
  ///   - window: the initial congestion window (RFC 6928).
  mutating func begin(
    ring: UnsafeMutablePointer<SentSegment>, capacity: UInt32, ranges: UnsafeMutablePointer<SequenceRange>, next: SequenceNumber,
    window: UInt32, algorithm: CongestionAlgorithm, receiveNext: SequenceNumber, receiveWindow: UInt32
  ) {
    self.ring = ring
    ringMask = capacity &- 1
    oldest = 0
    count = 0
    sacked = 0
    lost = 0
    pending = 0
    resent = 0
    smoothedRTT = 0
    rttVariance = 0
    minimumRTT = .max
    minimumRTTAt = 0
    phase = CongestionPhase.open
    slowStartThreshold = .max
    isWindowLimited = false
    peakFlight = 0
    priorWindow = 0
    deliveredInReduction = 0
    sentInReduction = 0
    growth = 0
    cubic = Cubic()
    undo = Undo()
    slowStartExit = SlowStartExit()
    rackIsSet = false
    reorderingSeen = false
    sendOrder = 0
    rackRTT = 0
    reorderingDegree = 0
    reorderingSteps = 1
    reorderingPersists = 16
    dsackRoundIsOpen = false
    duplicates = 0
    duplicateOctets = 0
    probeIsOut = false
    repairProbes = 0
    probeWasRetransmission = false
    timer = RecoveryTimer.none
    due = 0
    unansweredProbes = 0
    lastSent = 0
    largestWindow = 0
    overridesSmallWindow = false
    finIsKept = false
    acknowledgmentDue = .max
    congestionWindow = window
    self.algorithm = algorithm
    peakEnd = next
    recoveryPoint = next
    rack = SentSegment(end: next, sentAt: 0, order: 0, marks: SentSegment.Marks(rawValue: 0))
    forwardMost = next
    dsackRoundEnd = next
    probeEnd = next
    smallEnd = next
    received = ReceivedRanges(ranges)
    keptFIN = next
    windowSequence = receiveNext
    receiveEdge = receiveNext + receiveWindow
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

/// How the congestion window grows and shrinks.
public enum CongestionAlgorithm: String, CaseIterable, BitwiseCopyable, Sendable {
  /// RFC 9438
  case cubic
  /// RFC 5681
  case newReno = "reno"
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

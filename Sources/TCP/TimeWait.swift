/// A connection in TIME-WAIT, in half a cache line: what is needed to answer a late FIN and to judge a new SYN for the pair.
public struct TimeWait: BitwiseCopyable, Sendable {
  /// As it lies in what arrives.
  public var key: FlowKey
  public var sendNext: SequenceNumber
  public var receiveNext: SequenceNumber
  public var timestampRecent: UInt32
  /// When it ends, in milliseconds.
  public var due: UInt32
  /// The flow's hash, with which the engine finds its table entry.
  public var hash: UInt32

  @inline(__always)
  public init(_ connection: Connection, _ companion: Companion, hash: UInt32, due: UInt32) {
    key = connection.key
    sendNext = connection.sendNext
    receiveNext = connection.receiveNext
    timestampRecent = companion.timestampRecent
    self.due = due
    self.hash = hash
  }

  public enum Verdict: Sendable, BitwiseCopyable {
    /// Acknowledge it; 2 MSL begin again (RFC 9293 3.10.7.4, eighth step).
    case acknowledgeAndRestart
    case acknowledge
    case ignore
    /// A new connection may begin for this pair, with an ISS beyond `sendNext`.
    case reopen
    /// The pair is free again.
    case end
  }

  /// Judges a segment for the pair.
  public func arrive(_ segment: TCPSegment, timestamps: Bool) -> Verdict {
    if segment.flags.has(.rst) {
      // RFC 9293 3.10.7.4 lets any RST in the window end it, RFC 1337 none: an old one. The exact number (RFC 5961 3.2) is that of a peer that
      // began anew and was told of what it has forgotten.
      return segment.sequence == receiveNext ? .end : .ignore
    }
    if segment.flags.has(.syn) {
      guard !segment.flags.has(.ack) else { return .acknowledge }
      if timestamps, segment.options.present.has(.timestamps), timestampRecent != 0 {
        // RFC 6191 2: a later timestamp, or the same with a higher sequence number.
        let newer = Int32(bitPattern: segment.options.timestampValue &- timestampRecent)
        if newer > 0 || (newer == 0 && segment.sequence > receiveNext) { return .reopen }
        return .acknowledge
      }
      return segment.sequence > receiveNext ? .reopen : .acknowledge
    }
    if segment.flags.has(.fin) { return .acknowledgeAndRestart }
    // RFC 9293 3.10.7.4, first step: what is not acceptable is acknowledged, the rest has nothing to say.
    return segment.length > 0 || segment.sequence != receiveNext ? .acknowledge : .ignore
  }

  /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
  public func acknowledgment(window: UInt16, timestamps: Bool, now: Moment) -> TCPSegment {
    var segment = TCPSegment(key.reversed)
    segment.sequence = sendNext
    segment.acknowledgment = receiveNext
    segment.flags = .ack
    segment.window = window
    if timestamps, timestampRecent != 0 {
      segment.options.present = .timestamps
      segment.options.timestampValue = now.milliseconds
      segment.options.timestampEcho = timestampRecent
    }
    return segment
  }
}

/// What arrived, in the machine's judgement.
public struct Events: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt16
  @inline(__always)
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The three-way handshake is complete.
  public static var established: Events { Events(rawValue: 1) }
  /// Octets of the stream arrived in order: `payloadOffset`, `payloadLength`.
  public static var payload: Events { Events(rawValue: 2) }
  /// The peer's FIN arrived in order.
  public static var peerClosed: Events { Events(rawValue: 4) }
  /// SND.UNA advanced, or the window opened: there may be something to send.
  public static var maySend: Events { Events(rawValue: 8) }
  /// Our FIN was acknowledged.
  public static var finAcknowledged: Events { Events(rawValue: 16) }
  /// The connection entered TIME-WAIT.
  public static var timeWait: Events { Events(rawValue: 32) }
  /// The connection is closed: LAST-ACK's acknowledgment arrived.
  public static var closed: Events { Events(rawValue: 64) }
  /// The peer reset the connection; it is closed.
  public static var reset: Events { Events(rawValue: 128) }
  /// The oldest octets in flight are to be sent again: see `retransmitOldest`.
  public static var retransmit: Events { Events(rawValue: 256) }
  /// Octets arrived too early, and can be kept: `payloadOffset`, `payloadLength`; see `Connection.kept`.
  public static var keep: Events { Events(rawValue: 512) }
  /// Octets that were kept are in order now, all before RCV.NXT.
  public static var keptInOrder: Events { Events(rawValue: 1024) }
  /// It acknowledges nothing new while something is in flight (of a connection that is not cold).
  public static var duplicateAcknowledgment: Events { Events(rawValue: 2048) }

  /// `reset`, `keep` and `duplicateAcknowledgment`.
  static var unusual: UInt16 { 128 | 512 | 2048 }
}

/// What is to be sent in answer, if the workload sends nothing that carries it.
public enum Reply: UInt8, Sendable, BitwiseCopyable {
  // `Action.isUsual` relies on the first two being the usual ones.
  case none
  /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
  case acknowledge
  case synAcknowledge
  /// An ACK that makes the peer prove itself (RFC 5961); may be throttled.
  case challenge
  /// <SEQ=SEG.ACK><CTL=RST>; the connection stays as it is.
  case reset
}

/// Why a segment that belongs to a connection was not simply processed. Each is a counter and its text.
public enum Anomaly: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case none
  /// Nothing of it lies in the window, and it repeats what was received.
  case duplicate
  /// It lies beyond what is expected next; without reassembly the peer sends it again.
  case outOfOrder
  /// It lies outside the window on the far side.
  case outsideWindow
  case acknowledgmentUnacceptable
  case acknowledgmentMissing
  /// A SYN on a synchronized connection (RFC 5961 4).
  case synUnexpected
  /// A RST in the window that does not hit RCV.NXT (RFC 5961 3).
  case resetUnproven
  /// A RST outside the window.
  case resetOutsideWindow
  /// Older than TS.Recent (RFC 7323 5.3).
  case timestampOld
  /// Without the timestamp that was agreed on (RFC 7323 3.2).
  case timestampMissing
}

/// What the machine asks its owner to do; it does nothing itself. One register: events in the low 16 bits, then reply, anomaly, and place
/// and length of the new octets.
public struct Action: Sendable, BitwiseCopyable {
  private var word: UInt64

  @inline(__always)
  public init(_ reply: Reply = .none, _ anomaly: Anomaly = .none, _ events: Events = Events(rawValue: 0)) {
    word = UInt64(events.rawValue) | UInt64(reply.rawValue) &<< 16 | UInt64(anomaly.rawValue) &<< 24
  }

  @inline(__always)
  public var events: Events {
    get { Events(rawValue: UInt16(truncatingIfNeeded: word)) }
    set { word = word & ~0xffff | UInt64(newValue.rawValue) }
  }

  @inline(__always)
  public var reply: Reply {
    get { unsafeBitCast(UInt8(truncatingIfNeeded: word &>> 16), to: Reply.self) }
    set { word = word & ~0xff_0000 | UInt64(newValue.rawValue) &<< 16 }
  }

  @inline(__always)
  public var anomaly: Anomaly {
    get { unsafeBitCast(UInt8(truncatingIfNeeded: word &>> 24), to: Anomaly.self) }
    set { word = word & ~0xff00_0000 | UInt64(newValue.rawValue) &<< 24 }
  }

  /// Where the new octets begin within the segment's payload.
  @inline(__always)
  public var payloadOffset: UInt16 { UInt16(truncatingIfNeeded: word &>> 32) }

  @inline(__always)
  public var payloadLength: UInt16 { UInt16(truncatingIfNeeded: word &>> 48) }

  /// There are new octets.
  @inline(always)
  mutating func setPayload(offset: UInt16, length: UInt16) {
    word |= UInt64(Events.payload.rawValue) | UInt64(offset) &<< 32 | UInt64(length) &<< 48
  }

  /// Octets that came too early.
  mutating func setKept(length: UInt16) { word |= UInt64(Events.keep.rawValue) | UInt64(length) &<< 48 }

  /// Adds what a second look at the segment has shown.
  mutating func merge(_ other: Action) {
    let place = other.word &>> 32 == 0 ? word &>> 32 : other.word &>> 32
    word = place &<< 32 | word & 0xff00_0000 | (word | other.word) & 0xff_ffff
  }

  /// The segment has no answer but its acknowledgment, nothing is wrong with it, and the connection goes on.
  @inline(always)
  var isUsual: Bool { word & (0xfffe_0000 | UInt64(Events.unusual)) == 0 }

  /// Whether the acknowledgment is asked for, of a usual action.
  @inline(always)
  var asksToAcknowledge: Bool { word & 0x1_0000 != 0 }
}

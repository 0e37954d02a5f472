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
}

/// What is to be sent in answer, if the workload sends nothing that carries it.
public enum Reply: UInt8, Sendable, BitwiseCopyable {
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

/// What the machine asks its owner to do; it does nothing itself.
public struct Action: Sendable, BitwiseCopyable {
  public var events = Events(rawValue: 0)
  public var reply: Reply = .none
  public var anomaly: Anomaly = .none
  /// Where the new octets begin within the segment's payload.
  public var payloadOffset: UInt16 = 0
  public var payloadLength: UInt16 = 0

  @inline(__always)
  public init(_ reply: Reply = .none, _ anomaly: Anomaly = .none) {
    self.reply = reply
    self.anomaly = anomaly
  }
}

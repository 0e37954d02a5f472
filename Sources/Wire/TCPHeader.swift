/// The TCP header (RFC 9293 3.1): where its fields are, and the kinds of its options.
public enum TCPHeader {
  public static var length: Int { 20 }
  /// The longest header: a data offset of 15 words.
  public static var maximumLength: Int { 60 }
  /// The window that a SYN can offer: its field is never scaled (RFC 7323 2.2).
  public static var maximumUnscaledWindow: UInt32 { 65_535 }
  /// The largest window scale (RFC 7323 2.3).
  public static var maximumWindowScale: UInt8 { 14 }
  /// What a peer takes that names no MSS (RFC 9293 3.7.1, MUST-15).
  public static var defaultMSS: UInt16 { 536 }

  public enum OptionKind {
    public static var end: UInt8 { 0 }
    public static var noOperation: UInt8 { 1 }
    public static var maximumSegmentSize: UInt8 { 2 }
    public static var windowScale: UInt8 { 3 }
    public static var sackPermitted: UInt8 { 4 }
    public static var sack: UInt8 { 5 }
    public static var timestamps: UInt8 { 8 }
  }
}

/// The control bits of a segment.
public struct TCPFlags: OptionSet, Sendable, BitwiseCopyable, Hashable {
  public let rawValue: UInt8

  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
  public static var syn: TCPFlags { TCPFlags(rawValue: 0x02) }
  public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }
  public static var psh: TCPFlags { TCPFlags(rawValue: 0x08) }
  public static var ack: TCPFlags { TCPFlags(rawValue: 0x10) }
  public static var urg: TCPFlags { TCPFlags(rawValue: 0x20) }
  public static var ece: TCPFlags { TCPFlags(rawValue: 0x40) }
  public static var cwr: TCPFlags { TCPFlags(rawValue: 0x80) }

  // Combinations: a literal of several would be an array on the packet path.
  public static var synAck: TCPFlags { TCPFlags(rawValue: 0x12) }
  public static var finAck: TCPFlags { TCPFlags(rawValue: 0x11) }
  public static var rstAck: TCPFlags { TCPFlags(rawValue: 0x14) }

  /// ACK, and neither SYN nor RST: what a synchronized connection expects.
  @inline(always)
  var isPlain: Bool { rawValue & 0x16 == 0x10 }
}

/// What a segment's options said, each once; the last of its kind wins.
public struct TCPOptions: Equatable, Sendable, BitwiseCopyable {
  public struct Present: OptionSet, Sendable, BitwiseCopyable {
    public let rawValue: UInt8
    @inline(__always)
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static var maximumSegmentSize: Present { Present(rawValue: 1) }
    public static var windowScale: Present { Present(rawValue: 2) }
    public static var sackPermitted: Present { Present(rawValue: 4) }
    public static var timestamps: Present { Present(rawValue: 8) }
    /// SACK blocks (RFC 2018 3), which a SYN does not have: `SACKBlocks` reads them.
    public static var sack: Present { Present(rawValue: 16) }
  }

  public var present = Present(rawValue: 0)
  /// Shift count, at most 14 (RFC 7323 2.3: a larger one counts as 14).
  public var windowScale: UInt8 = 0
  /// Octets of data the sender takes in a segment.
  public var maximumSegmentSize: UInt16 = 0
  public var timestampValue: UInt32 = 0
  public var timestampEcho: UInt32 = 0

  /// Octets from the first SACK block to the payload. It has the place of the window scale, as no segment has both.
  @inline(__always)
  var sackDistance: UInt8 {
    get { windowScale }
    set { windowScale = newValue }
  }

  @inline(__always)
  public init() {}

  @inline(__always)
  public static func == (a: Self, b: Self) -> Bool {
    a.present == b.present && a.windowScale == b.windowScale && a.maximumSegmentSize == b.maximumSegmentSize
      && a.timestampValue == b.timestampValue && a.timestampEcho == b.timestampEcho
  }
}

/// A TCP segment as a value: what the state machine and the engine know of a frame, or of one to be sent.
public struct TCPSegment: Sendable, BitwiseCopyable {
  /// Where it comes from and where it goes.
  public var key: FlowKey
  public var sequence: SequenceNumber
  public var acknowledgment: SequenceNumber
  public var flags: TCPFlags
  /// The window field as it stands, not scaled.
  public var window: UInt16
  /// Octets from the frame's start to the payload.
  public var payloadOffset: UInt16
  /// Octets of payload.
  public var payloadLength: UInt16
  public var options: TCPOptions

  @inline(__always)
  public init() { self.init(FlowKey(addresses: 0, ports: 0)) }

  @inline(__always)
  public init(_ key: FlowKey) {
    self.key = key
    sequence = SequenceNumber(0)
    acknowledgment = SequenceNumber(0)
    flags = TCPFlags(rawValue: 0)
    window = 0
    payloadOffset = 0
    payloadLength = 0
    options = TCPOptions()
  }

  @inline(__always)
  public var source: IPv4Address {
    get { key.source }
    set { key.source = newValue }
  }

  @inline(__always)
  public var destination: IPv4Address {
    get { key.destination }
    set { key.destination = newValue }
  }

  @inline(__always)
  public var sourcePort: UInt16 {
    get { key.sourcePort }
    set { key.sourcePort = newValue }
  }

  @inline(__always)
  public var destinationPort: UInt16 {
    get { key.destinationPort }
    set { key.destinationPort = newValue }
  }

  /// SEG.LEN: payload, and one each for SYN and FIN (RFC 9293 3.4).
  @inline(__always)
  public var length: UInt32 {
    UInt32(payloadLength) &+ UInt32(flags.rawValue & 1) &+ UInt32(flags.rawValue &>> 1 & 1)
  }
}

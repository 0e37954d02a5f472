/// The beginning of connections: active and passive OPEN (RFC 9293 3.10.1).
extension Connection {
  /// A connection whose SYN is about to be sent; `key` is that of its answer.
  @inline(always)
  static func open(
    _ key: FlowKey, initial: SequenceNumber, peer: UInt16, _ companion: inout Companion, now: Moment
  ) -> Connection {
    var connection = Connection(
      key: key, sendUnacknowledged: initial, sendNext: initial + 1, receiveNext: SequenceNumber(0), sendWindow: 0,
      initialSend: initial, initialReceive: SequenceNumber(0), state: .synSent, scales: 0, flags: Flags(rawValue: 0),
      timerStart: 0, lastActivity: now.milliseconds, timerNext: 0, timerPrevious: 0, timerDue: 0,
      segmentSize: TCPHeader.defaultMSS, peer: peer)
    connection.startTimer(now: now)
    connection.startTiming(&companion, now: now)
    return connection
  }

  /// A connection that answers `syn`; its SYN-ACK is about to be sent.
  @inline(always)
  static func accept(
    _ syn: UnsafePointer<TCPSegment>, initial: SequenceNumber, peer: UInt16, _ companion: inout Companion,
    _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Connection {
    var connection = Connection(
      key: syn.pointee.key, sendUnacknowledged: initial, sendNext: initial + 1, receiveNext: syn.pointee.sequence + 1,
      sendWindow: UInt32(syn.pointee.window),
      initialSend: initial, initialReceive: syn.pointee.sequence, state: .synReceived, scales: 0, flags: Flags(rawValue: 0),
      timerStart: 0, lastActivity: now.milliseconds, timerNext: 0, timerPrevious: 0,
      timerDue: 0, segmentSize: TCPHeader.defaultMSS, peer: peer | serverBit)
    connection.negotiate(syn.pointee.options, &companion, parameters)
    connection.startTimer(now: now)
    connection.startTiming(&companion, now: now)
    return connection
  }

  /// Takes what the peer's SYN offered, as far as we offer it too.
  @inline(always)
  mutating func negotiate(_ offered: TCPOptions, _ companion: inout Companion, _ parameters: UnsafePointer<TCPParameters>) {
    var size = TCPHeader.defaultMSS
    // RFC 9293 3.7.1; an MSS below 1 octet would stop the connection.
    if offered.present.has(.maximumSegmentSize) { size = offered.maximumSegmentSize == 0 ? 1 : offered.maximumSegmentSize }
    if parameters.pointee.maximumSegmentSize < size { size = parameters.pointee.maximumSegmentSize }
    if parameters.pointee.windowScaling, offered.present.has(.windowScale) {
      scales = offered.windowScale | parameters.pointee.receiveScale &<< 4
      flags.set(.windowScale)
    }
    if parameters.pointee.sackPermitted, offered.present.has(.sackPermitted) { flags.set(.sackPermitted) }
    if parameters.pointee.timestamps, offered.present.has(.timestamps) {
      flags.set(.timestamps)
      companion.timestampRecent = offered.timestampValue
      // RFC 6691: the MSS does not count options, so they take their place in each segment.
      size = size > 12 ? size &- 12 : 1
    }
    segmentSize = size
  }
}

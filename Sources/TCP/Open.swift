/// The beginning of connections: active and passive OPEN (RFC 9293 3.10.1).
extension Connection {
  /// A connection whose SYN is about to be sent.
  @inline(always)
  static func open(
    local: IPv4Address, localPort: UInt16, remote: IPv4Address, remotePort: UInt16, initial: SequenceNumber, peer: UInt16,
    _ companion: inout Companion, _ parameters: TCPParameters, now: Moment
  ) -> Connection {
    var connection = Connection(
      remoteAddress: remote, localAddress: local, remotePort: remotePort, localPort: localPort,
      sendUnacknowledged: initial, sendNext: initial + 1, receiveNext: SequenceNumber(0), sendWindow: 0,
      initialSend: initial, initialReceive: SequenceNumber(0), state: .synSent, retransmits: 0, flags: Flags(rawValue: 0), scales: 0,
      timerStart: 0, lastActivity: now.milliseconds, timerNext: 0, timerPrevious: 0, timerDue: 0,
      segmentSize: TCPHeader.defaultMSS, peer: peer)
    connection.startTimer(now: now)
    connection.startTiming(&companion, now: now)
    return connection
  }

  /// A connection that answers `syn`; its SYN-ACK is about to be sent.
  @inline(always)
  static func accept(
    _ syn: TCPSegment, initial: SequenceNumber, peer: UInt16, _ companion: inout Companion,
    _ parameters: TCPParameters, now: Moment
  ) -> Connection {
    var connection = Connection(
      remoteAddress: syn.source, localAddress: syn.destination, remotePort: syn.sourcePort, localPort: syn.destinationPort,
      sendUnacknowledged: initial, sendNext: initial + 1, receiveNext: syn.sequence + 1, sendWindow: UInt32(syn.window),
      initialSend: initial, initialReceive: syn.sequence, state: .synReceived, retransmits: 0, flags: Flags(rawValue: 0), scales: 0,
      timerStart: 0, lastActivity: now.milliseconds, timerNext: 0, timerPrevious: 0,
      timerDue: 0, segmentSize: TCPHeader.defaultMSS, peer: peer | serverBit)
    connection.negotiate(syn.options, &companion, parameters)
    connection.startTimer(now: now)
    connection.startTiming(&companion, now: now)
    return connection
  }

  /// Takes what the peer's SYN offered, as far as we offer it too.
  @inline(always)
  mutating func negotiate(_ offered: TCPOptions, _ companion: inout Companion, _ parameters: TCPParameters) {
    var size = TCPHeader.defaultMSS
    // RFC 9293 3.7.1; an MSS below 1 octet would stop the connection.
    if offered.present.has(.maximumSegmentSize) { size = offered.maximumSegmentSize == 0 ? 1 : offered.maximumSegmentSize }
    if parameters.maximumSegmentSize < size { size = parameters.maximumSegmentSize }
    if parameters.windowScaling, offered.present.has(.windowScale) {
      scales = offered.windowScale | parameters.receiveScale &<< 4
      flags.set(.windowScale)
    }
    if parameters.sackPermitted, offered.present.has(.sackPermitted) { flags.set(.sackPermitted) }
    if parameters.timestamps, offered.present.has(.timestamps) {
      flags.set(.timestamps)
      companion.timestampRecent = offered.timestampValue
      // RFC 6691: the MSS does not count options, so they take their place in each segment.
      size = size > 12 ? size &- 12 : 1
    }
    segmentSize = size
  }
}

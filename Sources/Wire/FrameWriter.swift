/// Writes TCP/IPv4 frames. Headers are composed in registers, summed there and stored once.
public enum FrameWriter {
  /// Octets from the frame's start to the payload of a segment without options, and of one with timestamps.
  static var plainPayloadOffset: Int { Ethernet.headerLength &+ IPv4.headerLength &+ TCPHeader.length }
  static var timestampsPayloadOffset: Int { plainPayloadOffset &+ TCPOptions.timestampLayoutLength }

  /// Writes the IPv4 and TCP headers of `segment` behind the link header at `frame`, with both checksums; the payload
  /// (`segment.payloadLength` octets) already lies behind them. `segment.payloadOffset` is not read. Returns the frame's length.
  @inline(always)
  static func write(_ segment: TCPSegment, to frame: UnsafeMutableRawPointer) -> Int {
    let options = frame + plainPayloadOffset
    var sum = ChecksumSum()
    let optionsLength = segment.options.write(to: options, sum: &sum)
    let payloadLength = Int(segment.payloadLength)
    if payloadLength > 0 { sum.add(UnsafeRawPointer(options + optionsLength), count: payloadLength) }
    return writeHeaders(
      segment.key, sequence: segment.sequence, acknowledgment: segment.acknowledgment, segment.flags, window: segment.window,
      optionsLength: optionsLength, payloadLength: payloadLength, sum: sum, to: frame)
  }

  /// Writes the option of a segment with timestamps before its payload, and adds it to the sum.
  @inline(always)
  static func writeTimestamps(_ value: UInt32, echo: UInt32, before payload: UnsafeMutableRawPointer, _ sum: inout ChecksumSum) {
    var options = TCPOptions()
    options.present = .timestamps
    options.timestampValue = value
    options.timestampEcho = echo
    _ = options.write(to: payload - TCPOptions.timestampLayoutLength, sum: &sum)
  }

  /// Writes the headers before options and payload, whose sum is `sum`.
  @inline(always)
  static func writeHeaders(
    _ key: FlowKey, sequence: SequenceNumber, acknowledgment: SequenceNumber, _ flags: TCPFlags, window: UInt16, optionsLength: Int,
    payloadLength: Int, sum: ChecksumSum, to frame: UnsafeMutableRawPointer
  ) -> Int {
    let ip = Ethernet.headerLength
    let tcp = ip &+ IPv4.headerLength
    let segmentLength = TCPHeader.length &+ optionsLength &+ payloadLength
    let totalLength = IPv4.headerLength &+ segmentLength

    // Words of 32 bits are summed without carries: a dozen of them do not overflow 64.
    let addresses = key.addresses & 0xffff_ffff &+ key.addresses &>> 32
    let ipFirst = IPv4.firstWord(totalLength: totalLength)
    let ipSum = ChecksumSum(addresses &+ UInt64(ipFirst) &+ UInt64(IPv4.secondWord) &+ UInt64(IPv4.timeToLiveAndTCP))
    frame.store(ipFirst, at: ip)
    frame.store(IPv4.secondWord, at: ip &+ 4)
    frame.store(IPv4.timeToLiveAndTCP, at: ip &+ 8)
    frame.store(ipSum.field, at: ip &+ 10)
    frame.store(key.addresses, at: ip &+ 12)

    let sequenceWord = networkOrder(sequence.rawValue)
    let acknowledgmentWord = networkOrder(acknowledgment.rawValue)
    let dataOffset = UInt32(truncatingIfNeeded: (TCPHeader.length &+ optionsLength) &>> 2)
    let control = networkOrder(dataOffset &<< 28 | UInt32(flags.rawValue) &<< 16 | UInt32(window))
    // Pseudo-header: addresses, and protocol and length, which as numbers are one 32-bit word.
    let pseudo = networkOrder(UInt32(IPv4.protocolTCP) &<< 16 | UInt32(truncatingIfNeeded: segmentLength))
    var tcpSum = sum
    tcpSum.add(
      addresses &+ UInt64(pseudo) &+ UInt64(key.ports) &+ UInt64(sequenceWord) &+ UInt64(acknowledgmentWord) &+ UInt64(control))
    frame.store(key.ports, at: tcp)
    frame.store(sequenceWord, at: tcp &+ 4)
    frame.store(acknowledgmentWord, at: tcp &+ 8)
    frame.store(control, at: tcp &+ 12)
    frame.store(UInt32(tcpSum.field), at: tcp &+ 16)  // the urgent pointer behind it is zero
    return ip &+ totalLength
  }
}

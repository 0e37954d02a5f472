/// What is to be sent next, in as few words as it takes; connection and parameters say the rest. The octets themselves are asked of the
/// workload, by their place in the stream.
public struct Transmission: BitwiseCopyable, Sendable {
  public var sequence: SequenceNumber
  /// Place in our stream of the segment's first octet (modulo 2^32).
  public var streamOffset: UInt32
  /// Octets of payload.
  public var length: UInt16
  public var control: TCPFlags
  public var isRetransmission: Bool
}

extension Connection {
  /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
  @inline(always)
  var acknowledgment: Transmission {
    Transmission(sequence: sendNext, streamOffset: 0, length: 0, control: .ack, isRetransmission: false)
  }

  /// Our SYN, or SYN-ACK.
  @inline(always)
  func synchronization(
    _ companion: Companion, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> TCPSegment {
    var segment = TCPSegment(key.reversed)
    segment.sequence = initialSend
    segment.window = UInt16(truncatingIfNeeded: smaller(parameters.pointee.receiveWindow, TCPHeader.maximumUnscaledWindow))
    if state == .synSent {
      segment.flags = .syn
      segment.options = parameters.pointee.synOptions(
        limitedTo: TCPOptions.Present(rawValue: 15), timestamp: now.milliseconds, echo: 0)
    } else {
      segment.flags = .synAck
      segment.acknowledgment = receiveNext
      var offered: TCPOptions.Present = .maximumSegmentSize
      if flags.has(.windowScale) { offered.set(.windowScale) }
      if flags.has(.sackPermitted) { offered.set(.sackPermitted) }
      if flags.has(.timestamps) { offered.set(.timestamps) }
      segment.options = parameters.pointee.synOptions(
        limitedTo: offered, timestamp: now.milliseconds, echo: companion.timestampRecent)
    }
    return segment
  }

  /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=RST,ACK>: we give the connection up.
  var abort: Transmission {
    Transmission(
      sequence: sendNext, streamOffset: 0, length: 0, control: state == .synSent ? .rst : .rstAck, isRetransmission: false)
  }

  /// The next segment of new data or FIN that window and MSS let us send, and the state after it; nil when there is none.
  ///
  /// - Parameters:
  ///   - end: octets of our stream that exist so far; what lies before it can be sent.
  ///   - finish: our stream ends there: a FIN follows.
  @inline(always)
  mutating func transmitNext(
    end: UInt32, finish: Bool, _ companion: inout Companion, _ parameters: UnsafePointer<TCPParameters>, now: Moment
  ) -> Transmission? {
    guard usually(state.maySend), usually(!flags.has(.recovering)) else { return nil }
    let streamOffset = streamSent
    let available = end &- streamOffset
    if available == 0, !finish { return nil }
    let size = UInt32(segmentSize)
    let inFlight = flight
    if usually(inFlight == 0), usually(available < size), usually(available < sendWindow) {
      return transmitAll(available, from: streamOffset, finish: finish, &companion, now: now)
    }
    let window = smaller(sendWindow, size &* parameters.pointee.initialSegments)
    let usable = window > inFlight ? window &- inFlight : 0
    let count = smaller(smaller(available, usable), size)
    let withFin = finish && count == available && usable > count
    if count == 0, !withFin {
      if inFlight == 0 { startPersisting(now: now) }
      return nil
    }
    // Sender's silly window avoidance (RFC 9293 3.8.6.2.1): a small segment only when it is all there is, or nothing is in flight.
    if count < size, count < available, inFlight > 0 { return nil }

    var control: TCPFlags = .ack
    if count > 0, count == available { control.set(.psh) }
    if withFin { control.set(.fin) }
    let transmission = Transmission(
      sequence: sendNext, streamOffset: streamOffset, length: UInt16(truncatingIfNeeded: count), control: control,
      isRetransmission: false)
    if inFlight == 0 {
      if !withFin { startTiming(&companion, now: now) }
      startTimer(now: now)
    }
    sendNext = sendNext + count
    if withFin { finishSending() }
    lastActivity = now.milliseconds
    return transmission
  }

  /// What most connections send: all that there is in one segment, while nothing is in flight and the window takes it.
  @inline(always)
  private mutating func transmitAll(
    _ count: UInt32, from streamOffset: UInt32, finish: Bool, _ companion: inout Companion, now: Moment
  ) -> Transmission {
    var control = TCPFlags(rawValue: count > 0 ? TCPFlags.ack.rawValue | TCPFlags.psh.rawValue : TCPFlags.ack.rawValue)
    if finish { control.set(.fin) }
    let transmission = Transmission(
      sequence: sendNext, streamOffset: streamOffset, length: UInt16(truncatingIfNeeded: count), control: control,
      isRetransmission: false)
    sendNext = sendNext + count
    // Behind a FIN nothing is sent that its round trip could tell the timeout of.
    if finish { finishSending() } else { startTiming(&companion, now: now) }
    startTimer(now: now)
    lastActivity = now.milliseconds
    return transmission
  }

  /// There is more to send than the initial window lets out before congestion control takes over.
  @inline(never)
  func isHeldByInitialWindow(_ end: UInt32, _ parameters: UnsafePointer<TCPParameters>) -> Bool {
    let size = UInt32(segmentSize)
    let available = end &- streamSent
    return state.maySend && !flags.has(.recovering) && available > 0 && sendWindow > flight
      && flight &+ smaller(available, size) > size &* parameters.pointee.initialSegments
  }

  /// Our FIN is on its way.
  @inline(always)
  mutating func finishSending() {
    sendNext = sendNext + 1
    flags.set(.finSent)
    state = state == .established ? .finWait1 : .lastAck
  }

  /// Data waits for a window that is closed: the persist timer sees that it is asked for (RFC 9293 3.8.6.1).
  @inline(never)
  mutating func startPersisting(now: Moment) {
    if flags.has(.timerRunning) { return }
    retransmits = 0
    flags.set(.persisting)
    startTimer(now: now)
  }
}

/// Asks the servers whether they take timestamps, before clients are promised any.
extension ProxyEngine {
  /// Whether our SYN-ACK offers timestamps to a client that has offered them.
  @inline(always)
  var offersTimestamps: Bool {
    switch parameters.timestamps {
    case .learned: survey.missing == 0
    case .always: true
    case .never: false
    }
  }

  /// A client has offered them.
  @inline(never)
  mutating func noteOffer(_ connection: UnsafePointer<ProxyConnection>) {
    if connection.pointee.flags.has(.timestamps) { statistics.count(.timestampsPromised) } else { survey.want(moment.milliseconds) }
  }

  /// The next server is asked, when it is time.
  @inline(never)
  mutating func tendSurvey<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    guard phase == .run, let server = survey.nextServer(moment.milliseconds) else { return }
    let route = routes.base + server
    guard route.pointee.isResolved, let (key, _) = freeKey(route), let packet = allocate(&io) else { return }
    var syn = TCPSegment(key.reversed)
    syn.flags = .syn
    syn.sequence = initialSequence.number(key, now: moment)
    syn.window = parameters.synWindow
    syn.options.present = .maximumSegmentSize
    syn.options.maximumSegmentSize = parameters.maximumSegmentSize
    syn.options.present.set(.windowScale)
    syn.options.windowScale = offeredScale
    syn.options.present.set(.sackPermitted)
    syn.options.present.set(.timestamps)
    syn.options.timestampValue = moment.milliseconds
    survey.asks(server, key, syn.sequence, until: moment.milliseconds &+ parameters.connectTimeout)
    statistics.count(.timestampsAsked)
    sendToServer(syn, UInt16(truncatingIfNeeded: server), packet, &io)
  }

  /// The answer of a server that was asked. The connection that it offers is not wanted.
  @inline(never)
  mutating func receiveSurveyed<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    guard segment.pointee.flags.has(.ack), segment.pointee.acknowledgment == survey.initial + 1 else {
      return drop(packet, .acknowledgesUnsent, &io)
    }
    if segment.pointee.flags.has(.rst) {
      survey.answered(nil, moment.milliseconds)
      return io.free(packet)
    }
    if let server = survey.asked, segment.pointee.options.present.has(.windowScale) {
      noteScale(segment.pointee.options.windowScale, ofServer: server)
    }
    noteSACK(segment.pointee.options.present.has(.sackPermitted))
    survey.answered(segment.pointee.options.present.has(.timestamps), moment.milliseconds)
    answerByReset(segment, packet, &io)
  }
}

import CPacket

/// The server's leg, until it stands: a server is chosen, asked, and, if it will not, another one.
extension ProxyEngine {
  /// Addresses and ports that are looked at for a free one in one go: connections that were opened one after the other lie one behind the other.
  private static var tupleTries: Int { 65_536 }
  /// And after none was found, which takes some milliseconds: so that a server towards which all are in use, or many such servers, do not
  /// keep us from anything else.
  private static var fewTupleTries: Int { 64 }
  private static var tuplePause: UInt32 { 128 }
  private static var anyTuplePause: UInt32 { 16 }
  /// Of these, how many may be passed over because their replies go astray: better such a one than none.
  private static var strayTries: Int { 16 }
  /// And for one whose replies come home.
  private static var homeTries: Int { 4_096 }

  /// Chooses a server, or takes the one that is given, and sends our SYN; without any, the client is reset.
  @inline(never)
  mutating func connect<Port: PacketPort & ~Copyable>(_ slot: UInt32, to given: UInt16?, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    if !connection.pointee.flags.has(.bound) { bind(connection) }
    let binding = bindings.base + Int(connection.pointee.binding)
    let isFirst = binding.pointee.tried == 0
    guard enter(slot, connection, binding, given, &io) else { return }
    guard !isFirst || (askToClose(slot, &io) && replaceRequest(slot, &io)) else {
      sendReset(to: .client, slot, &io)
      return release(slot, .localResources)
    }
    binding.pointee.tryStart = moment.milliseconds
    binding.pointee.isAsked = false
    connection.pointee.enter(.connecting, now: moment.milliseconds)
    records.entered(slot, .connecting, now)
    sendSyn(slot, &io)
  }

  /// Chooses a server that there is a pair of our own for. False: there is none, and the client is reset.
  @inline(always)
  private mutating func enter<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ connection: UnsafeMutablePointer<ProxyConnection>, _ binding: UnsafeMutablePointer<Binding>, _ given: UInt16?,
    _ io: inout PacketQueue<Port>
  ) -> Bool {
    var given = given
    var outcome = ProxyOutcome.noServer
    while let target = choose(connection, binding, given) {
      binding.pointee.tried |= ServerGroups.bit(of: target)
      connection.pointee.target = target
      connection.pointee.flags.set(.counted)
      groups.opened(target)
      records.tried(slot)
      if usually(takeTuple(connection, slot)) { return true }
      // All that we have are in use towards this one. Towards another there may be some.
      leaveServer(slot)
      groups.passedOver(target)
      outcome = .localResources
      given = nil
    }
    sendReset(to: .client, slot, &io)
    release(slot, outcome)
    return false
  }

  private mutating func choose(
    _ connection: UnsafePointer<ProxyConnection>, _ binding: UnsafePointer<Binding>, _ given: UInt16?
  ) -> UInt16? {
    if let given {
      // A rule of a user's own may answer anything.
      guard Int(given) < routes.count, binding.pointee.tried & ServerGroups.bit(of: given) == 0 else { return nil }
      groups.choose(given, now: now)
      return given
    }
    // The server that a rule named has failed: what there is for all takes its place.
    let group = connection.pointee.group == ProxyConnection.noGroup ? defaultGroup : connection.pointee.group
    guard let group else { return nil }
    return groups.select(
      group: group, clientAddress: connection.pointee.clientKey.source.rawValue, key: binding.pointee.key,
      tried: binding.pointee.tried, now: now)
  }

  /// An address and port of ours, free towards this server. False: there is none.
  private mutating func takeTuple(_ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32) -> Bool {
    guard let (key, hash) = freeKey(routes.base + Int(connection.pointee.target)) else { return false }
    connection.pointee.lead(to: key)
    let isThere = flows.insert(hash, slot &<< 1 | 1)
    // Where the next one will lie, if it is for the same server, no earlier frame has asked for.
    let next = self.key(routes.base + Int(connection.pointee.target), tuples.upcoming)
    prefetch_line(flows.address(ofHash: flowHash(next)))
    return isThere
  }

  /// The key of what a server would answer to a free pair of address and port, and its hash.
  @inline(always)
  mutating func freeKey(_ route: UnsafeMutablePointer<ServerRoute>) -> (FlowKey, UInt32)? {
    let time = moment.milliseconds
    let isPausing = route.pointee.pairsDue &- time &- 1 < Self.tuplePause || pairsDue &- time &- 1 < Self.anyTuplePause
    for tries in 0..<(isPausing ? Self.fewTupleTries : smaller(Self.tupleTries, tuples.tuplesPerCycle)) {
      let key = crossing.choosesHome ? homeKey(route) : nextKey(route)
      let hash = flowHash(key)
      if find(hash, key) != nil || (tries < Self.strayTries && crossing.isStray(hash)) { continue }
      return (key, hash)
    }
    if isPausing { return nil }
    route.pointee.pairsDue = time &+ Self.tuplePause
    pairsDue = time &+ Self.anyTuplePause
    return nil
  }

  /// The key of what a server would answer to the next pair of address and port.
  private mutating func nextKey(_ route: UnsafePointer<ServerRoute>) -> FlowKey {
    key(route, tuples.next())
  }

  @inline(always)
  private func key(_ route: UnsafePointer<ServerRoute>, _ end: ClientEndpoint) -> FlowKey {
    FlowKey(source: route.pointee.address, sourcePort: route.pointee.port, destination: end.address, destinationPort: end.port)
  }

  /// The first from here on whose replies come home. With a fair hash over n queues each does with the probability 1/n.
  private mutating func homeKey(_ route: UnsafePointer<ServerRoute>) -> FlowKey {
    var key = nextKey(route)
    var tries = 0
    while let queue = crossing.queue(of: key), queue != worker, tries < Self.homeTries {
      key = nextKey(route)
      tries &+= 1
    }
    return key
  }

  /// Milliseconds until a server is looked at again whose MAC address is not known yet.
  private static var unresolvedWait: UInt32 { 10 }

  /// Our SYN: it says what the client's said, as far as that was promised to be kept. A server whose MAC address is not known yet is sent it
  /// soon after it is.
  @inline(never)
  mutating func sendSyn<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let isResolved = routes.base[Int(connection.pointee.target)].isResolved
    let wait = parameters.initialRTO &<< UInt32(min(connection.pointee.retries, 6))
    let end = binding.pointee.tryStart &+ parameters.connectTimeout
    binding.pointee.resendDue = moment.milliseconds &+ (isResolved ? wait : Self.unresolvedWait)
    // In immediate mode it is the client who repeats it.
    if isResolved, connection.pointee.flags.has(.immediate) { binding.pointee.resendDue = end }
    wake(slot, at: earlier(binding.pointee.resendDue, end))
    guard isResolved else { return }
    binding.pointee.isAsked = true
    if connection.pointee.flags.has(.immediate) { return passHeldSyn(slot, &io) }
    guard let packet = allocate(&io) else { return }
    var syn = TCPSegment(connection.pointee.serverKey.reversed)
    syn.flags = .syn
    syn.sequence = binding.pointee.start - 1
    syn.window = UInt16(truncatingIfNeeded: min(connection.pointee.clientWindow, TCPHeader.maximumUnscaledWindow))
    syn.options = connection.pointee.offer(parameters)
    sendToServer(syn, connection, packet, &io)
  }

  /// A SYN-ACK, or what has no place here, from the server that is being connected (RFC 9293 3.10.7.3, SYN-SENT).
  @inline(never)
  mutating func receiveSynAck<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    // What is delivered below was received some turns ago.
    if let request = binding.pointee.first { prefetch_frame(request) }
    guard segment.pointee.flags.has(.ack), acknowledgesOurSyn(segment, slot) else {
      return receiveStrangeAnswer(segment, slot, packet, &io)
    }
    sumless.heardSynchronize(packet.bytes)
    if connection.pointee.flags.has(.immediate) { return passSynAck(segment, slot, packet, &io) }
    if connection.pointee.flags.has(.timestamps), !segment.pointee.options.present.has(.timestamps) {
      statistics.count(.serversUnfit)
      survey.refuted(Int(connection.pointee.target), moment.milliseconds)
      answerByReset(segment, packet, &io)
      return failOver(slot, isFailure: false, &io)
    }
    statistics.count(.bound)
    connection.pointee.join(segment, start: binding.pointee.start, clock: moment.milliseconds, parameters)
    if connection.pointee.flags.has(.serverScales) {
      noteScale(segment.pointee.options.windowScale, ofServer: Int(connection.pointee.target))
    }
    if connection.pointee.flags.has(.clientSACK) { noteSACK(connection.pointee.flags.has(.serverSACK)) }
    binding.pointee.sent = 0
    let state = inspector.begin(target: connection.pointee.target)
    inspections[Int(slot)] = state
    sendBare(.ack, to: .server, slot, packet, &io)
    let isReplay = binding.pointee.answered > 0
    connection.pointee.enter(isReplay ? .replaying : .delivering, now: moment.milliseconds)
    records.joined(slot, segment.pointee.sequence, isReplay ? .replaying : .delivering, now)
    deliverHeld(slot, &io)
  }

  /// Whether a server answers the SYN that it was sent. One that was passed on as it came may have carried data (RFC 7413).
  @inline(always)
  func acknowledgesOurSyn(_ segment: UnsafePointer<TCPSegment>, _ slot: UInt32) -> Bool {
    let connection = connections.base + Int(slot)
    if segment.pointee.acknowledgment == bindings.base[Int(connection.pointee.binding)].start { return true }
    return connection.pointee.flags.has(.immediate) && segment.pointee.acknowledgment == connection.pointee.client.next
  }

  /// An answer to another SYN than ours, of a connection that the server has not forgotten yet: it is told so, and asked again soon (RFC 9293 3.5.1).
  @inline(never)
  mutating func receiveStrangeAnswer<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    guard segment.pointee.flags.has(.ack) else { return drop(packet, .outsideWindow, &io) }
    let binding = bindings.base + Int(connections.base[Int(slot)].binding)
    answerByReset(segment, packet, &io)
    binding.pointee.resendDue = moment.milliseconds &+ 1
    wake(slot, at: binding.pointee.resendDue)
  }

  /// The server that was tried will not do; the client has noticed nothing, and another one is tried.
  /// - Parameter isFailure: the server is to be blamed.
  @inline(never)
  mutating func failOver<Port: PacketPort & ~Copyable>(_ slot: UInt32, isFailure: Bool, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    if isFailure { groups.failed(connection.pointee.target, now: now) }
    leaveServer(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    discardAnswerPart(binding)
    connection.pointee.separate(binding, parameters)
    connect(slot, to: nil, &io)
    if connection.pointee.phase == .connecting { statistics.count(.failedOver) }
  }

  /// Gives up the server's leg.
  @inline(always)
  mutating func leaveServer(_ slot: UInt32) {
    let connection = connections.base + Int(slot)
    if connection.pointee.hasServerLeg {
      flows.remove(flowHash(connection.pointee.serverKey), slot &<< 1 | 1)
      connection.pointee.serverKey = FlowKey(addresses: 0, ports: 0)
    }
    if connection.pointee.flags.has(.counted) {
      connection.pointee.flags.clear(.counted)
      groups.closed(connection.pointee.target, isDecided: false)
    }
  }
}

extension ProxyConnection {
  /// The client's window in octets.
  @inline(always)
  var clientWindow: UInt32 { client.edge > server.next ? client.edge.distance(from: server.next) : 0 }

  /// The options of our SYN to the server: never one that the client did not offer, or was not promised.
  @inline(always)
  func offer(_ parameters: ProxyParameters) -> TCPOptions {
    var options = TCPOptions()
    options.present = .maximumSegmentSize
    options.maximumSegmentSize = min(clientMSS, parameters.maximumSegmentSize)
    if flags.has(.clientScales) {
      options.present.set(.windowScale)
      options.windowScale = UInt8(truncatingIfNeeded: clientScale)
    }
    if flags.has(.clientSACK) { options.present.set(.sackPermitted) }
    if flags.has(.timestamps) {
      options.present.set(.timestamps)
      options.timestampValue = clientTimestamp
    }
    return options
  }

  /// Both legs stand: from the server's SYN-ACK follows what makes its numbers ours.
  /// - Parameters:
  ///   - start: the first octet that is for the server.
  ///   - clock: our own timestamps, which the server's carry on from.
  @inline(always)
  mutating func join(_ segment: UnsafePointer<TCPSegment>, start: SequenceNumber, clock: UInt32, _ parameters: ProxyParameters) {
    let first = segment.pointee.sequence + 1
    let options = segment.pointee.options
    shift(toServer: toServer, toClient: server.next.distance(from: first))
    client.edge = client.edge - toClient
    client.acknowledged = first
    server = EndState(first)
    server.acknowledged = start
    // The window of a SYN is not scaled (RFC 7323 2.2).
    server.edge = start + UInt32(segment.pointee.window)
    serverStart = first
    let named = options.present.has(.maximumSegmentSize) ? options.maximumSegmentSize : TCPHeader.defaultMSS
    serverMSS = max(named, Self.leastMSS)
    if serverMSS < parameters.maximumSegmentSize { flags.set(.splits) }
    let scales = flags.has(.clientScales) && options.present.has(.windowScale)
    if scales { flags.set(.serverScales) }
    self.scales = self.scales & 15 | (scales ? options.windowScale : 0) &<< 4
    if flags.has(.clientSACK), options.present.has(.sackPermitted) { flags.set(.serverSACK) }
    if flags.has(.timestamps) {
      toClientTimestamp = clock &- options.timestampValue
      serverTimestamp = options.timestampValue
    }
    let sameToServer = scales || clientScale == 0
    let sameToClient = serverScale == UInt32(offeredScale)
    if !(sameToServer && sameToClient) { flags.set(.rescales) }
  }

  /// As before `join`: the client's leg alone stands.
  @inline(always)
  mutating func separate(_ binding: UnsafePointer<Binding>, _ parameters: ProxyParameters) {
    client.edge = client.edge + toClient
    server = EndState(server.next + toClient)
    server.acknowledged = binding.pointee.start + binding.pointee.taken
    server.edge = binding.pointee.start + parameters.requestLimit + toServer
    serverStart = SequenceNumber(0)
    shift(toServer: toServer, toClient: 0)
    toClientTimestamp = 0
    if flags.has(.immediate) { return }
    // What has passed behind the request nobody holds: the client sends it again.
    client.next = binding.pointee.end + (binding.pointee.hasFin ? 1 : 0)
    if !binding.pointee.hasFin { flags.clear(.clientFin) }
    scales &= 15
    let ofServer = Flags.serverSACK.rawValue | Flags.serverScales.rawValue | Flags.rescales.rawValue | Flags.splits.rawValue
    flags = Flags(rawValue: flags.rawValue & ~ofServer)
  }

  /// A server that names less than its header's room is taken to mean this (as Linux does): less would be no data at all beside the options.
  private static var leastMSS: UInt16 { 64 }
}

import CPacket

/// The first octets of a client: held, and shown to the rule.
extension ProxyEngine {
  /// A segment of a client whose server is not chosen yet.
  @inline(never)
  mutating func receiveRequest<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    // What a rule can decide on is held for a moment only, however much is held that it cannot.
    guard hold(segment, slot, most: 2 &* heldMost, packet, &io) else { return }
    decide(slot, isLast: false, &io)
  }

  /// A segment of a client whose server is being connected: kept with what came before.
  @inline(never)
  mutating func receiveWhileConnecting<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    // Whose SYN is passed on has nothing to acknowledge yet.
    if connections.base[Int(slot)].flags.has(.immediate) { return refuseHandshake(segment, packet, &io) }
    _ = hold(segment, slot, most: heldMost, packet, &io)
  }

  /// Holds what is new in a segment. False: nothing is.
  private mutating func hold<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, most: Int, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) -> Bool {
    newlyHeld = 0
    let connection = connections.base + Int(slot)
    let hadFin = connection.pointee.flags.has(.clientFin)
    let expected = connection.pointee.client.next - (hadFin ? 1 : 0)
    let sequence = segment.pointee.sequence + connection.pointee.toServer
    let length = UInt32(segment.pointee.payloadLength)
    guard isHeard(segment, connection) else {
      drop(packet, .acknowledgesUnsent, &io)
      return false
    }
    noteClient(connection, segment)
    if sequence > expected {
      statistics.count(.requestsEarly)
      // It is not silent.
      if !connection.pointee.flags.has(.bound), length > 0 { bind(connection) }
      io.free(packet)
      return false
    }
    if connection.pointee.isEdited, length > 0, connection.pointee.isReplaced(sequence) {
      refuseReplaced(slot, packet, &io)
      return false
    }
    let repeated = expected.distance(from: sequence)
    var isFin = segment.pointee.flags.has(.fin) && !hadFin && repeated <= length
    if repeated >= length || hadFin, !isFin {
      refuseRepeated(segment, slot, repeated, packet, &io)
      return false
    }
    var fresh = length &- min(repeated, length)
    let held = connection.pointee.flags.has(.bound) ? bindings.base[Int(connection.pointee.binding)].count : 0
    // By as much as the last unit of the window that it was offered lies beyond the limit (`windowToClient`).
    let limit = parameters.requestLimit + connection.pointee.unitRest
    let room = limit &- min(held, limit)
    if fresh > room {
      fresh = room
      isFin = false
    }
    guard fresh > 0 || isFin else {
      drop(packet, .requestBeyondLimit, &io)
      return false
    }
    guard fresh == 0 || heldCount < most else {
      drop(packet, .requestBuffersFull, &io)
      return false
    }
    if !connection.pointee.flags.has(.bound) { bind(connection) }
    let binding = bindings.base + Int(connection.pointee.binding)
    if isFin { noteHeldFin(connection, binding) }
    connection.pointee.client.next = connection.pointee.client.next + fresh
    if fresh == 0 {
      io.free(packet)
    } else {
      append(packet, offset: UInt32(segment.pointee.payloadOffset) &+ repeated, length: fresh, binding, &io)
    }
    return true
  }

  /// Whether a client acknowledges what it can have heard from us: all, or all but the answers that are on their way (RFC 5961 5.2).
  @inline(always)
  private func isHeard(_ segment: UnsafePointer<TCPSegment>, _ connection: UnsafePointer<ProxyConnection>) -> Bool {
    let next = connection.pointee.server.next + connection.pointee.toClient
    let missing = next.distance(from: segment.pointee.acknowledgment)
    if missing == 0 || !connection.pointee.flags.has(.bound) {
      if connection.pointee.flags.has(.bound) { bindings.base[Int(connection.pointee.binding)].unheard = 0 }
      return missing == 0
    }
    let binding = bindings.base + Int(connection.pointee.binding)
    guard missing <= binding.pointee.unheard else { return false }
    binding.pointee.unheard = missing
    return true
  }

  @inline(always)
  private func noteClient(_ connection: UnsafeMutablePointer<ProxyConnection>, _ segment: UnsafePointer<TCPSegment>) {
    let acknowledgment = segment.pointee.acknowledgment - connection.pointee.toClient
    let edge = acknowledgment + UInt32(segment.pointee.window) &<< connection.pointee.clientScale
    if edge > connection.pointee.client.edge { connection.pointee.client.edge = edge }
    if segment.pointee.options.present.has(.timestamps) {
      ProxyConnection.note(segment.pointee.options.timestampValue, in: &connection.pointee.clientTimestamp)
    }
    connection.pointee.lastActivity = moment.milliseconds
  }

  /// Nothing new: an acknowledgment, a window update, a keep-alive, or octets that are held already.
  private mutating func refuseRepeated<Port: PacketPort & ~Copyable>(
    _ segment: UnsafePointer<TCPSegment>, _ slot: UInt32, _ repeated: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    let hasPayload = segment.pointee.payloadLength > 0
    if hasPayload { statistics.count(.requestsRepeated) }
    guard connection.pointee.flags.has(.bound) else {
      // A keep-alive (RFC 9293 3.8.4), perhaps with an octet.
      return repeated > 0 ? acknowledgeTaken(slot, packet, &io) : io.free(packet)
    }
    let binding = bindings.base + Int(connection.pointee.binding)
    // Our answer to its bind was lost.
    if hasPayload, binding.pointee.unheard > 0 {
      sendBindAnswer(slot, at: binding.pointee.answerEnd - binding.pointee.answerLength, packet, &io)
      return
    }
    // There was no packet to say so when the rule asked for more.
    if hasPayload, connection.pointee.phase == .request { noteTaken(connection, binding) }
    // What the client was told we have, it asks about again; so does a keep-alive.
    guard repeated > 0, binding.pointee.taken > 0 || !hasPayload else { return io.free(packet) }
    acknowledgeTaken(slot, packet, &io)
  }

  /// A client has not heard yet that we have the octets which were replaced.
  @inline(never)
  mutating func refuseReplaced<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    statistics.count(.requestsRepeated)
    acknowledgeTaken(slot, packet, &io)
  }

  @inline(always)
  mutating func bind(_ connection: UnsafeMutablePointer<ProxyConnection>) {
    // As many as connections.
    guard let handle = bindingSlots.take() else { return }
    connection.pointee.binding = handle
    connection.pointee.flags.set(.bound)
    bindings.base[Int(handle)].begin(start: connection.pointee.client.next)
  }

  @inline(always)
  private func noteHeldFin(_ connection: UnsafeMutablePointer<ProxyConnection>, _ binding: UnsafeMutablePointer<Binding>) {
    binding.pointee.hasFin = true
    connection.pointee.flags.set(.clientFin)
    connection.pointee.client.next = connection.pointee.client.next + 1
  }

  /// Puts octets behind those that are held: into the last packet if there is room, so that a client which sends octet by octet does not cost a
  /// packet for each.
  private mutating func append<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, offset: UInt32, length: UInt32, _ binding: UnsafeMutablePointer<Binding>, _ io: inout PacketQueue<Port>
  ) {
    binding.pointee.count &+= length
    if let last = binding.pointee.last, RequestNote.room(last) >= Int(length) {
      let note = RequestNote.of(last)
      (RequestNote.bytes(last) + Int(note.length)).copyMemory(from: packet.bytes + Int(offset), byteCount: Int(length))
      note.length &+= length
      return io.free(packet)
    }
    let buffer = packet.release()
    RequestNote.begin(buffer, offset: offset, length: length)
    if let last = binding.pointee.last {
      RequestNote.of(last).next = buffer
    } else {
      binding.pointee.first = buffer
    }
    binding.pointee.last = buffer
    heldCount &+= 1
    newlyHeld = length
  }

  /// What was held last is dropped again, as if it had not come: it waits for more, and too much does so.
  @inline(never)
  private mutating func dropNewlyHeld<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    guard let last = binding.pointee.last else { return }
    if binding.pointee.first == last {
      binding.pointee.first = nil
      binding.pointee.last = nil
    } else {
      var packet = binding.pointee.first
      while let before = packet, RequestNote.of(before).next != last { packet = RequestNote.of(before).next }
      if let packet { RequestNote.of(packet).next = nil }
      binding.pointee.last = packet
    }
    binding.pointee.count &-= newlyHeld
    connection.pointee.client.next = connection.pointee.client.next - newlyHeld
    newlyHeld = 0
    heldCount &-= 1
    RequestNote.end(last)
    drop(Packet(owning: last), .requestBuffersFull, &io)
  }

  /// Tells the client what we have of its request.
  mutating func acknowledgeTaken<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    if !connection.pointee.isJoined {
      let taken = connection.pointee.flags.has(.bound) ? bindings.base[Int(connection.pointee.binding)].taken : 0
      let edge = connection.pointee.server.acknowledged + (parameters.requestLimit &- min(taken, parameters.requestLimit))
      if edge > connection.pointee.server.edge { connection.pointee.server.edge = edge }
    }
    sendBare(.ack, to: .client, slot, packet, &io)
  }

  /// From now on the proxy answers for what it holds.
  mutating func takeRequest<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    guard binding.pointee.taken < binding.pointee.count, let packet = allocate(&io) else { return }
    noteTaken(connection, binding)
    acknowledgeTaken(slot, packet, &io)
  }

  @inline(always)
  func noteTaken(_ connection: UnsafeMutablePointer<ProxyConnection>, _ binding: UnsafeMutablePointer<Binding>) {
    if binding.pointee.taken == 0, binding.pointee.count > 0 { statistics.count(.requestsTaken) }
    binding.pointee.taken = binding.pointee.count
    connection.pointee.server.acknowledged = binding.pointee.end
  }

  /// Asks the rule, and does what it says.
  /// - Parameter isLast: no more is waited for.
  @inline(never)
  mutating func decide<Port: PacketPort & ~Copyable>(_ slot: UInt32, isLast: Bool, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    while true {
      let left = binding.pointee.count &- binding.pointee.answered
      if left == 0, binding.pointee.hasFin, !isLast { return dismiss(slot, &io) }
      let isWhole = isLast || binding.pointee.hasFin || binding.pointee.count >= parameters.requestLimit
      if left == 0, !isWhole { return }
      switch ask(connection, binding, isWhole: isWhole) {
      case .needMore where !isWhole:
        // What was answered, or acknowledged, is ours to keep.
        let isOurs = binding.pointee.taken &+ newlyHeld > binding.pointee.count
        if heldCount > heldMost, newlyHeld > 0, !isOurs { return dropNewlyHeld(slot, &io) }
        statistics.count(.requestsInParts)
        return takeRequest(slot, &io)
      case .needMore, .noRule:
        guard let defaultGroup else { return refuseRequest(slot, isLast ? .requestTimeout : .requestRefused, &io) }
        connection.pointee.group = defaultGroup
        return connect(slot, to: nil, &io)
      case .group(let group, let key, let rule):
        connection.pointee.group = group
        connection.pointee.rule = rule
        binding.pointee.key = key
        return connect(slot, to: nil, &io)
      case .target(let target, let rule):
        connection.pointee.group = ProxyConnection.noGroup
        connection.pointee.rule = rule
        return connect(slot, to: target, &io)
      case .reset(let rule):
        connection.pointee.rule = rule
        return refuseRequest(slot, .requestRefused, &io)
      case .answerBind(let consumed, let messageID):
        // One after the other (RFC 4511 4.2.1): the client hears of the first before it sends the second.
        guard UInt32(consumed) <= left, consumed > 0, binding.pointee.unheard == 0, answerBind(slot, UInt32(consumed), messageID, &io)
        else {
          return refuseRequest(slot, .requestRefused, &io)
        }
      }
    }
  }

  /// The octets as the rule sees them: where they lie if they are in one packet, otherwise put together.
  private mutating func ask(
    _ connection: UnsafePointer<ProxyConnection>, _ binding: UnsafePointer<Binding>, isWhole: Bool
  ) -> BindingDecision {
    rule.decide(
      FirstRequest(
        start: heldTogether(binding), count: Int(binding.pointee.count &- binding.pointee.answered),
        clientAddress: connection.pointee.clientKey.source.rawValue,
        clientPort: connection.pointee.clientKey.sourcePort, isWhole: isWhole))
  }

  /// The octets held and not answered, in one place.
  mutating func heldTogether(_ binding: UnsafePointer<Binding>) -> UnsafeRawPointer {
    if let first = binding.pointee.first, first == binding.pointee.last {
      return UnsafeRawPointer(RequestNote.bytes(first)) + Int(binding.pointee.answered)
    }
    let count = Int(binding.pointee.count &- binding.pointee.answered)
    copyHeld(binding, from: binding.pointee.answered, count: count, to: UnsafeMutableRawPointer(assembly.base))
    return UnsafeRawPointer(assembly.base)
  }

  /// Copies held octets.
  mutating func copyHeld(_ binding: UnsafePointer<Binding>, from offset: UInt32, count: Int, to place: UnsafeMutableRawPointer) {
    var skip = Int(offset)
    var left = count
    var target = place
    var next = binding.pointee.first
    while left > 0, let packet = next {
      let length = Int(RequestNote.of(packet).length)
      next = RequestNote.of(packet).next
      if skip >= length {
        skip &-= length
        continue
      }
      let part = smaller(length &- skip, left)
      target.copyMemory(from: RequestNote.bytes(packet) + skip, byteCount: part)
      target += part
      left &-= part
      skip = 0
    }
  }

  private mutating func refuseRequest<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ outcome: ProxyOutcome, _ io: inout PacketQueue<Port>
  ) {
    sendReset(to: .client, slot, &io)
    release(slot, outcome)
  }

  /// An anonymous LDAP bind: the server is chosen by what follows it, so the proxy says that it has succeeded (RFC 4511 4.2.2). False: no packet.
  private mutating func answerBind<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ consumed: UInt32, _ messageID: UInt32, _ io: inout PacketQueue<Port>
  ) -> Bool {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    guard let packet = allocate(&io) else { return false }
    noteTaken(connection, binding)
    forgetAnswered(connection, binding)
    binding.pointee.answered = consumed
    binding.pointee.messageID = messageID
    statistics.count(.bindsAnswered)
    let length = sendBindAnswer(slot, at: connection.pointee.server.next, packet, &io)
    connection.pointee.server.next = connection.pointee.server.next + length
    binding.pointee.answerLength = length
    binding.pointee.answerEnd = connection.pointee.server.next
    binding.pointee.unheard = length
    return true
  }

  /// A bind replaces the one before it, of which the server never hears: it would give that one up when the next came (RFC 4511 4.2.1).
  private mutating func forgetAnswered(_ connection: UnsafeMutablePointer<ProxyConnection>, _ binding: UnsafeMutablePointer<Binding>) {
    var left = binding.pointee.answered
    binding.pointee.start = binding.pointee.start + left
    // The stream, as the server counts it, begins here.
    connection.pointee.clientStart = binding.pointee.start
    connection.pointee.clientFloor = binding.pointee.start
    binding.pointee.count &-= left
    binding.pointee.taken &-= left
    while left > 0, let packet = binding.pointee.first {
      let note = RequestNote.of(packet)
      if note.length > left {
        note.offset &+= left
        note.length &-= left
        return
      }
      left &-= note.length
      binding.pointee.first = note.next
      if note.next == nil { binding.pointee.last = nil }
      note.next = discarded
      discarded = packet
    }
  }

  /// The answer to the bind that came last, of so many octets.
  @discardableResult
  mutating func sendBindAnswer<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, at sequence: SequenceNumber, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) -> UInt32 {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    var segment = TCPSegment(connection.pointee.clientKey.reversed)
    if connection.pointee.flags.has(.timestamps) {
      segment.options.present = .timestamps
      segment.options.timestampValue = timestampToClient(connection)
      segment.options.timestampEcho = connection.pointee.clientTimestamp
    }
    let place = packet.bytes + (FrameWriter.plainPayloadOffset &+ segment.options.encodedLength)
    let length = LDAPBindResponse.writeSuccess(to: place, messageID: binding.pointee.messageID)
    segment.payloadLength = UInt16(truncatingIfNeeded: length)
    segment.sequence = sequence
    segment.acknowledgment = acknowledgmentToClient(connection)
    segment.flags = TCPFlags(rawValue: TCPFlags.ack.rawValue | TCPFlags.psh.rawValue)
    segment.window = connection.pointee.windowToClient(behind: segment.acknowledgment)
    sendToClient(segment, connection, packet, &io)
    return UInt32(truncatingIfNeeded: length)
  }
}

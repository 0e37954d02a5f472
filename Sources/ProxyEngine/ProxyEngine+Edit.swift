import CPacket

/// A request that is held becomes another one before a server gets it. From then on the client's numbers and the server's differ.
extension ProxyEngine {
  /// What a request gets that does not say how its connection ends.
  static var closingLine: StaticString { "Connection: close\r\n" }
  /// And one with options that it needs (RFC 9110 7.6.1), behind them.
  static var closingOption: StaticString { ", close" }

  /// Asks the server to close with its first response (RFC 9112 9.6), where the rule wants that. Who asks for another protocol is to have it,
  /// and then there is no other request. False: there was no packet for it.
  mutating func askToClose<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) -> Bool {
    let connection = connections.base + Int(slot)
    guard rule.closesAfterResponse(connection.pointee.rule) else { return true }
    let binding = bindings.base + Int(connection.pointee.binding)
    let old = binding.pointee.count
    guard old > 0, binding.pointee.answered == 0,
      case .found(let field) = HTTPConnectionField.read(heldTogether(binding), count: Int(old)), !field.closes, !field.upgrades
    else { return true }
    let isDone: Bool
    if !field.isGiven {
      isDone = replaceHeld(binding, at: field.fields, count: 0, with: Self.closingLine, &io)
    } else if field.hasOthers {
      let end = Int(field.value.offset) &+ Int(field.value.count)
      isDone = replaceHeld(binding, at: end, count: 0, with: Self.closingOption, &io)
    } else {
      // Never as long as it was: what the client sends again would pass for what the server got.
      let value: StaticString = field.value.count == 6 ? "  close" : " close"
      isDone = replaceHeld(binding, at: Int(field.value.offset), count: Int(field.value.count), with: value, &io)
    }
    if isDone { noteReplaced(slot, insteadOf: old, &io) }
    return isDone
  }

  /// What is held is not what the client sent, who therefore is told that it was received: sent again, it would be another request.
  mutating func noteReplaced<Port: PacketPort & ~Copyable>(_ slot: UInt32, insteadOf old: UInt32, _ io: inout PacketQueue<Port>) {
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let difference = binding.pointee.count &- old
    connection.pointee.shift(toServer: connection.pointee.toServer &+ difference, toClient: connection.pointee.toClient)
    connection.pointee.client.next = connection.pointee.client.next + difference
    connection.pointee.server.edge = connection.pointee.server.edge + difference
    connection.pointee.clientFloor = binding.pointee.end
    noteTaken(connection, binding)
    if let answer = allocate(&io) { acknowledgeTaken(slot, answer, &io) }
  }

  /// Puts a text in the place of so many octets. It goes into a packet of its own, with what follows in the packet that is cut there. False:
  /// there was no packet for it, and nothing has changed.
  private mutating func replaceHeld<Port: PacketPort & ~Copyable>(
    _ binding: UnsafeMutablePointer<Binding>, at offset: Int, count: Int, with text: StaticString, _ io: inout PacketQueue<Port>
  ) -> Bool {
    var place = offset
    var found = binding.pointee.first
    while let packet = found, place > Int(RequestNote.of(packet).length) {
      place &-= Int(RequestNote.of(packet).length)
      found = RequestNote.of(packet).next
    }
    guard let cut = found, let inserted = newPart(&io) else { return false }
    let note = RequestNote.of(cut)
    let removed = smaller(count, Int(note.length) &- place)
    let rest = Int(note.length) &- place &- removed
    let length = text.utf8CodeUnitCount
    var tail = inserted
    if RequestNote.room(inserted) < length &+ rest {
      guard let second = newPart(&io) else {
        RequestNote.end(inserted)
        io.free(Packet(owning: inserted))
        return false
      }
      tail = second
    }
    Self.put(UnsafeRawPointer(text.utf8Start), count: length, behind: inserted)
    Self.put(UnsafeRawPointer(RequestNote.bytes(cut)) + (place &+ removed), count: rest, behind: tail)

    RequestNote.of(tail).next = note.next
    if tail != inserted { RequestNote.of(inserted).next = tail }
    note.next = inserted
    note.length = UInt32(truncatingIfNeeded: place)
    if binding.pointee.last == cut { binding.pointee.last = tail }
    heldCount &+= tail == inserted ? 1 : 2
    Self.removeFirst(count &- removed, of: RequestNote.of(tail).next)
    binding.pointee.count = binding.pointee.count &+ UInt32(truncatingIfNeeded: length) &- UInt32(truncatingIfNeeded: count)
    return true
  }

  /// An empty packet for octets that are held.
  private mutating func newPart<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> PacketPointer? {
    guard let packet = allocate(&io) else { return nil }
    let buffer = packet.release()
    RequestNote.begin(buffer, offset: UInt32(truncatingIfNeeded: FrameWriter.plainPayloadOffset), length: 0)
    return buffer
  }

  /// Octets in as many packets as they take, which count as held. Nil: there were not enough.
  mutating func newParts<Port: PacketPort & ~Copyable>(
    _ octets: UnsafeRawPointer, count: Int, _ io: inout PacketQueue<Port>
  ) -> (first: PacketPointer, last: PacketPointer)? {
    guard let first = newPart(&io) else { return nil }
    var last = first
    var parts = 1
    var done = 0
    while true {
      let part = smaller(count &- done, RequestNote.room(last))
      Self.put(octets + done, count: part, behind: last)
      done &+= part
      if done == count { break }
      guard let next = newPart(&io) else {
        free(first, &io)
        return nil
      }
      RequestNote.of(last).next = next
      last = next
      parts &+= 1
    }
    heldCount &+= parts
    return (first, last)
  }

  /// Frees packets that are linked, and were not held yet.
  private mutating func free<Port: PacketPort & ~Copyable>(_ first: PacketPointer, _ io: inout PacketQueue<Port>) {
    var next: PacketPointer? = first
    while let packet = next {
      next = RequestNote.of(packet).next
      RequestNote.end(packet)
      io.free(Packet(owning: packet))
    }
  }

  private static func put(_ octets: UnsafeRawPointer, count: Int, behind packet: PacketPointer) {
    let note = RequestNote.of(packet)
    (RequestNote.bytes(packet) + Int(note.length)).copyMemory(from: octets, byteCount: count)
    note.length &+= UInt32(truncatingIfNeeded: count)
  }

  /// Takes octets off the front of packets that are linked.
  private static func removeFirst(_ count: Int, of first: PacketPointer?) {
    var left = count
    var next = first
    while left > 0, let packet = next {
      let note = RequestNote.of(packet)
      let part = UInt32(truncatingIfNeeded: smaller(left, Int(note.length)))
      note.offset &+= part
      note.length &-= part
      left &-= Int(part)
      next = note.next
    }
  }
}

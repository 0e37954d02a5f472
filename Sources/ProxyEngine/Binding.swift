import CPacket

/// What a connection needs only until its server has acknowledged the request: the request itself, as it was received, and whom it was tried with.
struct Binding: BitwiseCopyable, @unchecked Sendable {
  /// Packets with the request's octets, in order and without gaps, linked by their `RequestNote`.
  var first: PacketPointer?
  var last: PacketPointer?
  /// The number of the first octet held, the same on both legs; those behind it are the server's leg's.
  var start: SequenceNumber
  /// Octets held.
  var count: UInt32
  /// Of these, how many the client has been told that they were received: it will not send them again.
  var taken: UInt32
  /// Octets at the front that the proxy has answered by itself.
  var answered: UInt32
  /// Octets of its last answer.
  var answerLength: UInt32
  /// The LDAP message that it answers.
  var messageID: UInt32
  /// Targets that have been tried, a bit each.
  var tried: UInt64
  /// The payload's key, for a consistent hash.
  var key: UInt32
  /// The client's FIN follows the octets held.
  var hasFin: Bool
  /// The server that is being tried was sent our SYN.
  var isAsked: Bool
  /// When it was chosen, in milliseconds.
  var tryStart: UInt32
  /// When what was sent last is to be sent again, in milliseconds.
  var resendDue: UInt32
  /// Octets that the server has been sent at least once.
  var sent: UInt32
  /// Octets of the proxy's answers that the client has not acknowledged, at most; and where the last of them ends, in the client's numbers.
  var unheard: UInt32
  var answerEnd: SequenceNumber
  /// The first part of the server's answer, which is to be swallowed.
  var answerPart: PacketPointer?
  /// Octets of it behind that part: nobody asks what they are.
  var answerRest: UInt32

  /// Begins anew, with nothing held. Field by field: a whole value would be put together elsewhere and copied.
  @inline(always)
  mutating func begin(start: SequenceNumber) {
    first = nil
    last = nil
    self.start = start
    count = 0
    taken = 0
    answered = 0
    answerLength = 0
    messageID = 0
    tried = 0
    key = 0
    hasFin = false
    isAsked = false
    tryStart = 0
    resendDue = 0
    sent = 0
    unheard = 0
    answerEnd = SequenceNumber(0)
    answerPart = nil
    answerRest = 0
  }

  /// The client has said nothing, and the proxy has answered nothing.
  @inline(always)
  var isEmpty: Bool { count == 0 && !hasFin && unheard == 0 }

  /// Behind the last octet held.
  @inline(always)
  var end: SequenceNumber { start + count }
}

/// Where in a held packet its part of the request lies, and which packet is the next; written into the first line of its buffer, which whoever
/// frees or reads it touches anyway.
struct RequestNote {
  private let packet: PacketPointer

  @inline(always)
  static func of(_ packet: PacketPointer) -> RequestNote { RequestNote(packet: packet) }

  /// Begins to hold a packet.
  @inline(always)
  static func begin(_ packet: PacketPointer, offset: UInt32, length: UInt32) {
    let note = of(packet)
    note.next = nil
    note.offset = offset
    note.length = length
  }

  /// The packet is to be freed. Some drivers take what its buffer says of its type for that of the next frame that is sent in it.
  @inline(always)
  static func end(_ packet: PacketPointer) { packet.pointee.packet_type = 0 }

  @inline(always)
  var next: PacketPointer? {
    get { packet_link(packet) }
    nonmutating set { packet_set_link(packet, newValue) }
  }

  /// From the frame's first octet.
  @inline(always)
  var offset: UInt32 {
    get { packet.pointee.packet_type }
    nonmutating set { packet.pointee.packet_type = newValue }
  }

  /// Octets, no more than a buffer holds.
  @inline(always)
  var length: UInt32 {
    get { UInt32(packet.pointee.vlan_tci) }
    nonmutating set { packet.pointee.vlan_tci = UInt16(truncatingIfNeeded: newValue) }
  }

  /// The octets.
  @inline(always)
  static func bytes(_ packet: PacketPointer) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(packet_data(packet)) + Int(of(packet).offset)
  }

  /// Octets that could be put behind those that are there.
  @inline(always)
  static func room(_ packet: PacketPointer) -> Int {
    let used = Int(packet.pointee.data_off) &+ Int(of(packet).offset) &+ Int(of(packet).length)
    return Int(packet.pointee.buf_len) &- used
  }
}

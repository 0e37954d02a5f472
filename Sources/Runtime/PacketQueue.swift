import CPacket

/// The VLAN tags of frames, by the side of the port that they come from or go to.
public struct SideTags: Sendable, BitwiseCopyable {
  let front: VLANTag?
  let back: VLANTag?
  let any: Bool

  /// - Parameter tag: of all frames of a port that has one side only; nil: none.
  public init(_ tag: VLANTag?) { self.init(front: tag, back: tag) }

  public init(front: VLANTag?, back: VLANTag?) {
    self.front = front
    self.back = back
    any = front != nil || back != nil
  }
}

/// A worker's port together with the frames that wait to be transmitted at the end of the turn.
public struct PacketQueue<Port: PacketPort & ~Copyable>: ~Copyable {
  public var port: Port
  private let waiting: UnsafeMutablePointer<PacketPointer>
  public private(set) var waitingCount = 0
  /// What frames are sent with, and of those that wait, how many have it already.
  let tags: SideTags
  private var taggedCount = 0
  /// Frames transmitted so far, and their octets.
  public private(set) var sentFrames: UInt64 = 0
  public private(set) var sentBytes: UInt64 = 0
  /// Times that the port did not take all that was offered.
  public private(set) var refusals: UInt64 = 0
  /// Frames that found no room to wait in.
  public private(set) var lost: UInt64 = 0
  /// Turns in a row in which the port took nothing of what waits.
  private var refusedTurns = 0

  /// Whether so much waits that an engine should begin nothing of its own: answers to what arrives need the room, and only they let a
  /// looped wire drain.
  @inline(__always)
  public var isCongested: Bool { waitingCount > Self.capacity / 4 }

  /// Whether the wire has taken nothing for so long that its other end may be waiting just as this one is: two ends that receive only what
  /// they have room to answer can each hold up the other for good. One of them must then go on, and lose answers as a wire loses them, until
  /// half of what waited is gone.
  public private(set) var isStalled = false

  /// Some milliseconds: longer than an end is put aside on a machine that is merely busy.
  private static var longestRefusal: Int { 50_000 }

  /// Frames that can wait.
  public static var capacity: Int { 2048 }
  /// Frames handed to the port at once.
  static var transmitBurst: Int { 64 }

  public init(_ port: consuming Port, tags: SideTags = SideTags(nil)) {
    self.port = port
    self.tags = tags
    waiting = .allocate(capacity: Self.capacity)
  }

  deinit { waiting.deallocate() }

  /// Frames that can still be queued in this turn. What answers a received frame finds room: a worker receives only when there is some,
  /// unless it `isStalled`.
  @inline(__always)
  public var room: Int { Self.capacity &- waitingCount }

  /// Transmits a frame of `length` octets at the end of the turn, behind those queued before.
  @inline(__always)
  public mutating func send(_ packet: consuming Packet, length: Int) {
    packet.length = length
    send(packet)
  }

  /// The same of a frame that has its length.
  @inline(__always)
  public mutating func send(_ packet: consuming Packet) {
    if rarely(waitingCount == Self.capacity) {
      flush()
      guard waitingCount < Self.capacity else { return refuse(packet) }
    }
    sentBytes &+= UInt64(truncatingIfNeeded: packet.length)
    waiting[waitingCount] = packet.release()
    waitingCount &+= 1
  }

  @inline(never)
  private mutating func refuse(_ packet: consuming Packet) {
    port.free(packet)
    lost &+= 1
  }

  @inline(__always)
  public mutating func free(_ packet: consuming Packet) { port.free(packet) }

  @inline(__always)
  public mutating func allocate() -> Packet? { port.allocate() }

  /// Hands the waiting frames to the port. What it does not take stays for the next turn, in order.
  @inline(never)
  public mutating func flush() {
    if tags.any { insertTags() }
    var done = 0
    while done < waitingCount {
      let count = min(Self.transmitBurst, waitingCount &- done)
      let taken = port.transmit(waiting + done, count: count)
      done &+= taken
      if taken < count {
        refusals &+= 1
        break
      }
    }
    guard done > 0 else {
      refusedTurns &+= 1
      if refusedTurns > Self.longestRefusal { isStalled = true }
      return
    }
    refusedTurns = 0
    if waitingCount &- done < Self.capacity / 2 { isStalled = false }
    waitingCount &-= done
    taggedCount = tags.any ? waitingCount : 0
    sentFrames &+= UInt64(truncatingIfNeeded: done)
    for index in 0..<waitingCount { waiting[index] = waiting[done &+ index] }
  }

  /// Once for each frame: what the port has refused has its tag.
  @inline(never)
  private mutating func insertTags() {
    for index in taggedCount..<waitingCount {
      guard let tag = tag(of: waiting[index]) else { continue }
      sentBytes &+= UInt64(truncatingIfNeeded: VLANTag.length)
      waiting[index].insert(tag)
    }
    taggedCount = waitingCount
  }

  /// The tag that a frame of this port has; nil: none.
  @inline(__always)
  func tag(of packet: PacketPointer) -> VLANTag? { packet.pointee.port == 1 ? tags.back : tags.front }

  /// Frees what waits: for the end of a run.
  public mutating func discard() {
    for index in 0..<waitingCount {
      let packet = Packet(owning: waiting[index])
      sentBytes &-= UInt64(packet.length)
      port.free(packet)
    }
    waitingCount = 0
    taggedCount = 0
  }
}

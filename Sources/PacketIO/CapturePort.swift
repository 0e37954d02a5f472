import CPacket
import Synchronization

/// A frame on its way to a capture file: when it crossed the wire, how long it was, and its octets. A long one takes several of these.
public struct CapturedFrame: BitwiseCopyable, Sendable {
  public var time: Ticks = 0
  /// Octets of the whole frame, in its first piece, and 0 in the others; and octets of the piece.
  public var length: UInt32 = 0
  public var captured: UInt32 = 0
  /// The octets begin here.
  public var words: InlineArray<254, UInt64> = .init(repeating: 0)

  /// Octets of a piece at most.
  public static var pieceLength: Int { 254 * 8 }
  /// Octets of this structure before those of the frame.
  public static var headerLength: Int { 16 }

  public init() {}
}

/// One worker's frames on their way to the capture's writer, and how far in time that worker has come, so that the writer can merge
/// several workers' frames in order while the run goes on.
public struct CaptureChannel: ~Copyable, @unchecked Sendable {
  public let ring: SPSCRing<CapturedFrame>
  /// No frame earlier than this will come any more.
  public let reached: Atomic<Ticks>

  public init(capacity: Int) {
    ring = SPSCRing(capacity: capacity)
    reached = Atomic(0)
  }

  /// No frame will come any more. To be called once the worker has ended: until then the frames of the other workers that are later than
  /// this one's last turn wait for it.
  public func close() { reached.store(.max, ordering: .releasing) }
}

/// A port that copies every frame that crosses its wire into a capture channel, once: what it transmits and, unless the wire is looped and
/// brings it the same frames again, what it receives.
///
/// A capture is complete: when its writer falls behind, the worker waits for it.
public struct CapturePort<Base: PacketPort & ~Copyable>: PacketPort, ~Copyable {
  public var base: Base
  /// Nil: nothing is captured.
  private let channel: UnsafePointer<CaptureChannel>?
  private let isLooped: Bool
  private let isSimulated: Bool
  private var now: Ticks = 0

  /// - Parameters:
  ///   - channel: must outlive the port.
  ///   - isLooped: what is transmitted comes back.
  ///   - isSimulated: a frame crosses the wire when the turn begins, by the worker's clock. Otherwise the time-stamp counter is read for each:
  ///     between the beginning of a turn and its frames another worker may have sent what these answer.
  public init(_ base: consuming Base, into channel: UnsafePointer<CaptureChannel>?, isLooped: Bool = true, isSimulated: Bool = false) {
    self.base = base
    self.isLooped = isLooped
    self.isSimulated = isSimulated
    self.channel = channel
  }

  public mutating func beginTurn(now: Ticks) {
    self.now = now
    channel?.pointee.reached.store(now, ordering: .releasing)
    base.beginTurn(now: now)
  }

  public mutating func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    let received = base.receive(burst, count: count)
    if let channel, !isLooped, received > 0 {
      // Not before it was there.
      let time = wireTime
      for index in 0..<received {
        let pieces = copy(burst[index], at: time, to: channel)
        channel.pointee.ring.commit(pieces)
      }
    }
    return received
  }

  public mutating func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
    guard let channel else { return base.transmit(burst, count: count) }
    // Frame by frame: once transmitted, a frame may be gone, and one that is refused has not crossed the wire.
    for index in 0..<count {
      // Not after an answer can be there.
      let pieces = copy(burst[index], at: wireTime, to: channel)
      guard base.transmit(burst + index, count: 1) == 1 else { return index }
      channel.pointee.ring.commit(pieces)
    }
    return count
  }

  public mutating func allocate() -> Packet? { base.allocate() }

  public mutating func free(_ packet: consuming Packet) { base.free(packet) }

  @inline(__always)
  private var wireTime: Ticks { isSimulated ? now : tick_counter() }

  private func reserve(_ channel: UnsafePointer<CaptureChannel>, ahead: Int) -> UnsafeMutablePointer<CapturedFrame> {
    while true {
      if let place = channel.pointee.ring.reserve(ahead: ahead) { return place }
      spin_hint()
    }
  }

  /// How many pieces it takes; they are not handed over yet.
  private func copy(_ packet: PacketPointer, at time: Ticks, to channel: UnsafePointer<CaptureChannel>) -> Int {
    let length = Int(packet.pointee.data_len)
    var pieces = 0
    var copied = 0
    repeat {
      let place = reserve(channel, ahead: pieces)
      let octets = min(length &- copied, CapturedFrame.pieceLength)
      place.pointee.time = time
      place.pointee.length = pieces == 0 ? UInt32(truncatingIfNeeded: length) : 0
      place.pointee.captured = UInt32(truncatingIfNeeded: octets)
      (UnsafeMutableRawPointer(place) + CapturedFrame.headerLength).copyMemory(from: packet_data(packet) + copied, byteCount: octets)
      copied &+= octets
      pieces &+= 1
    } while copied < length
    return pieces
  }
}

/// Octets in one direction or both: `bulk.size` of them on each connection, or as many as go until the run ends. Who has sent all closes;
/// who only receives closes after the other.
///
/// Octet `i` of a stream is octet `i mod 8`, the lowest first, of the 64-bit number `k * (2^35 + 1)`, where `k` is `(i div 8) * 0x1e3779b9`
/// modulo 2^29: the stream repeats after 2^32 octets. Every octet is checked by its receiver when `engine.verify_payload` says so.
public struct BulkWorkload: Workload {
  /// Octets that a role sends on a connection; 0: none; `.max`: without an end.
  private let fromClient: UInt64
  private let fromServer: UInt64
  private let verifies: Bool

  public init(_ settings: TrafficSettings) {
    let size = settings.bulk.size == 0 ? UInt64.max : UInt64(settings.bulk.size)
    fromClient = settings.bulk.direction == .down ? 0 : size
    fromServer = settings.bulk.direction == .up ? 0 : size
    verifies = settings.engine.verifyPayload ?? true
  }

  public struct State: BitwiseCopyable, Sendable {
    /// Octets of our stream sent so far.
    var sent: UInt64 = 0
  }

  @inline(__always)
  public func begin(_ view: WorkloadView) -> State { State() }

  /// Octets that exist at a time beyond what was sent.
  private static var furthest: UInt64 { 1 << 30 }

  @inline(__always)
  public func progress(_ view: WorkloadView, _ state: inout State) -> StreamProgress {
    let size = view.role == .client ? fromClient : fromServer
    if size == 0 { return StreamProgress(end: 0, finish: view.peerClosed) }
    if size == .max {
      // The peer's run is over when it closes.
      if view.peerClosed { return StreamProgress(end: view.sent, finish: true) }
      return StreamProgress(end: view.sent &+ UInt32(Self.furthest), finish: false)
    }
    state.sent &+= UInt64(view.sent &- UInt32(truncatingIfNeeded: state.sent))
    let left = size &- state.sent
    let ahead = left < Self.furthest ? left : Self.furthest
    return StreamProgress(end: view.sent &+ UInt32(truncatingIfNeeded: ahead), finish: ahead == left)
  }

  /// `k` is kept in the upper 29 bits, where it comes around by itself.
  private static var factor: UInt64 { 0x1e37_79b9 << 35 }

  /// Eight octets that begin `shift` bits behind those of `number`.
  @inline(always)
  private static func octets(_ number: UInt64, _ shift: UInt64) -> UInt64 {
    let next = number &+ factor
    let (first, second) = (number | number &>> 35, next | next &>> 35)
    // A shift by 64 is none; in two steps it is one.
    return first &>> shift | (second &<< 1) &<< (63 &- shift)
  }

  @inline(__always)
  public func write(_ view: WorkloadView, _ state: State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    Self.write(offset, into: bytes, count: count)
  }

  @inline(never)
  static func write(_ offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    let shift = UInt64(offset & 7 &* 8)
    var number = UInt64(offset &>> 3) &* factor
    var at = 0
    while at &+ 8 <= count {
      bytes.store(octets(number, shift), at: at)
      number &+= factor
      at &+= 8
    }
    var last = octets(number, shift)
    while at < count {
      bytes.store(UInt8(truncatingIfNeeded: last), at: at)
      last = last &>> 8
      at &+= 1
    }
  }

  @inline(__always)
  public func receive(_ view: WorkloadView, _ state: inout State, offset: UInt32, bytes: UnsafeRawPointer, count: Int) -> Outcome? {
    !verifies || Self.matches(offset, bytes, count: count) ? nil : .payloadMismatch
  }

  @inline(never)
  static func matches(_ offset: UInt32, _ bytes: UnsafeRawPointer, count: Int) -> Bool {
    let shift = UInt64(offset & 7 &* 8)
    var number = UInt64(offset &>> 3) &* factor
    var difference: UInt64 = 0
    var at = 0
    while at &+ 8 <= count {
      difference |= bytes.native64(at) ^ octets(number, shift)
      number &+= factor
      at &+= 8
    }
    var last = octets(number, shift)
    while at < count {
      difference |= UInt64(bytes.octet(at) ^ UInt8(truncatingIfNeeded: last))
      last = last &>> 8
      at &+= 1
    }
    return difference == 0
  }

  /// Records are joined by addresses, ports and sequence numbers.
  @inline(__always)
  public func identifier(_ view: WorkloadView, _ state: State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64 { 0 }
}

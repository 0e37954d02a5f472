/// CUBIC (RFC 9438). Windows are segments, times seconds.
struct Cubic: BitwiseCopyable, Sendable {
  /// RFC 9438 4.6 and 5: C, beta, and alpha of the window that Reno would have.
  private static var scale: Double { 0.4 }
  private static var beta: Double { 0.7 }
  private static var renoGrowth: Double { 3 * (1 - beta) / (1 + beta) }

  private var largest = 0.0
  /// When this epoch of congestion avoidance began; 0: it has not.
  private var epoch: UInt64 = 0
  private var plateau = 0.0
  /// K: seconds from the epoch to the plateau.
  private var toPlateau = 0.0
  /// W_est
  private var reno = 0.0
  /// Fraction of an octet that the window has earned.
  private var fraction = 0.0
  /// The last reduction was a timeout's (RFC 9438 4.8).
  private var isAfterTimeout = false

  /// A congestion event: the new slow-start threshold (RFC 9438 4.6, 4.7).
  mutating func reduce(_ window: UInt32, _ segmentSize: UInt32) -> UInt32 {
    let segments = Double(window) / Double(segmentSize)
    largest = segments < largest ? segments * (1 + Self.beta) / 2 : segments
    epoch = 0
    isAfterTimeout = false
    return UInt32(Double(window) * Self.beta)
  }

  /// Until the next congestion event the curve begins flat where congestion avoidance begins (RFC 9438 4.8).
  mutating func timedOut() { isAfterTimeout = true }

  /// The flow was idle: the curve begins anew.
  mutating func restart() { epoch = 0 }

  /// Nothing was sent for a while: the time does not count (RFC 9438 5.8).
  mutating func wasIdle(_ time: UInt64, now: UInt64) {
    if epoch != 0 { epoch = epoch &+ time < now ? epoch &+ time : now }
  }

  /// The window after `acknowledged` octets in congestion avoidance (RFC 9438 4.2 to 4.5).
  mutating func grow(_ window: UInt32, _ acknowledged: UInt32, _ segmentSize: UInt32, roundTrip: UInt32, now: UInt64) -> UInt32 {
    let size = Double(segmentSize)
    let segments = Double(window) / size
    if epoch == 0 { begin(segments, now) }
    let time = Double(now &- epoch &+ UInt64(roundTrip)) / 1e6
    let distance = time - toPlateau
    var target = Self.scale * distance * distance * distance + plateau
    target = target < segments ? segments : (target > segments * 1.5 ? segments * 1.5 : target)
    let share = Double(acknowledged) / size / segments
    reno += (reno < largest ? Self.renoGrowth : 1) * share
    var next = target > reno ? segments + (target - segments) * share : (reno > segments ? reno : segments)
    // Before the first loss the curve is flat where it begins: a twentieth of what is acknowledged, at least, as Linux has it.
    if largest == 0 { next = max(next, segments + Double(acknowledged) / size / 20) }
    let octets = next * size + fraction
    let whole = UInt32(octets)
    fraction = octets - Double(whole)
    return whole
  }

  private mutating func begin(_ segments: Double, _ now: UInt64) {
    epoch = now
    fraction = 0
    reno = segments
    if segments < largest, !isAfterTimeout {
      plateau = largest
      toPlateau = Self.cubeRoot((largest - segments) / Self.scale)
    } else {
      plateau = segments
      toPlateau = 0
    }
  }

  /// By Newton's method: exact enough in a dozen steps for all windows there are, and no call of a library.
  static func cubeRoot(_ value: Double) -> Double {
    guard value > 0 else { return 0 }
    var root = value > 1 ? value / 3 + 1 : 1
    for _ in 0..<40 { root = (2 * root + value / (root * root)) / 3 }
    return root
  }
}

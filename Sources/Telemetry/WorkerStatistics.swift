import Synchronization

/// The counters, gauges and histograms of one worker: written by that worker with plain stores, read by anyone at any time.
///
/// A value is one 64-bit word with relaxed atomic access; adding compiles to one instruction and takes no lock. This is a handle: copies
/// are of the same counters, and `WorkerLink` owns their memory.
public struct WorkerStatistics: BitwiseCopyable, @unchecked Sendable {
  private let words: UnsafeMutablePointer<UInt64>

  private static var segmentsBase: Int { 0 }
  private static var outcomesBase: Int { segmentsBase + 2 * segmentCounters }
  private static var attemptedBase: Int { outcomesBase + 2 * 16 }
  private static var dropsBase: Int { attemptedBase + 8 }
  private static var anomaliesBase: Int { dropsBase + 48 }
  private static var gaugesBase: Int { anomaliesBase + 16 }
  private static var httpBase: Int { gaugesBase + 64 }
  private static var statusesBase: Int { httpBase + 8 }
  private static var proxyBase: Int { statusesBase + statusCount }
  private static var histogramsBase: Int { proxyBase + 64 }
  static var size: Int { histogramsBase + Latency.allCases.count * LogarithmicBuckets.count }

  /// Status codes of HTTP: three digits.
  public static var statusCount: Int { 1_000 }

  /// Counters in `words`, zeroed memory of `size` elements that outlives the handle.
  init(_ words: UnsafeMutablePointer<UInt64>) { self.words = words }

  @inline(always)
  private func read(_ index: Int) -> UInt64 { atomic(words + index).pointee.load(ordering: .relaxed) }

  @inline(always)
  private func write(_ index: Int, _ value: UInt64) { atomic(words + index).pointee.store(value, ordering: .relaxed) }

  @inline(always)
  private func add(_ index: Int, _ count: UInt64) { addRelaxed(count, to: words + index) }

  // MARK: The worker's side

  @inline(__always)
  public func count(_ role: Role, _ counter: SegmentCounter, _ count: UInt64 = 1) {
    add(Self.segmentsBase &+ Int(role.rawValue) &* segmentCounters &+ Int(counter.rawValue), count)
  }

  /// The counters of one role, for who counts several of them.
  @inline(__always)
  public func counters(_ role: Role) -> RoleCounters {
    RoleCounters(words + (Self.segmentsBase &+ Int(role.rawValue) &* segmentCounters))
  }

  @inline(__always)
  public func attempted(_ role: Role) { add(Self.attemptedBase &+ Int(role.rawValue), 1) }

  @inline(__always)
  public func ended(_ role: Role, _ outcome: Outcome) {
    add(Self.outcomesBase &+ Int(role.rawValue) &* 16 &+ Int(outcome.rawValue), 1)
  }

  @inline(__always)
  public func dropped(_ reason: DropReason) { add(Self.dropsBase &+ Int(reason.rawValue), 1) }

  /// For drops that are counted elsewhere.
  @inline(__always)
  public func set(_ reason: DropReason, _ count: UInt64) { write(Self.dropsBase &+ Int(reason.rawValue), count) }

  @inline(__always)
  public func unexpected(_ role: Role, _ anomaly: Anomaly) {
    count(role, .unexpected)
    add(Self.anomaliesBase &+ Int(anomaly.rawValue), 1)
  }

  @inline(__always)
  public func add(_ gauge: WorkerGauge, _ count: UInt64 = 1) { add(Self.gaugesBase &+ Int(gauge.rawValue), count) }

  @inline(__always)
  public func set(_ gauge: WorkerGauge, _ value: UInt64) { write(Self.gaugesBase &+ Int(gauge.rawValue), value) }

  @inline(__always)
  public func raise(_ gauge: WorkerGauge, to value: UInt64) { if value > self[gauge] { set(gauge, value) } }

  @inline(__always)
  public func measured(_ latency: Latency, ticks: UInt64) {
    add(
      Self.histogramsBase &+ Int(latency.rawValue) &* LogarithmicBuckets.count &+ LogarithmicBuckets.index(of: ticks), 1)
  }

  @inline(__always)
  public func count(_ counter: HTTPCounter, _ count: UInt64 = 1) { add(Self.httpBase &+ Int(counter.rawValue), count) }

  @inline(__always)
  public func count(_ counter: ProxyCounter, _ count: UInt64 = 1) { add(Self.proxyBase &+ Int(counter.rawValue), count) }

  /// The outcomes of proxied connections have the place of a client's.
  @inline(__always)
  public func ended(_ outcome: ProxyOutcome) { add(Self.outcomesBase &+ Int(outcome.rawValue), 1) }

  /// - Parameter code: below `statusCount`.
  @inline(__always)
  public func countStatus(_ code: UInt16) { add(Self.statusesBase &+ Int(code), 1) }

  // MARK: Everyone's side

  public subscript(role: Role, counter: SegmentCounter) -> UInt64 {
    read(Self.segmentsBase + Int(role.rawValue) * segmentCounters + Int(counter.rawValue))
  }

  public subscript(role: Role, outcome: Outcome) -> UInt64 {
    read(Self.outcomesBase + Int(role.rawValue) * 16 + Int(outcome.rawValue))
  }

  @inline(__always)
  public func attempts(_ role: Role) -> UInt64 { read(Self.attemptedBase &+ Int(role.rawValue)) }

  public subscript(reason: DropReason) -> UInt64 { read(Self.dropsBase + Int(reason.rawValue)) }

  public subscript(anomaly: Anomaly) -> UInt64 { read(Self.anomaliesBase + Int(anomaly.rawValue)) }

  @inline(__always)
  public subscript(gauge: WorkerGauge) -> UInt64 { read(Self.gaugesBase &+ Int(gauge.rawValue)) }

  public subscript(counter: HTTPCounter) -> UInt64 { read(Self.httpBase + Int(counter.rawValue)) }

  public subscript(counter: ProxyCounter) -> UInt64 { read(Self.proxyBase + Int(counter.rawValue)) }

  public subscript(outcome: ProxyOutcome) -> UInt64 { read(Self.outcomesBase + Int(outcome.rawValue)) }

  /// Responses received with this status code.
  public func responses(status code: Int) -> UInt64 { read(Self.statusesBase + code) }

  /// How many measurements fell into the bucket.
  public func histogram(_ latency: Latency, bucket: Int) -> UInt64 {
    read(Self.histogramsBase + Int(latency.rawValue) * LogarithmicBuckets.count + bucket)
  }
}

/// The segment counters of one role and worker.
public struct RoleCounters: BitwiseCopyable, @unchecked Sendable {
  private let words: UnsafeMutablePointer<UInt64>

  @inline(__always)
  fileprivate init(_ words: UnsafeMutablePointer<UInt64>) { self.words = words }

  @inline(__always)
  public func count(_ counter: SegmentCounter, _ count: UInt64 = 1) { addRelaxed(count, to: words + Int(counter.rawValue)) }
}

/// Places for the segment counters of a role.
private var segmentCounters: Int { 32 }

@inline(always)
private func atomic(_ word: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<Atomic<UInt64>> {
  UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<UInt64>.self)
}

/// One writer: no atomic addition is needed, and this is one instruction.
@inline(always)
private func addRelaxed(_ count: UInt64, to word: UnsafeMutablePointer<UInt64>) {
  atomic(word).pointee.store(atomic(word).pointee.load(ordering: .relaxed) &+ count, ordering: .relaxed)
}

/// The buckets of a histogram over all 64-bit values: 64 to an octave, so a bucket is at most 1.6 % wide.
public enum LogarithmicBuckets {
  private static var bits: Int { 6 }
  /// Values up to 2^44 ticks (two hours) have buckets of their own; longer ones fall into the last.
  public static var count: Int { (44 - bits + 1) << bits }

  @inline(__always)
  public static func index(of value: UInt64) -> Int {
    if value < 1 << UInt64(bits) { return Int(truncatingIfNeeded: value) }
    // A floating-point number has the octave and the place within it side by side. What it rounds, or takes for negative, belongs into the
    // last bucket anyway.
    let pattern = Double(Int64(bitPattern: value)).bitPattern &>> UInt64(52 &- bits)
    return smaller(Int(truncatingIfNeeded: pattern) &- (1022 &+ bits) &<< bits, count &- 1)
  }

  /// The highest value of a bucket.
  public static func upperBound(_ index: Int) -> UInt64 {
    if index < 1 << bits { return UInt64(index) }
    let octave = index >> bits - 1
    return (UInt64(1 << bits + index & (1 << bits - 1)) + 1) << UInt64(octave) - 1
  }
}

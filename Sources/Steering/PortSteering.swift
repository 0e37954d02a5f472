/// Steering by bits of the destination port ("Port"): the value under a mask tells which worker a port belongs to.
///
/// The mask's values are dealt out in runs, evenly to one: with 8 values and 3 workers 0 to 2, 3 to 5, 6 and 7. Every port has an owner.
public struct PortSteering: Hashable, Sendable, BitwiseCopyable {
  /// The bits of a port that count; contiguous.
  public let mask: UInt16
  public let workers: Int
  /// Bits of the port below the mask, and in it.
  private let shift: UInt16
  private let width: UInt16

  /// Steering of 1 or more workers (`noWorkers`) by a mask of contiguous bits (`portMaskZero`, `portMaskNotContiguous`) with a value for
  /// each worker (`portMaskTooNarrow`), all of which own a port from 1024 on (`workerWithoutPorts`).
  public init(mask: UInt16 = 0xe000, workers: Int) throws(SteeringError) {
    guard workers > 0 else { throw .noWorkers }
    guard mask != 0 else { throw .portMaskZero }
    let shift = mask.trailingZeroBitCount
    let width = mask.nonzeroBitCount
    guard shift + width == 16 - mask.leadingZeroBitCount else { throw .portMaskNotContiguous(mask) }
    guard workers <= 1 << width else { throw .portMaskTooNarrow(values: 1 << width, workers: workers) }
    self.mask = mask
    self.workers = workers
    self.shift = UInt16(shift)
    self.width = UInt16(width)
    for worker in 0..<workers where ports(ofWorker: worker).count == 0 { throw .workerWithoutPorts(worker) }
  }

  /// How many workers the mask can tell apart.
  public var values: Int { 1 << Int(width) }

  /// The worker that a port belongs to, the ports below 1024 among them. Costs a multiplication.
  @inline(__always)
  public func owner(of port: UInt16) -> Int {
    owner(ofValue: Int((port & mask) &>> shift))
  }

  /// The worker that a value under the mask belongs to.
  @inline(__always)
  func owner(ofValue value: Int) -> Int { (value &* workers) &>> Int(width) }

  /// The port bits of a value under the mask.
  func bits(ofValue value: Int) -> UInt16 { UInt16(value) << shift }

  /// The ports from 1024 on that belong to a worker.
  public func ports(ofWorker worker: Int) -> WorkerPorts {
    precondition(worker >= 0 && worker < workers)
    let first = firstValue(ofWorker: worker)
    let count = firstValue(ofWorker: worker + 1) - first
    return WorkerPorts(first: UInt32(first << Int(shift)), length: UInt32(count << Int(shift)), stride: 1 << UInt32(shift + width))
  }

  /// The lowest value whose owner is `worker`.
  private func firstValue(ofWorker worker: Int) -> Int { (worker * values + workers - 1) / workers }
}

import Synchronization
import TCPEngine

/// Several workers' frames in the order of their times; for equal times, in the order of the workers.
///
/// A frame's turn has come when no worker can still bring an earlier one: each of the others has a later frame waiting, or has come further
/// in time.
struct CaptureMerge {
  /// Frames of one channel whose turn has come, one after another.
  struct Batch {
    let channel: UnsafePointer<CaptureChannel>
    let frames: UnsafeBufferPointer<CapturedFrame>

    /// Gives them back to the worker.
    func consume() { channel.pointee.ring.consume(frames.count) }
  }

  /// The workers' channels, in the workers' order.
  let channels: [UnsafePointer<CaptureChannel>]

  /// The frames that come next; nil: there are none, or a worker may still bring earlier ones.
  ///
  /// - Parameter workersEnded: no worker will bring any more, whether or not its channel was closed.
  func next(workersEnded: Bool) -> Batch? {
    var earliest: (index: Int, time: Ticks)?
    var frames = UnsafeBufferPointer<CapturedFrame>(start: nil, count: 0)
    // Of the other channels' next frames the earliest: the batch ends before it.
    var limit: (index: Int, time: Ticks) = (channels.count, .max)
    for (index, channel) in channels.enumerated() {
      let (run, next) = look(at: channel, workersEnded)
      if !run.isEmpty, earliest.map({ next < $0.time }) ?? true {
        if let earliest, Self.isBefore(earliest, limit) { limit = earliest }
        earliest = (index, next)
        frames = run
      } else if Self.isBefore((index, next), limit) {
        limit = (index, next)
      }
    }
    guard let earliest, Self.isBefore(earliest, limit) else { return nil }
    var count = 1
    while count < frames.count, Self.isBefore((earliest.index, frames[count].time), limit) { count += 1 }
    return Batch(channel: channels[earliest.index], frames: UnsafeBufferPointer(rebasing: frames[..<count]))
  }

  /// A channel's waiting frames, and the earliest time of a frame that is there or may still come.
  private func look(
    at channel: UnsafePointer<CaptureChannel>, _ workersEnded: Bool
  ) -> (run: UnsafeBufferPointer<CapturedFrame>, next: Ticks) {
    // In this order: a frame that came before `reached` was set is then seen.
    let reached = workersEnded ? .max : channel.pointee.reached.load(ordering: .acquiring)
    let run = channel.pointee.ring.readable()
    return (run, run.first?.time ?? reached)
  }

  private static func isBefore(_ a: (index: Int, time: Ticks), _ b: (index: Int, time: Ticks)) -> Bool {
    (a.time, a.index) < (b.time, b.index)
  }
}

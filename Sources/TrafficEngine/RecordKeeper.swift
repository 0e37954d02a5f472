/// The records of the connections that are open, beside their tables; finished ones go to the channel. Off, it costs one test.
public struct RecordKeeper: ~Copyable {
  let channel: UnsafePointer<RecordChannel<ConnectionRecord>>?
  let courses: Table<ConnectionCourse>
  private let sample: UInt64
  let worker: UInt16

  /// - Parameters:
  ///   - channel: nil: no records are kept. Must outlive the keeper.
  ///   - capacity: connections of the engine.
  ///   - sample: one connection in this many is recorded; failed ones always.
  init(channel: UnsafePointer<RecordChannel<ConnectionRecord>>?, capacity: Int, sample: Int, worker: Int) {
    self.channel = channel
    courses = Table(count: channel == nil ? 1 : capacity)
    self.sample = UInt64(sample)
    self.worker = UInt16(worker)
  }

  @inline(always)
  var isOn: Bool { rarely(channel != nil) }

  /// Chosen by what both ends know, the client's initial sequence number, so that both or neither are in the sample.
  @inline(always)
  func isSampled(_ connection: UnsafePointer<Connection>) -> Bool {
    if usually(sample == 1) { return true }
    let shared = connection.pointee.role == .client ? connection.pointee.initialSend : connection.pointee.initialReceive
    return UInt64(shared.rawValue) % sample == 0
  }

  @inline(always)
  func opened(_ slot: UInt32, _ now: Ticks) {
    guard isOn else { return }
    courses.base[Int(slot)].begin(now)
  }

  @inline(always)
  func entered(_ slot: UInt32, _ state: TCPState, _ now: Ticks) {
    guard isOn else { return }
    courses.base[Int(slot)].entered(state, at: now)
  }

  /// Finished ones wait for others no longer.
  @inline(always)
  func flush() { channel?.pointee.queue.flush() }

  @inline(always)
  func retransmitted(_ slot: UInt32) {
    guard isOn else { return }
    courses.base[Int(slot)].retransmitted()
  }
}

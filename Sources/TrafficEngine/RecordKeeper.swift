/// The records of the connections that are open, beside their tables; finished ones go to the channel. Off, it costs one test.
public struct RecordKeeper: ~Copyable {
  let channel: UnsafePointer<RecordChannel<ConnectionRecord>>?
  let open: Table<ConnectionRecord>
  private let sample: UInt64
  private let worker: UInt16

  /// - Parameters:
  ///   - channel: nil: no records are kept. Must outlive the keeper.
  ///   - sample: one connection in this many is recorded; failed ones always.
  init(channel: UnsafePointer<RecordChannel<ConnectionRecord>>?, capacity: Int, sample: Int, worker: Int) {
    self.channel = channel
    open = Table(count: channel == nil ? 1 : capacity)
    self.sample = UInt64(sample)
    self.worker = UInt16(worker)
  }

  @inline(always)
  var isOn: Bool { rarely(channel != nil) }

  /// Chosen by what both ends know, the client's initial sequence number, so that both or neither are in the sample.
  @inline(always)
  func isSampled(_ record: ConnectionRecord) -> Bool {
    if sample == 1 { return true }
    let shared = record.role == .client ? record.initialSend : record.initialReceive
    return UInt64(shared.rawValue) % sample == 0
  }

  @inline(always)
  mutating func opened(_ slot: UInt32, _ connection: UnsafePointer<Connection>, _ now: Ticks) {
    guard isOn else { return }
    open.base[Int(slot)].begin(connection, opened: now, worker: worker)
  }

  @inline(always)
  func entered(_ slot: UInt32, _ state: TCPState, _ now: Ticks) {
    guard isOn else { return }
    open.base[Int(slot)].entered(state, at: now)
  }

  @inline(always)
  func retransmitted(_ slot: UInt32) {
    guard isOn else { return }
    let record = open.base + Int(slot)
    if record.pointee.retransmissions < .max { record.pointee.retransmissions &+= 1 }
  }
}

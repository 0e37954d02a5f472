/// What the engine tells the records; each only when they are on.
extension TrafficEngine {
  @inline(never)
  mutating func recordReceived(_ slot: UInt32, _ bytes: UnsafeRawPointer, _ offset: UInt32, _ count: Int) {
    let record = records.open.base + Int(slot)
    record.pointee.packetsReceived &+= 1
    record.pointee.bytesReceived &+= UInt64(truncatingIfNeeded: count)
    if offset == 0, connections.base[Int(slot)].role == .server {
      record.pointee.id = workload.identifier(view(slot), companions.base[Int(slot)].workload, firstBytes: bytes, count: count)
    }
  }

  @inline(always)
  mutating func recordSent(_ slot: UInt32, _ length: UInt32, _ offset: UInt32, _ before: TCPState) {
    let record = records.open.base + Int(slot)
    let connection = connections.base + Int(slot)
    if length > 0 {
      record.pointee.packetsSent &+= 1
      record.pointee.bytesSent &+= UInt64(length)
      if offset == 0, connection.pointee.role == .client {
        let view = view(slot)
        record.pointee.id = workload.identifier(view, companions.base[Int(slot)].workload, firstBytes: nil, count: 0)
      }
    }
    if connection.pointee.state != before { record.pointee.entered(connection.pointee.state, at: now) }
  }

  /// The connection ended: its record goes out, if it is one of the sample or has failed.
  @inline(always)
  mutating func recordEnd(_ slot: UInt32, _ outcome: Outcome) {
    guard let channel = records.channel else { return }
    let record = records.open.base + Int(slot)
    guard outcome != .completed || records.isSampled(record.pointee) else { return }
    guard let place = channel.pointee.queue.reserve() else { return statistics.add(.recordsLost) }
    // What is written here last is written there: a copy of it would have to wait for it.
    place.pointee = record.pointee
    place.pointee.initialReceive = connections.base[Int(slot)].initialReceive
    place.pointee.outcome = outcome
    if outcome != .completed, outcome != .openAtStop { place.pointee.entered(.closed, at: now) }
    channel.pointee.queue.commit()
    statistics.add(.recordsWritten)
  }
}

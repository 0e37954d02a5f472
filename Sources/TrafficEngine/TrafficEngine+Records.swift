/// What the engine tells the records; each only when they are on.
extension TrafficEngine {
  @inline(never)
  mutating func recordReceived(_ slot: UInt32, _ bytes: UnsafeRawPointer, _ offset: UInt32, _ count: Int) {
    let course = records.courses.base + Int(slot)
    course.pointee.receivedPayload(count)
    if offset == 0, connections.base[Int(slot)].role == .server {
      course.pointee.id = workload.identifier(view(slot), companions.base[Int(slot)].workload, firstBytes: bytes, count: count)
    }
  }

  @inline(always)
  mutating func recordSent(_ slot: UInt32, _ length: UInt32, _ offset: UInt32, _ before: TCPState) {
    let course = records.courses.base + Int(slot)
    let connection = connections.base + Int(slot)
    if length > 0 {
      course.pointee.sentPayload(length)
      if offset == 0, connection.pointee.role == .client {
        let view = view(slot)
        course.pointee.id = workload.identifier(view, companions.base[Int(slot)].workload, firstBytes: nil, count: 0)
      }
    }
    if connection.pointee.state != before { course.pointee.entered(connection.pointee.state, at: now) }
  }

  /// The connection ended: its record goes out, if it is one of the sample or has failed.
  @inline(always)
  mutating func recordEnd(_ slot: UInt32, _ outcome: Outcome) {
    guard let channel = records.channel else { return }
    let connection = connections.base + Int(slot)
    guard rarely(outcome != .completed) || records.isSampled(connection) else { return }
    guard let place = channel.pointee.queue.reserve() else { return statistics.add(.recordsLost) }
    // What is written here last is written there: a copy of it would have to wait for it.
    place.pointee.course = records.courses.base[Int(slot)]
    place.pointee.key = connection.pointee.key
    place.pointee.initialSend = connection.pointee.initialSend
    place.pointee.initialReceive = connection.pointee.initialReceive
    place.pointee.worker = records.worker
    place.pointee.role = connection.pointee.role
    place.pointee.outcome = outcome
    if rarely(outcome != .completed), outcome != .openAtStop { place.pointee.course.entered(.closed, at: now) }
    channel.pointee.queue.commit()
    statistics.add(.recordsWritten)
  }
}

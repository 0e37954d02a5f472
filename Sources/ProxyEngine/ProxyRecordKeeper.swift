/// The records of the connections that are open, beside their tables; finished ones go to the channel. Off, it costs one test.
struct ProxyRecordKeeper: ~Copyable {
  private let channel: UnsafePointer<RecordChannel<ProxyRecord>>?
  private let open: Table<ProxyRecord>
  private let sample: UInt64
  private let worker: UInt16

  /// - Parameters:
  ///   - channel: nil: no records are kept. Must outlive the keeper.
  ///   - sample: one connection in this many is recorded; failed ones always.
  init(channel: UnsafePointer<RecordChannel<ProxyRecord>>?, capacity: Int, sample: Int, worker: Int) {
    self.channel = channel
    open = Table(count: channel == nil ? 1 : capacity)
    self.sample = UInt64(sample)
    self.worker = UInt16(worker)
  }

  @inline(always)
  var isOn: Bool { rarely(channel != nil) }

  @inline(always)
  func opened(_ slot: UInt32, _ connection: UnsafePointer<ProxyConnection>, _ now: Ticks) {
    guard isOn else { return }
    open[Int(slot)] = ProxyRecord(
      client: connection.pointee.clientKey, initial: connection.pointee.clientStart - 1, opened: now, worker: worker)
  }

  @inline(always)
  func entered(_ slot: UInt32, _ step: ProxyStep, _ now: Ticks) {
    guard isOn else { return }
    open.base[Int(slot)].entered(step, at: now)
  }

  /// The number that our own SYN-ACK has, or the one that was passed on.
  @inline(always)
  func answered(_ slot: UInt32, _ initial: SequenceNumber) {
    guard isOn else { return }
    open.base[Int(slot)].proxyInitial = initial
  }

  /// The server's SYN-ACK has come.
  @inline(always)
  func joined(_ slot: UInt32, _ initial: SequenceNumber, _ step: ProxyStep, _ now: Ticks) {
    guard isOn else { return }
    open.base[Int(slot)].serverInitial = initial
    open.base[Int(slot)].entered(step, at: now)
  }

  /// Finished ones wait for others no longer.
  @inline(always)
  func flush() { channel?.pointee.queue.flush() }

  @inline(always)
  func tried(_ slot: UInt32) {
    guard isOn, open.base[Int(slot)].tries < .max else { return }
    open.base[Int(slot)].tries &+= 1
  }

  /// A segment is passed on.
  @inline(always)
  func passed(_ slot: UInt32, from leg: Leg, octets: UInt16, isRepeated: Bool) {
    guard isOn else { return }
    let record = open.base + Int(slot)
    if leg == .client {
      record.pointee.segmentsToServer &+= octets > 0 ? 1 : 0
      record.pointee.bytesToServer &+= UInt64(octets)
      if isRepeated, record.pointee.repeatedByClient < .max { record.pointee.repeatedByClient &+= 1 }
    } else {
      record.pointee.segmentsToClient &+= octets > 0 ? 1 : 0
      record.pointee.bytesToClient &+= UInt64(octets)
      if isRepeated, record.pointee.repeatedByServer < .max { record.pointee.repeatedByServer &+= 1 }
    }
  }

  /// The connection is over: its record goes out, if it is one of the sample or has failed.
  @inline(never)
  func ended(
    _ slot: UInt32, _ connection: UnsafePointer<ProxyConnection>, _ outcome: ProxyOutcome, _ now: Ticks, _ statistics: WorkerStatistics
  ) {
    guard let channel else { return }
    let record = open.base + Int(slot)
    let isSampled = sample == 1 || UInt64(record.pointee.clientInitial.rawValue) % sample == 0
    guard isSampled || outcome != .completed else { return }
    record.pointee.outcome = outcome
    if outcome != .openAtStop { record.pointee.entered(.over, at: now) }
    record.pointee.complete(connection)
    statistics.add(channel.pointee.queue.push(record.pointee) ? .recordsWritten : .recordsLost)
  }
}

extension ProxyRecord {
  /// Takes what the connection itself knows.
  fileprivate mutating func complete(_ connection: UnsafePointer<ProxyConnection>) {
    rule = connection.pointee.rule
    if tries > 0 { (group, target) = (connection.pointee.group, connection.pointee.target) }
    guard connection.pointee.hasServerLeg else { return }
    let key = connection.pointee.serverKey
    (serverAddress, serverPort) = (key.source, key.sourcePort)
    (sourceAddress, sourcePort) = (key.destination, key.destinationPort)
  }
}

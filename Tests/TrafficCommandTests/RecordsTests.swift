import ArgumentParser
import Foundation
import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct RecordsTests {
  private static let clientAddress = IPv4Address(0x0a00_0002)
  private static let serverAddress = IPv4Address(0x0a00_0001)

  private static func blank() -> ConnectionRecord {
    [UInt8](repeating: 0, count: 88).withUnsafeBytes { $0.loadUnaligned(as: ConnectionRecord.self) }
  }

  /// An end of connection number `number`: a completed one of the reference load.
  private static func end(_ role: Role, _ number: Int, id: UInt64? = nil) -> ConnectionRecord {
    var record = blank()
    record.role = role
    record.outcome = .completed
    record.course.id = id ?? UInt64(number) + 0xabc0_0000_0000
    let ports = (UInt16(1_024 + number % 60_000), UInt16(80))
    let sent = FlowKey(source: clientAddress, sourcePort: ports.0, destination: serverAddress, destinationPort: ports.1)
    record.key = role == .client ? sent.reversed : sent
    let initials = (SequenceNumber(UInt32(number) &* 2_654_435_761), SequenceNumber(UInt32(number) &* 40_503 &+ 1))
    (record.initialSend, record.initialReceive) = role == .client ? initials : (initials.1, initials.0)
    record.course.opened = 10_000 + UInt64(number) * 100 + (role == .client ? 0 : 40)
    record.course.packetsSent = 1
    record.course.packetsReceived = 1
    record.course.sent = role == .client ? 16 : 20
    record.course.bytesReceived = role == .client ? 20 : 16
    record.worker = 3
    record.course.entered(.established, at: record.course.opened + 80)
    if role == .client {
      record.course.entered(.closeWait, at: record.course.opened + 160)
      record.course.entered(.lastAck, at: record.course.opened + 160)
      record.course.entered(.closed, at: record.course.opened + 240)
    } else {
      record.course.entered(.finWait1, at: record.course.opened + 100)
      record.course.entered(.timeWait, at: record.course.opened + 180)
    }
    return record
  }

  /// Writes the records through the writer, over as many channels as there are lists. What `finish` returns.
  @discardableResult
  private static func write(
    _ lists: [[ConnectionRecord]], to path: String, ticksPerSecond: Double = 2e9, startTicks: UInt64 = 10_000, startNanoseconds: UInt64 = 0
  ) throws -> WrittenFile {
    let channels = lists.map { _ in allocated(RecordChannel<ConnectionRecord>(capacity: 64)) }
    defer { channels.forEach(release) }
    let writer = try RecordWriter(
      path: path, channels: channels.map { UnsafePointer($0) }, ticksPerSecond: ticksPerSecond, startTicks: startTicks,
      startNanoseconds: startNanoseconds)
    writer.start()
    for (channel, list) in zip(channels, lists) {
      for record in list { while !channel.pointee.queue.push(record) { usleep(100) } }
    }
    defer { #expect(writer.cpuSeconds > 0) }
    return writer.finish()
  }

  private static func lines(_ listing: RecordListing, in directory: TestDirectory) throws -> [String] {
    let (text, end) = try directory.output { try listing.print(EndRecords.self, to: $0) }
    #expect(end == .complete(RecordListing.Shortfall()))
    return text.components(separatedBy: listing.form == .csv ? "\r\n" : "\n").dropLast()
  }

  private static func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  // MARK: The file

  /// The layout that Documentation/Records.md describes.
  @Test func layout() {
    typealias Record = ConnectionRecord
    #expect(MemoryLayout<Record>.stride == 88)
    #expect(MemoryLayout<Record>.size == 88)
    let fields: [PartialKeyPath<Record>] = [
      \.course, \.key, \.initialSend, \.initialReceive, \.worker, \.role, \.outcome,
    ]
    #expect(fields.map { MemoryLayout<Record>.offset(of: $0) } == [0, 64, 76, 80, 84, 86, 87])
    let noted: [PartialKeyPath<ConnectionCourse>] = [
      \.opened, \.id, \.sent, \.bytesReceived, \.packetsSent, \.packetsReceived, \.states, \.times,
    ]
    #expect(noted.map { MemoryLayout<ConnectionCourse>.offset(of: $0) } == [0, 8, 16, 24, 32, 36, 40, 44])
  }

  /// What is packed into other numbers.
  @Test func packedNumbers() {
    var course = Self.end(.client, 1).course
    #expect(course.stateCount == 4 && course.states == 4 << 24 | 0x0873)
    for _ in 0..<70_000 { course.retransmitted() }
    #expect(course.retransmissions == 65_535 && course.bytesSent == 16)
    course.sentPayload(1_000)
    #expect(course.retransmissions == 65_535 && course.bytesSent == 1_016 && course.packetsSent == 2)
    for _ in 0..<3 { course.entered(.closed, at: course.opened + 300) }
    #expect(course.stateCount == 5 && course.states == 5 << 24 | 0x00873)
  }

  @Test func theFileIsHeaderAndRecords() throws {
    let directory = try TestDirectory()
    let written = try Self.write(
      [[Self.end(.client, 1)]], to: directory.file("a"), ticksPerSecond: 2.5, startTicks: 7, startNanoseconds: 9)
    #expect(written == WrittenFile(count: 1))
    let octets = try directory.octets("a")
    #expect(octets.count == 64 + 88)
    #expect(octets.prefix(8).elementsEqual("TCPEREC1".utf8))
    octets.withUnsafeBytes {
      #expect($0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) == 2)
      #expect($0.loadUnaligned(fromByteOffset: 12, as: UInt32.self) == 0x0102_0304)
      #expect($0.loadUnaligned(fromByteOffset: 16, as: UInt32.self) == 64)
      #expect($0.loadUnaligned(fromByteOffset: 20, as: UInt32.self) == 88)
      #expect($0.loadUnaligned(fromByteOffset: 24, as: Double.self) == 2.5)
      #expect($0.loadUnaligned(fromByteOffset: 32, as: UInt64.self) == 7)
      #expect($0.loadUnaligned(fromByteOffset: 40, as: UInt64.self) == 9)
    }
  }

  /// Nothing is left behind with a worker whose queue was full when it ended.
  @Test(arguments: [1, 31, 33, 512, 544])
  func allThatAWorkerWroteIsTaken(count: Int) throws {
    let directory = try TestDirectory()
    let channel = allocated(RecordChannel<ConnectionRecord>(capacity: 512))
    defer { release(channel) }
    for number in 0..<count {
      let pushed = channel.pointee.queue.push(Self.end(.client, number))
      #expect(pushed)
    }
    let writer = try RecordWriter(
      path: directory.file("a"), channels: [UnsafePointer(channel)], ticksPerSecond: 1e9, startTicks: 0, startNanoseconds: 0)
    writer.start()
    #expect(writer.finish() == WrittenFile(count: count))
  }

  @Test func aFullDiskIsToldWithItsLosses() throws {
    let written = try Self.write([(0..<500).map { Self.end(.client, $0) }], to: "/dev/full")
    let problem =
      "/dev/full: 500 of 500 records could not be written: No space left on device; free some space, or name a file on another disk"
    #expect(written == WrittenFile(count: 0, missing: 500, problem: problem))
  }

  @Test func aLastRecordCutShortIsLeftOut() throws {
    let directory = try TestDirectory()
    try Self.write([(0..<10).map { Self.end(.client, $0) }], to: directory.file("a"))
    let octets = try directory.octets("a")
    try directory.write(Array(octets.dropLast(50)), to: "b")
    let (text, end) = try directory.output { try RecordListing(path: directory.file("b")).print(EndRecords.self, to: $0) }
    #expect(end == .complete(.init(incomplete: 38)))
    #expect(text.components(separatedBy: "\r\n").count == 1 + 9 + 1)
    #expect(
      RecordListing.Shortfall(incomplete: 38).sentences(path: "b", recordLength: 88)
        == ["b: the last record is incomplete (38 of 88 octets); the ones before it were read"])
  }

  @Test func damagedRecordsAreLeftOut() throws {
    let directory = try TestDirectory()
    try Self.write([(0..<5).map { Self.end(.client, $0) }], to: directory.file("a"))
    var octets = try directory.octets("a")
    octets[64 + 86] = 9  // no role
    octets[64 + 88 + 87] = 200  // no outcome
    octets[64 + 2 * 88 + 40] = 15  // no state
    octets[64 + 3 * 88 + 43] = 7  // more states than there is room for
    try directory.write(octets, to: "b")
    #expect(
      try directory.output { try RecordListing(path: directory.file("b")).print(EndRecords.self, to: $0) }.result
        == .complete(.init(damaged: 4)))
  }

  @Test func otherFilesAreRefused() throws {
    let directory = try TestDirectory()
    try Self.write([[]], to: directory.file("a"))
    let header = try directory.octets("a")
    func refusal(_ change: (inout [UInt8]) -> Void) throws -> String? {
      var octets = header
      change(&octets)
      try directory.write(octets, to: "b")
      let error = #expect(throws: OutputError.self) { try RecordListing(path: directory.file("b")).print(EndRecords.self, to: -1) }
      return error?.description
    }
    #expect(try refusal { $0[0] = 88 }?.contains("this is not a file of connection records") == true)
    #expect(try refusal { $0 = [] }?.contains("this is not a file of connection records") == true)
    #expect(try refusal { $0.removeLast() }?.contains("this is not a file of connection records") == true)
    #expect(try refusal { $0[8] = 1 }?.contains("version 1 with records of 88 octets, this program reads version 2 with 88") == true)
    #expect(try refusal { $0[20] = 104 }?.contains("records of 104 octets") == true)
    #expect(try refusal { $0[12..<16].reverse() }?.contains("other byte order") == true)
    #expect(try refusal { $0.replaceSubrange(24..<32, with: repeatElement(0, count: 8)) }?.contains("damaged") == true)
    #expect(throws: OutputError.self) { try RecordListing(path: directory.file("none")).print(EndRecords.self, to: -1) }
    #expect(throws: OutputError.self) { try RecordListing(path: directory.path).print(EndRecords.self, to: -1) }
  }

  // MARK: Joining

  @Test func endsAreJoinedByIDWhateverTheirOrder() {
    var joiner = EndJoiner()
    #expect(joiner.add(Self.end(.client, 1)) == nil)
    #expect(joiner.add(Self.end(.server, 2)) == nil)
    let first = joiner.add(Self.end(.server, 1))
    #expect(first?.client?.key.destinationPort == 1_025 && first?.server?.key.sourcePort == 1_025)
    let second = joiner.add(Self.end(.client, 2))
    #expect(second?.client?.key.destinationPort == 1_026 && second?.server?.key.sourcePort == 1_026)
    #expect(joiner.rest().isEmpty)
  }

  @Test func endsAreJoinedByTupleWithoutID() {
    var joiner = EndJoiner()
    #expect(joiner.add(Self.end(.client, 1, id: 0)) == nil)
    #expect(joiner.add(Self.end(.client, 60_001, id: 0)) == nil)  // the same ports, another initial sequence number
    #expect(joiner.add(Self.end(.server, 60_001, id: 0))?.client?.course.opened == 10_000 + 6_000_100)
    #expect(joiner.add(Self.end(.server, 1, id: 0))?.client?.course.opened == 10_100)
  }

  /// The payload with the id was lost, or the handshake has failed.
  @Test func oneEndMayNotKnowTheID() {
    var joiner = EndJoiner()
    #expect(joiner.add(Self.end(.client, 1)) == nil)
    #expect(joiner.add(Self.end(.server, 1, id: 0)) == nil)
    #expect(joiner.add(Self.end(.server, 2)) == nil)
    let rest = joiner.rest()
    #expect(rest.map(\.isJoined) == [true, false])
    #expect(rest[1].clientPort == 1_026)
  }

  @Test func anIDThatComesTwiceIsToldApartByTuple() {
    var joiner = EndJoiner()
    #expect(joiner.add(Self.end(.client, 1, id: 5)) == nil)
    #expect(joiner.add(Self.end(.client, 2, id: 5)) == nil)
    #expect(joiner.add(Self.end(.server, 2, id: 5))?.client?.key.destinationPort == 1_026)
    #expect(joiner.add(Self.end(.server, 1, id: 5))?.client?.key.destinationPort == 1_025)
  }

  /// A proxy between them: only the id is the same.
  @Test func addressesMayBeRewrittenOnTheWay() {
    var joiner = EndJoiner()
    #expect(joiner.add(Self.end(.client, 1, id: 5)) == nil)
    #expect(joiner.add(Self.end(.server, 2, id: 5))?.clientPort == 1_025)
  }

  /// A repeated SYN made a second server end.
  @Test func surplusEndsStayAlone() {
    var joiner = EndJoiner()
    for _ in 0..<3 { #expect(joiner.add(Self.end(.server, 1, id: 0)) == nil) }
    #expect(joiner.add(Self.end(.client, 1)) != nil)
    #expect(joiner.rest().map(\.isJoined) == [false, false])
  }

  // MARK: Printing

  @Test func csv() throws {
    let directory = try TestDirectory()
    var refused = Self.end(.client, 7, id: 0)
    refused.outcome = .refused
    refused.course.states = 0
    refused.course.entered(.closed, at: refused.course.opened + 2 << 40)
    try Self.write([[Self.end(.client, 1), refused], [Self.end(.server, 1)]], to: directory.file("a"), startNanoseconds: 1_000_000)
    let lines = try Self.lines(RecordListing(path: directory.file("a")), in: directory)
    #expect(
      lines == [
        "id,client_address,client_port,server_address,server_port,opened_ns,client_outcome,client_states,client_payload_packets_sent,"
          + "client_payload_bytes_sent,client_payload_packets_received,client_payload_bytes_received,client_retransmissions,client_worker,"
          + "server_outcome,server_states,server_payload_packets_sent,server_payload_bytes_sent,server_payload_packets_received,"
          + "server_payload_bytes_received,server_retransmissions,server_worker",
        "0000abc000000001,10.0.0.2,1025,10.0.0.1,80,1000050,completed,"
          + "syn_sent@0>established@40>close_wait@80>last_ack@80>closed@120,1,16,1,20,0,3,"
          + "completed,syn_received@20>established@60>fin_wait_1@70>time_wait@110,1,20,1,16,0,3",
        ",10.0.0.2,1031,10.0.0.1,80,1000350,refused,syn_sent@0>closed@\((CompactTicks(2 << 40).ticks) / 2),1,16,1,20,0,3,,,,,,,,",
      ])
    #expect(lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 22 })
  }

  @Test func jsonLines() throws {
    let directory = try TestDirectory()
    try Self.write([[Self.end(.client, 1), Self.end(.server, 2, id: 0)], [Self.end(.server, 1)]], to: directory.file("a"))
    let lines = try Self.lines(RecordListing(path: directory.file("a"), form: .jsonLines), in: directory)
    try #require(lines.count == 2)
    let joined = try Self.object(lines[0])
    #expect(joined["id"] as? String == "0000abc000000001")
    #expect(joined["client_address"] as? String == "10.0.0.2")
    #expect(joined["client_port"] as? Int == 1_025)
    #expect(joined["server_address"] as? String == "10.0.0.1")
    #expect(joined["server_port"] as? Int == 80)
    #expect(joined["opened_ns"] as? Int == 50)
    let server = try #require(joined["server"] as? [String: Any])
    let states = try #require(server["states"] as? [[String: Any]])
    #expect(states.map { $0["state"] as? String } == ["syn_received", "established", "fin_wait_1", "time_wait"])
    #expect(states.map { $0["at_ns"] as? Int } == [20, 60, 70, 110])
    #expect(server["outcome"] as? String == "completed")
    #expect(server["payload_packets_sent"] as? Int == 1)
    #expect(server["payload_bytes_sent"] as? Int == 20)
    #expect(server["payload_packets_received"] as? Int == 1)
    #expect(server["payload_bytes_received"] as? Int == 16)
    #expect(server["retransmissions"] as? Int == 0)
    #expect(server["worker"] as? Int == 3)
    let alone = try Self.object(lines[1])
    #expect(alone["id"] is NSNull && alone["client"] is NSNull)
    #expect(alone["client_port"] as? Int == 1_026)
  }

  /// Many connections, some failed, some of one end only, over several pieces of the file.
  private static func many() -> [[ConnectionRecord]] {
    (0..<20_000).reduce(into: [[], []]) { lists, number in
      var client = end(.client, number, id: number % 3 == 0 ? 0 : nil)
      for _ in 0..<number % 4 { client.course.retransmitted() }
      if number % 10 == 0 { client.outcome = .synTimeout }
      lists[number % 2].append(client)
      if number % 10 != 0 { lists[(number + 1) % 2].append(end(.server, number, id: number % 3 == 0 ? 0 : nil)) }
    }
  }

  @Test func sums() throws {
    let directory = try TestDirectory()
    let lists = Self.many()
    #expect(try Self.write(lists, to: directory.file("a")) == WrittenFile(count: 38_000))
    let text = try Self.lines(RecordListing(path: directory.file("a"), form: .sums), in: directory).joined()
    let sums = try Self.object(text)
    for role in Role.allCases {
      let ends = lists.flatMap { $0 }.filter { $0.role == role }
      let found = try #require(sums["\(role)"] as? [String: Any])
      #expect(found["records"] as? Int == ends.count)
      #expect(found["joined"] as? Int == 18_000)
      #expect(found["unjoined"] as? Int == ends.count - 18_000)
      #expect(found["payload_packets_sent"] as? Int == ends.reduce(0) { $0 + Int($1.course.packetsSent) })
      #expect(found["payload_packets_received"] as? Int == ends.reduce(0) { $0 + Int($1.course.packetsReceived) })
      #expect(found["payload_bytes_sent"] as? Int == ends.reduce(0) { $0 + Int($1.course.bytesSent) })
      #expect(found["payload_bytes_received"] as? Int == ends.reduce(0) { $0 + Int($1.course.bytesReceived) })
      #expect(found["retransmissions"] as? Int == ends.reduce(0) { $0 + Int($1.course.retransmissions) })
      let outcomes = try #require(found["outcomes"] as? [String: Int])
      #expect(outcomes == Dictionary(uniqueKeysWithValues: Outcome.allCases.map { o in (o.key, ends.count { $0.outcome == o }) }))
    }
  }

  @Test func onlyTheFailedAndOnlySoMany() throws {
    let directory = try TestDirectory()
    try Self.write(Self.many(), to: directory.file("a"))
    let path = directory.file("a")
    #expect(try Self.lines(RecordListing(path: path), in: directory).count == 1 + 20_000)
    let failed = try Self.lines(RecordListing(path: path, onlyFailed: true), in: directory)
    #expect(failed.count == 1 + 2_000)
    #expect(failed.dropFirst().allSatisfy { $0.contains(",syn_timeout,") })
    #expect(try Self.lines(RecordListing(path: path, limit: 5), in: directory).count == 1 + 5)
    #expect(try Self.lines(RecordListing(path: path, onlyFailed: true, limit: 7), in: directory).count == 1 + 7)
    #expect(try Self.lines(RecordListing(path: path, limit: 0), in: directory).count == 1)
  }

  @Test func aReaderThatLeavesEndsIt() throws {
    signal(SIGPIPE, SIG_IGN)
    let directory = try TestDirectory()
    try Self.write(Self.many(), to: directory.file("a"))
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    #expect(try RecordListing(path: directory.file("a")).print(EndRecords.self, to: ends[1]) == .readerGone)
    close(ends[1])
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    guard case .outputFailed = try RecordListing(path: directory.file("a")).print(EndRecords.self, to: full) else {
      Issue.record("a full disk was not noticed")
      return
    }
  }

  @Test func flags() throws {
    let command = try #require(try RecordsCommand.parseAsRoot(["a", "--format", "jsonl", "--failed", "--limit", "3"]) as? RecordsCommand)
    #expect(
      command.options.file == "a" && command.options.format == .jsonl && command.options.failed && command.options.limit == 3
        && !command.options.sum)
    for words in [[], ["a", "--format", "xml"], ["a", "--limit", "-1"], ["a", "--limit", "x"], ["a", "b"]] {
      #expect(throws: (any Error).self) { try RecordsCommand.parseAsRoot(words) }
    }
  }
}

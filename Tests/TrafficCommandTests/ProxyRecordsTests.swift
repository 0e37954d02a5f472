import TCPEngine
import Testing

@testable import TrafficCommand

/// What is printed of a proxy's records.
@Suite struct ProxyRecordsTests {
  private static func record(_ port: UInt16) -> ProxyRecord {
    let key = FlowKey(
      source: IPv4Address(0x0a01_0002), sourcePort: port, destination: IPv4Address(0x0a01_0001), destinationPort: 80)
    var record = ProxyRecord(client: key, initial: SequenceNumber(7), opened: 1_000, worker: 1)
    record.entered(.request, at: 1_500)
    return record
  }

  /// Tried twice, in the end with the second target.
  private static var whole: ProxyRecord {
    var record = record(40_000)
    record.entered(.connecting, at: 2_000)
    record.entered(.connecting, at: 2_500)
    record.entered(.delivering, at: 3_000)
    record.entered(.spliced, at: 4_000)
    record.entered(.closing, at: 5_000)
    record.entered(.over, at: 6_000)
    (record.rule, record.group, record.target, record.tries, record.outcome) = (2, 1, 3, 2, .completed)
    (record.bytesToServer, record.bytesToClient, record.segmentsToServer, record.segmentsToClient) = (5, 60, 1, 4)
    (record.repeatedByClient, record.repeatedByServer) = (0, 9)
    (record.sourceAddress, record.sourcePort) = (IPv4Address(0x0a02_00fe), 1_024)
    (record.serverAddress, record.serverPort) = (IPv4Address(0x0a02_0004), 4_000)
    (record.proxyInitial, record.serverInitial) = (SequenceNumber(8), SequenceNumber(9))
    return record
  }

  private static var refused: ProxyRecord {
    var record = record(40_001)
    record.entered(.over, at: 1_600)
    record.outcome = .requestRefused
    return record
  }

  private static func printed(_ form: RecordListing.Form, onlyFailed: Bool = false) throws -> String {
    let directory = try TestDirectory()
    let channel = UnsafeMutablePointer<RecordChannel<ProxyRecord>>.allocate(capacity: 1)
    channel.initialize(to: RecordChannel(capacity: 64))
    defer {
      channel.deinitialize(count: 1)
      channel.deallocate()
    }
    for record in [whole, refused] {
      let taken = channel.pointee.queue.push(record)
      #expect(taken)
    }
    let path = directory.file("p")
    let writer = try RecordWriter(
      path: path, channels: [UnsafePointer(channel)], ticksPerSecond: 1e9, startTicks: 0, startNanoseconds: 0)
    writer.start()
    #expect(writer.finish() == WrittenFile(count: 2))
    let (text, end) = try directory.output {
      try RecordListing(path: path, form: form, onlyFailed: onlyFailed).print(ProxyRecords.self, to: $0)
    }
    #expect(end == .complete(RecordListing.Shortfall()))
    // A generator's are of another kind.
    let error = #expect(throws: OutputError.self) { try RecordListing(path: path).print(EndRecords.self, to: -1) }
    #expect(error?.description.contains("this is not a file of connection records") == true)
    return text
  }

  @Test func asCSV() throws {
    let lines = try Self.printed(.csv).split(separator: "\r\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("client_address,client_port,listen_address,"))
    #expect(lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 26 })
    let steps = "request@500>connecting@1000>delivering@2000>spliced@3000>closing@4000>over@5000"
    let first = "10.1.0.2,40000,10.1.0.1,80,10.2.0.254,1024,10.2.0.4,4000,1000,completed,\(steps),2,1,3,2,1000,1,5,4,60,0,9,7,8,9,1"
    #expect(String(lines[1]) == first)
    #expect(String(lines[2]) == "10.1.0.2,40001,10.1.0.1,80,,,,,1000,request_refused,request@500>over@600,,,,0,,0,0,0,0,0,0,7,0,0,1")
  }

  @Test func asJSONLines() throws {
    let text = try Self.printed(.jsonLines, onlyFailed: true)
    let wanted = """
      {"client":{"address":"10.1.0.2","port":40001},"listen":{"address":"10.1.0.1","port":80},"source":null,"server":null,\
      "opened_ns":1000,"outcome":"request_refused","steps":[{"step":"request","at_ns":500},{"step":"over","at_ns":600}],\
      "rule":null,"group":null,"target":null,"tries":0,"binding_ns":null,"segments_to_server":0,"bytes_to_server":0,\
      "segments_to_client":0,"bytes_to_client":0,"repeated_by_client":0,"repeated_by_server":0,"client_initial":7,\
      "proxy_initial":0,"server_initial":0,"worker":1}

      """
    #expect(text == wanted)
  }

  @Test func sums() throws {
    let text = try Self.printed(.sums)
    for line in ["\"records\": 2,", "\"tries\": 2,", "\"bytes_to_client\": 60,", "\"repeated_by_server\": 9,", "\"request_refused\": 1,"] {
      #expect(text.contains(line))
    }
  }
}

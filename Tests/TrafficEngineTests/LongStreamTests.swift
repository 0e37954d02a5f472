import Testing

@testable import TCPEngine

/// Streams of more octets than there are sequence numbers: a receiver may be given them in other pieces than they were written in.
@Suite struct LongStreamTests {
  private let link = WorkerLink()
  private let workload = ExchangeWorkload(settings(1) { $0.engine.payloadSize = 1_000_000 }.engine)

  /// A connection's end as the workload sees it, to ask it something.
  private func asking<T>(_ role: Role, _ question: (WorkloadView) -> T) -> T {
    let moment = Moment(milliseconds: 0, microseconds: 0)
    let key = FlowKey(source: IPv4Address("10.0.0.1")!, sourcePort: 80, destination: IPv4Address("10.0.0.2")!, destinationPort: 50_000)
    var times = Companion()
    var connection = Connection.open(
      key, initial: SequenceNumber(77), peer: role == .server ? Connection.serverBit : 0, &times, now: moment)
    // A payload that is not answered yet: answers may come.
    connection.sendNext = connection.initialSend + 1_000_001
    return withUnsafePointer(to: &connection) {
      question(WorkloadView($0, now: 0, milliseconds: 0, statistics: link.statistics))
    }
  }

  /// What is sent again may begin in one request and end in another, of any length.
  @Test(arguments: [0, 5, 300]) func requestsFollowOneAnotherWhenTheyAreSentAgain(body: Int) {
    let settings = settings(1) {
      $0.engine.workload = .http
      $0.http.method = "POST"
      $0.http.requestBodySize = body
      $0.http.requests = 4
    }
    let workload = HTTPWorkload(settings)
    var state = asking(.client) { workload.begin($0) }
    func written(_ offset: UInt32, _ count: Int) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
        asking(.client) { workload.write($0, state, offset: offset, into: buffer.baseAddress!, count: count) }
        length = count
      }
    }
    // As each request is first sent.
    var stream: [UInt8] = []
    for request in 1...4 as ClosedRange<UInt32> {
      state.start = UInt32(stream.count)
      state.made = request
      state.isLast = request == 4
      let text = written(state.start, 1_000)
      let end = text.indices.dropLast(3).first { Array(text[$0..<$0 + 4]) == Array("\r\n\r\n".utf8) }! + 4 + body
      stream += text[..<end]
    }
    for start in stride(from: 0, to: stream.count - 1, by: 7) {
      let count = min(700, stream.count - start)
      #expect(written(UInt32(start), count) == Array(stream[start..<start + count]), "from \(start)")
    }
  }

  /// Octets that an end writes in one piece.
  private func written(_ role: Role, _ state: ExchangeWorkload.State, _ offset: UInt32, _ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
      asking(role) { workload.write($0, state, offset: offset, into: buffer.baseAddress!, count: count) }
      length = count
    }
  }

  private func takes(_ role: Role, _ state: inout ExchangeWorkload.State, _ offset: UInt32, _ octets: ArraySlice<UInt8>) -> Bool {
    octets.withUnsafeBytes { bytes in
      asking(role) { workload.receive($0, &state, offset: offset, bytes: bytes.baseAddress!, count: bytes.count) } == nil
    }
  }

  @Test(arguments: [1_000, 1_001, 1_448, 1_460], [8, 16, 31, 536, 4_000])
  func octetsBehindTheLastNumberAreThoseOfTheFirst(written: Int, read: Int) {
    let client = asking(.client) { workload.begin($0) }
    var server = asking(.server) { workload.begin($0) }
    #expect(takes(.server, &server, 0, self.written(.client, client, 0, 16)[...]))
    #expect(server.key == client.key && client.key != 0)
    // From the client with its id in the first octets, and the server's own; 2^32 lies where the first piece of some ends, and inside of others.
    for (sender, receiver) in [(Role.client, Role.server), (.server, .client)] {
      for first in [0 &- UInt32(written), 0 &- UInt32(written) &- 8, 0 &- 1_024, 0 &- 1_001] as [UInt32] {
        let count = 4 * written
        let pieces = (0..<4).map { self.written(sender, client, first &+ UInt32($0 * written), written) }
        let stream = pieces.flatMap { $0 }
        var state = sender == .client ? server : client
        for start in stride(from: 0, to: count, by: read) {
          let piece = stream[start..<min(start + read, count)]
          #expect(takes(receiver, &state, first &+ UInt32(start), piece), "\(sender), from \(first), \(start)")
        }
        #expect(state.key == client.key)
        var damaged = stream
        damaged[count - 3] ^= 4
        #expect(!takes(receiver, &state, first, damaged[...]))
      }
    }
  }
}

import Testing

@testable import TCPEngine

typealias HTTPSimulation = WorkloadSimulation<HTTPWorkload>

/// Clients and servers of HTTP over one engine, or over two.
@Suite struct HTTPTests {
  static func settings(_ connections: Int, _ change: (inout TrafficSettings) -> Void = { _ in }) -> TrafficSettings {
    TrafficEngineTests.settings(connections) {
      $0.engine.workload = .http
      $0.engine.port = 80
      $0.targets[0].port = 80
      change(&$0)
    }
  }

  static func run(
    _ connections: Int, seed: UInt64 = 1, apart: Bool = false, _ change: (inout TrafficSettings) -> Void = { _ in }
  ) -> HTTPSimulation {
    HTTPSimulation(settings(connections, change), seed: seed, apart: apart, makeWorkload: HTTPWorkload.init)
  }

  static func expect(
    _ run: HTTPSimulation, requests: Int, body: Int, _ location: SourceLocation = #_sourceLocation
  ) {
    run.expectAllCompleted(location)
    let (client, server) = (run.clientStatistics, run.serverStatistics)
    #expect(client[.requestsSent] == UInt64(requests) && client[.responsesReceived] == UInt64(requests), sourceLocation: location)
    #expect(server[.requestsReceived] == UInt64(requests) && server[.badRequests] == 0, sourceLocation: location)
    #expect(client.responses(status: 200) == UInt64(requests), sourceLocation: location)
    #expect(client[.responseBytesReceived] == UInt64(requests * body), sourceLocation: location)
  }

  @Test(arguments: [false, true]) func aRequestAConnection(apart: Bool) {
    let run = Self.run(200, apart: apart).complete()
    Self.expect(run, requests: 200, body: 1_024)
    #expect(run.clientStatistics[.client, .finActiveReceived] == 200, "the server closes behind its answer")
    let sent = apart ? run.clientStatistics[.framesSent] + run.serverStatistics[.framesSent] : run.clientStatistics[.framesSent]
    #expect(sent == 200 * 7)
  }

  @Test func manyRequestsAConnection() {
    let run = Self.run(50) { $0.http.requests = 20 }.complete()
    Self.expect(run, requests: 1_000, body: 1_024)
    let measured = (0..<LogarithmicBuckets.count).reduce(0) { $0 + run.clientStatistics.histogram(.request, bucket: $1) }
    #expect(measured == 1_000)
  }

  static let shapes: [(body: Int, chunk: Int, request: Int)] = [
    (0, 0, 0), (1, 0, 1), (0, 5, 0), (10_000, 0, 3_000), (10_000, 1, 0), (10_000, 1_000, 17), (100_000, 4_096, 100_000), (99, 100, 9_999),
  ]

  @Test(arguments: shapes) func bodies(_ shape: (body: Int, chunk: Int, request: Int)) {
    let run = Self.run(10) {
      $0.http.requests = 3
      $0.http.method = shape.request > 0 ? "POST" : "GET"
      $0.http.bodySize = shape.body
      $0.http.chunkSize = shape.chunk
      $0.http.requestBodySize = shape.request
    }.complete()
    Self.expect(run, requests: 30, body: shape.body)
    #expect(run.serverStatistics[.requestBytesReceived] == UInt64(30 * shape.request))
  }

  @Test func headHasNoBody() {
    let run = Self.run(10) {
      $0.http.method = "HEAD"
      $0.http.requests = 4
    }.complete()
    Self.expect(run, requests: 40, body: 0)
  }

  @Test func anotherMethodIsRefused() {
    let run = Self.run(10) {
      $0.http.method = "DELETE"
      $0.http.requests = 4
    }.complete()
    run.expectAllCompleted()
    #expect(run.clientStatistics.responses(status: 501) == 10 && run.serverStatistics[.badRequests] == 10)
    #expect(run.clientStatistics[.requestsSent] == 10, "the server closes behind it")
  }

  @Test(arguments: FaultTests.faults, 1...6 as ClosedRange<UInt64>) func everyOctetUnderFaults(_ faults: Faults, seed: UInt64) {
    let run = Self.run(60, seed: seed) {
      $0.faults = faults
      $0.engine.timeWaitPool = 4_096
      $0.http.requests = 5
      $0.http.method = "POST"
      $0.http.bodySize = 6_007
      $0.http.chunkSize = seed % 2 == 0 ? 0 : 333
      $0.http.requestBodySize = 1_999
    }.complete()
    let client = run.clientStatistics
    #expect(client[.client, .completed] == 60, "\(run.outcomes)")
    for outcome in [Outcome.messageMalformed, .messageIncomplete, .payloadMismatch, .localResources] {
      #expect(client[.client, outcome] == 0 && client[.server, outcome] == 0, "\(run.outcomes)")
    }
    #expect(client[.requestsSent] == 300 && client[.responsesReceived] == 300 && client.responses(status: 200) == 300)
    #expect(client[.responseBytesReceived] == 300 * 6_007 && client[.requestBytesReceived] == 300 * 1_999)
  }

  @Test func thinkTimePassesBetweenRequests() {
    let run = Self.run(8) {
      $0.http.requests = 5
      $0.engine.thinkTime = 50
    }.complete()
    Self.expect(run, requests: 40, body: 1_024)
    #expect((200...230).contains(run.now / 1_000_000), "four pauses of 50 ms: \(run.now) ns")
  }

  @Test func aLongThinkTimeIsWokenUp() {
    let run = Self.run(3) {
      $0.http.requests = 3
      $0.engine.thinkTime = 30_000
    }.complete()
    Self.expect(run, requests: 9, body: 1_024)
    #expect((60_000...60_300).contains(run.now / 1_000_000), "\(run.now) ns")
  }

  /// What was asked is answered before the run closes.
  @Test(arguments: [false, true]) func closingRun(apart: Bool) {
    for turns in [0, 40, 41, 42, 43, 44, 45, 300] {
      let run = Self.run(64, apart: apart) {
        $0.http.requests = 0
        $0.http.bodySize = 20_000
      }
      run.run { run.clientStatistics[.requestsSent] >= 64 }
      run.turns(turns)
      for station in run.stations { station.link.send(.closeAll) }
      run.complete()
      let (client, server) = (run.clientStatistics, run.serverStatistics)
      if !apart {
        run.expectAllCompleted()
        #expect(client[.requestsSent] == client[.responsesReceived] && client[.requestsSent] == server[.requestsReceived])
      } else {
        // A server of others closes what is idle; a request that is on its way then finds it closed.
        #expect(
          client[.client, .completed] + client[.client, .messageIncomplete] + client[.client, .resetInEstablished] == 64, "\(run.outcomes)")
      }
    }
  }

  /// A server whose run ends while its clients' goes on: who is idle gets its FIN, also behind an answer that was on its way, and who asks on is
  /// told that the next answer is the last.
  @Test(arguments: [0, 20_000], [100, 20_000]) func closingServer(thinkTime: Int, body: Int) {
    // From some turns on all have asked something.
    for turns in 10..<60 {
      let run = Self.run(64, apart: true) {
        $0.http.requests = 0
        $0.http.bodySize = body
        $0.engine.thinkTime = thinkTime
      }
      run.run { run.serverStatistics.attempts(.server) == 64 && run.serverStatistics[.requestsReceived] >= 64 }
      run.turns(turns)
      let asked = run.serverStatistics[.requestsReceived]
      run.server.link.send(.closeAll)
      run.run(until: run.now / 1_000_000 + 500)
      #expect(run.server.open(.server) == 0 && run.serverStatistics[.server, .completed] == 64, "\(turns) \(run.outcomes)")
      #expect(run.serverStatistics[.requestsReceived] <= asked + 64)
      // A request may meet the FIN on its way.
      let client = run.clientStatistics
      #expect(client[.client, .completed] + client[.client, .messageIncomplete] + client[.client, .resetInEstablished] == 64)
      #expect(thinkTime == 0 || client[.client, .completed] == 64, "\(turns) \(run.outcomes)")
      run.leave()
    }
  }

  /// A server that says nothing of HTTP.
  @Test func theOtherEndIsNoServer() {
    let settings = Self.settings(5)
    let run = WorkloadSimulation<ForeignWorkload>(settings, makeWorkload: { ForeignWorkload(http: HTTPWorkload($0), answer: .ssh) })
      .complete()
    #expect(run.clientStatistics[.client, .messageMalformed] == 5, "\(run.outcomes)")
    #expect(run.clientStatistics[.client, .rstSent] == 5)
  }

  @Test func aResponseThatIsCutShort() {
    let settings = Self.settings(5) { $0.engine.verifyPayload = false }
    let run = WorkloadSimulation<ForeignWorkload>(settings, makeWorkload: { ForeignWorkload(http: HTTPWorkload($0), answer: .short) })
      .complete()
    #expect(run.clientStatistics[.client, .messageIncomplete] == 5, "\(run.outcomes)")
    #expect(run.clientStatistics[.responsesReceived] == 0)
  }

  @Test func aResponseThatEndsWithTheConnection() {
    let settings = Self.settings(5) {
      $0.engine.verifyPayload = false
      $0.http.requests = 9
    }
    let run = WorkloadSimulation<ForeignWorkload>(settings, makeWorkload: { ForeignWorkload(http: HTTPWorkload($0), answer: .closed) })
      .complete()
    #expect(run.clientStatistics[.client, .completed] == 5, "\(run.outcomes)")
    #expect(run.clientStatistics.responses(status: 200) == 5 && run.clientStatistics[.responseBytesReceived] == 5 * 4)
  }

  @Test func octetsNobodyAskedFor() {
    let settings = Self.settings(5) { $0.http.requests = 9 }
    let run = WorkloadSimulation<ForeignWorkload>(settings, makeWorkload: { ForeignWorkload(http: HTTPWorkload($0), answer: .twice) })
      .complete()
    #expect(run.clientStatistics[.client, .messageMalformed] == 5, "\(run.outcomes)")
  }
}

/// Clients of HTTP before a server that answers the first octets with a fixed text, and closes.
struct ForeignWorkload: Workload {
  enum Answer: BitwiseCopyable {
    case ssh
    case short
    case closed
    case twice
  }

  var http: HTTPWorkload
  var answer: Answer

  var text: StaticString {
    switch answer {
    case .ssh: "SSH-2.0-OpenSSH_9.2\r\n"
    case .short: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
    case .closed: "HTTP/1.1 200 OK\r\n\r\nbody"
    case .twice: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    }
  }

  func begin(_ view: WorkloadView) -> HTTPWorkload.State { http.begin(view) }

  func progress(_ view: WorkloadView, _ state: inout HTTPWorkload.State) -> StreamProgress {
    if view.role == .client { return http.progress(view, &state) }
    return view.received == 0 ? StreamProgress(end: 0, finish: false) : StreamProgress(end: UInt32(text.utf8CodeUnitCount), finish: true)
  }

  func write(_ view: WorkloadView, _ state: HTTPWorkload.State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    if view.role == .client { return http.write(view, state, offset: offset, into: bytes, count: count) }
    for index in 0..<count { bytes.store(text.utf8Start[Int(offset) + index], at: index) }
  }

  func receive(
    _ view: WorkloadView, _ state: inout HTTPWorkload.State, offset: UInt32, bytes: UnsafeRawPointer, count: Int
  ) -> Outcome? {
    view.role == .client ? http.receive(view, &state, offset: offset, bytes: bytes, count: count) : nil
  }

  func peerClosed(_ view: WorkloadView, _ state: inout HTTPWorkload.State) -> Outcome? {
    view.role == .client ? http.peerClosed(view, &state) : nil
  }

  func identifier(_ view: WorkloadView, _ state: HTTPWorkload.State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64 { 0 }
}

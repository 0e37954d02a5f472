import Testing

@testable import TCPEngine

/// Rules whose connections end with the first response: the server is asked to close.
@Suite struct CloseAfterResponseTests {
  private static func rules() -> RuleSet {
    do {
      return try RuleSet([
        RuleSettings(match: .http(method: nil, host: "a", path: nil), verdict: .group(0), closesAfterResponse: true),
        RuleSettings(match: .any, verdict: .group(0)),
      ])
    } catch {
      preconditionFailure("\(error)")
    }
  }

  private func script(servers: Int = 1, buffers: Int = 512) -> Script<RuleSet, NoInspector> {
    let script = Script(Self.rules(), NoInspector(), servers: servers, buffers: buffers)
    script.handshake()
    return script
  }

  /// What the server gets of a request that is sent in one segment.
  private func delivered(_ request: String, _ expected: String, at location: SourceLocation = #_sourceLocation) {
    let script = script()
    script.fromClient(.pshAck, request)
    if expected != request { script.toClient(.ack, at: location) }
    script.accept(at: location)
    script.toServer(.pshAck, expected, seq: 1_001, at: location)
    let answer = 1_001 + UInt32(expected.utf8.count)
    script.fromServer(.finPshAck, "done", ack: answer)
    script.toClient(.finPshAck, "done", at: location)
    script.fromClient(.finAck)
    script.toServer(.finAck, seq: answer, ack: script.server.next, at: location)
    script.fromServer(.ack, ack: answer + 1)
    script.toClient(.ack, at: location)
    script.ended(.completed)
    script.finish()
  }

  @Test func aLineIsAdded() {
    delivered(
      "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\nX: y\r\n\r\n")
    delivered("GET http://a HTTP/1.1\r\n\r\n", "GET http://a HTTP/1.1\r\nConnection: close\r\n\r\n")
  }

  @Test func orItsValueIsReplaced() {
    delivered(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX: y\r\n\r\nbody",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: y\r\n\r\nbody")
    delivered(
      "GET / HTTP/1.1\r\nHost: a\r\nconnection:\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n")
    // As long as what takes its place: the client's own must still not pass for it.
    delivered(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection:     ,\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection:  close\r\n\r\n")
  }

  @Test func orAnOptionIsAddedToThoseThatAreNeeded() {
    delivered(
      "GET / HTTP/1.1\r\nTE: trailers\r\nConnection: TE\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nTE: trailers\r\nConnection: TE, close\r\nHost: a\r\n\r\n")
    delivered(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-a\t\n\nbody",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-a\t, close\n\nbody")
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "{ \"no\": 1 }",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, close\r\n\r\n",
    // WebSocket (RFC 6455 4.1): a server without the option would answer 400.
    "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
  ])
  func whatClosesOrUpgradesOrIsAnotherRulesIsLeftAlone(_ request: String) { delivered(request, request) }

  @Test func theHeadIsWaitedForHoweverItIsCut() {
    let request = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX: yz\r\n\r\nrest".utf8)
    let expected = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: yz\r\n\r\nrest"
    let end = request.count - 4
    for cut in 1..<end {
      let script = script()
      script.fromClient(.pshAck, payload: Array(request[..<cut]))
      script.toClient(.ack)
      script.fromClient(.pshAck, payload: Array(request[cut...]))
      script.toClient(.ack)
      script.accept()
      script.toServer(.pshAck, expected, seq: 1_001)
      // Sent again, it is not what the server gets.
      script.fromClient(.pshAck, payload: Array(request[cut...]), seq: 1_001 + UInt32(cut))
      script.toClient(.ack)
      script.fromServer(.ack, ack: 1_001 + UInt32(expected.utf8.count))
      script.toClient(.ack)
      script.finish()
    }
  }

  /// The field lies in, or across, packets that are full.
  @Test func longHeadsAreCutAnywhere() {
    for filling in stride(from: 1_300, through: 1_460, by: 7) {
      let head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: filling) + "\r\n"
      let request = Array((head + "Connection: keep-alive\r\nY: " + String(repeating: "y", count: 1_400) + "\r\n\r\n").utf8)
      let expected = Array((head + "Connection: close\r\nY: " + String(repeating: "y", count: 1_400) + "\r\n\r\n").utf8)
      let script = script()
      var sent = 0
      while sent < request.count {
        let part = min(1_460, request.count - sent)
        script.fromClient(.ack, payload: Array(request[sent..<sent + part]))
        sent += part
        script.toClient(.ack)
      }
      script.accept(window: 65_535)
      var received: [UInt8] = []
      for segment in script.takeSent().servers { received += segment.payload }
      #expect(received == expected, "\(filling)")
      script.fromServer(.ack, ack: 1_001 + UInt32(expected.count))
      script.toClient(.ack)
      script.finish()
    }
  }

  @Test func aFullPacketGetsALineBehindItsFirst() {
    let first = "GET / HTTP/1.1\r\n"
    let rest = "Host: a\r\nX: " + String(repeating: "x", count: 1_420) + "\r\n\r\n"
    let script = script()
    script.fromClient(.ack, first + rest)
    script.toClient(.ack)
    script.accept(window: 65_535)
    #expect(script.takeSent().servers.map(\.text).joined() == first + "Connection: close\r\n" + rest)
    script.fromServer(.ack, ack: 1_001 + UInt32((first + rest).utf8.count) + 19)
    script.toClient(.ack)
    script.finish()
  }

  @Test func anotherServerGetsTheSame() {
    let script = script(servers: 2)
    script.fromClient(.pshAck, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    script.toClient(.ack)
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    script.accept(server: 1)
    script.toServer(.pshAck, "GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n", seq: 1_001, ack: script.servers[1].next, server: 1)
    script.fromServer(.ack, ack: 1_001 + 46, server: 1)
    script.toClient(.ack)
    script.finish()
  }

  @Test func onlyHTTPCanBeAskedTo() {
    for (match, verdict, problem) in [
      (RuleSettings.Match.any, RuleSettings.Verdict.group(0), "only an HTTP server can be asked to close after its response"),
      (.http(method: nil, host: nil, path: nil), .reset, "there is no response to close after, as it resets"),
    ] {
      #expect(throws: RuleError(rule: 1, text: problem)) {
        try RuleSet([RuleSettings(match: match, verdict: verdict, closesAfterResponse: true)])
      }
    }
  }
}

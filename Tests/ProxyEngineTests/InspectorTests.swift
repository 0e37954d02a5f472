import Testing

@testable import TCPEngine

/// Inserts a line behind the first of a request, or takes out a part of it; counts what it sees.
struct Inserter: PayloadInspector {
  var line = StaticString("X: y\n")
  var shrinks = false

  func begin(target: UInt16) -> Int { 0 }

  func replaceRequest(_ request: InspectedPayload, at place: UnsafeMutableRawPointer, room: Int) -> Int? {
    if shrinks {
      place.copyMemory(from: request.bytes + 3, byteCount: request.count - 3)
      return request.count - 3
    }
    var end = 0
    while end < request.count, UnsafeRawPointer(request.bytes).octet(end) != 10 { end += 1 }
    guard end < request.count, request.count + line.utf8CodeUnitCount <= room else { return nil }
    end += 1
    place.copyMemory(from: request.bytes, byteCount: end)
    (place + end).copyMemory(from: line.utf8Start, byteCount: line.utf8CodeUnitCount)
    (place + end + line.utf8CodeUnitCount).copyMemory(from: request.bytes + end, byteCount: request.count - end)
    return request.count + line.utf8CodeUnitCount
  }

  func fromClient(_ payload: InspectedPayload, _ state: inout Int) -> InspectionVerdict { .pass }
  func fromServer(_ payload: InspectedPayload, _ state: inout Int) -> InspectionVerdict { .pass }
}

/// Turns a request round.
struct Swapper: PayloadInspector {
  func begin(target: UInt16) {}
  func replaceRequest(_ request: InspectedPayload, at place: UnsafeMutableRawPointer, room: Int) -> Int? {
    for index in 0..<request.count { place.store(UnsafeRawPointer(request.bytes).octet(request.count - 1 - index), at: index) }
    return request.count
  }
  func fromClient(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { .pass }
  func fromServer(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { .pass }
}

/// To the first group once there is so much.
struct FirstWhenWhole: BindingRule {
  let count: Int

  func decide(_ request: FirstRequest) -> BindingDecision {
    request.count >= count || request.isWhole ? .group(0, key: 0, rule: 0) : .needMore
  }
}

/// Makes capitals, and ends where there is an exclamation mark.
struct Capitals: PayloadInspector {
  func begin(target: UInt16) {}

  private func look(_ payload: InspectedPayload) -> InspectionVerdict {
    for place in 0..<payload.count {
      let octet = UnsafeRawPointer(payload.bytes).octet(place)
      if octet == 33 { return .end }
      if octet >= 97, octet <= 122 { payload.bytes.store(octet - 32, at: place) }
    }
    return .changed
  }

  func fromClient(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { look(payload) }
  func fromServer(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { look(payload) }
}

/// Writes each octet's place in its stream there.
struct Places: PayloadInspector {
  func begin(target: UInt16) {}

  private func number(_ payload: InspectedPayload) -> InspectionVerdict {
    for place in 0..<payload.count { payload.bytes.store(UInt8(48 + (payload.offset &+ UInt32(place)) % 10), at: place) }
    return .changed
  }

  func fromClient(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { number(payload) }
  func fromServer(_ payload: InspectedPayload, _ state: inout Void) -> InspectionVerdict { number(payload) }
}

@Suite struct InspectorTests {
  /// What has been counted as completed is not counted again.
  @Test func aClosedConnectionEndsOnce() {
    let script = Script(FirstGroup(), Capitals())
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "HELLO", seq: 1_001)
    script.close()
    script.ended(.completed)
    script.fromClient(.pshAck, "x!")
    script.ended(.completed)
    script.ended(.endedByInspector, 0)
    #expect(script.proxy.engine.open == 0)
    script.pass(20_000, step: 100)
    script.finish()
  }

  @Test func everySegmentIsSeenTheHeldOnesToo() {
    let script = Script(FirstGroup(), Capitals())
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "HELLO", seq: 1_001)
    script.pass(1_100)
    script.toServer(.pshAck, "HELLO", seq: 1_001)
    script.fromServer(.pshAck, "odd")
    script.toClient(.pshAck, "ODD")
    script.fromClient(.pshAck, "even")
    script.toServer(.pshAck, "EVEN")
    script.fromClient(.pshAck, "end!")
    script.toClient(.rstAck, ack: 1_006)
    script.toServer(.rstAck, seq: script.client.next)
    script.ended(.endedByInspector)
    script.finish()
  }

  @Test func aHeldRequestMayEndIt() {
    let script = Script(FirstGroup(), Capitals())
    script.handshake()
    script.fromClient(.pshAck, "no!")
    script.accept()
    script.toClient(.rstAck, ack: 1_001)
    script.toServer(.rstAck)
    script.ended(.endedByInspector)
    script.finish()
  }

  private func inserted(_ servers: Int = 1) -> Script<FirstGroup, Inserter> {
    let script = Script(FirstGroup(), Inserter(), servers: servers)
    script.handshake()
    script.fromClient(.pshAck, "GET /\nH: z\n\n")
    // The proxy owns it from here on.
    script.toClient(.ack)
    return script
  }

  private let request = "GET /\nX: y\nH: z\n\n"

  @Test func aLineIsInserted() {
    let script = inserted()
    script.accept()
    script.toServer(.pshAck, request, seq: 1_001)
    // The client has not heard that it was taken; never do its own octets reach the server.
    script.fromClient(.pshAck, "GET /\nH: z\n\n", seq: 1_001)
    script.toClient(.ack)
    script.pass(1_100)
    script.toServer(.pshAck, request, seq: 1_001)
    // What the server acknowledges of the inserted octets is nothing to the client.
    script.fromServer(.ack, ack: 1_010)
    script.quiet()
    script.fromServer(.pshAck, "answer", ack: 1_018)
    script.toClient(.pshAck, "answer", ack: 1_013)
    script.fromClient(.pshAck, "GET /2\n")
    script.toServer(.pshAck, "GET /2\n", seq: 1_018, ack: script.server.next)
    script.fromServer(.ack, ack: 1_025, options: [1, 1] + OptionOctets.blocks(1_030, 1_040))
    #expect(script.toClient(.ack, ack: 1_020).edges == [1_025, 1_035])
    // Late, and mixed with what is new.
    script.fromClient(.pshAck, "z\n\nGET /2\n", seq: 1_010)
    script.toClient(.ack, ack: 1_020)
    script.fromClient(.finAck)
    script.toServer(.finAck, seq: 1_025, ack: script.server.next)
    script.fromServer(.finAck, ack: 1_026)
    script.toClient(.finAck, ack: 1_021)
    script.fromClient(.ack)
    script.toServer(.ack, seq: 1_026, ack: script.server.next)
    script.ended(.completed)
    script.finish()
  }

  /// As long as it was: the client's own must not pass for it.
  @Test func aRequestMayBeReplacedByOneAsLong() {
    let script = Script(FirstGroup(), Swapper())
    script.handshake()
    script.fromClient(.pshAck, "left right")
    script.toClient(.ack)
    script.accept()
    script.toServer(.pshAck, "thgir tfel", seq: 1_001)
    script.fromClient(.pshAck, "left right", seq: 1_001)
    script.toClient(.ack)
    script.fromClient(.pshAck, "more")
    script.toServer(.pshAck, "more")
    script.fromServer(.ack)
    script.toClient(.ack)
    script.finish()
  }

  /// A request as long as may be, which both the rule and the inspector change.
  @Test func theLongestRequestIsMadeLongerTwice() throws {
    let rules = try RuleSet([
      RuleSettings(match: .http(method: nil, host: nil, path: nil), verdict: .group(0), closesAfterResponse: true)
    ])
    let script = Script(rules, Inserter()) { $0.parameters.requestLimit = 4_096 }
    script.handshake()
    let head = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 4_096 - 23) + "\r\n\r\n"
    let request = Array(head.utf8.prefix(4_092)) + Array("\r\n\r\n".utf8)
    #expect(request.count == 4_096)
    var sent = 0
    while sent < request.count {
      let part = min(1_460, request.count - sent)
      script.fromClient(.ack, payload: Array(request[sent..<sent + part]))
      sent += part
      script.ignoreSentToClient()
    }
    script.accept(window: 65_535)
    let text = script.takeSent().servers.map(\.text).joined()
    #expect(text.hasPrefix("GET / HTTP/1.1\r\nX: y\nConnection: close\r\nX: xxx"))
    #expect(text.utf8.count == 4_096 + 19 + 5)
    script.fromServer(.ack, ack: 1_001 + 4_096 + 24)
    script.ignoreSentToClient()
    script.finish()
  }

  /// More than a packet holds, before and after.
  @Test(arguments: [1_400, 2_000, 5_000, 16_000]) func longRequestsAreReplaced(_ length: Int) {
    let script = Script(FirstWhenWhole(count: length), Inserter()) { $0.parameters.requestLimit = 16_384 }
    script.handshake()
    let request = "GET /\n" + String(repeating: "abcdefg", count: length / 7 + 1).prefix(length - 7) + "\n"
    var sent = 0
    while sent < length {
      let part = min(1_460, length - sent)
      script.fromClient(.ack, payload: Array(Array(request.utf8)[sent..<sent + part]))
      script.toClient(.ack)
      sent += part
    }
    script.accept(window: 65_535)
    let expected = "GET /\nX: y\n" + request.dropFirst(6)
    #expect(script.takeSent().servers.map(\.text).joined() == expected)
    script.fromServer(.ack, ack: 1_001 + UInt32(expected.utf8.count))
    script.toClient(.ack)
    script.finish()
  }

  @Test func itIsKeptForAnotherServer() {
    let script = inserted(2)
    script.toServer(.syn)
    script.fromServer(.rstAck, seq: 0, ack: 1_001)
    script.toServer(.syn, seq: 1_000, server: 1)
    // In the meantime: again, more, and a keep-alive.
    script.fromClient(.pshAck, "GET /\nH: z\n\n", seq: 1_001)
    script.toClient(.ack)
    script.fromClient(.ack, "more")
    script.fromClient(.ack, seq: 1_012)
    script.toClient(.ack, ack: 1_013)
    script.fromServer(.synAck, ack: 1_001, options: Script<FirstGroup, NoInspector>.usualSyn, server: 1)
    script.toServer(.ack, seq: 1_001, ack: script.servers[1].next, server: 1)
    script.toServer(.pshAck, request + "more", seq: 1_001, ack: script.servers[1].next, server: 1)
    script.fromServer(.ack, ack: 1_022, server: 1)
    script.toClient(.ack, ack: 1_017)
    script.finish()
  }

  @Test func halfOfTheNumbersLaterNothingIsTakenForReplaced() {
    let script = inserted()
    script.accept(OptionOctets.scale(14))
    script.toServer(.pshAck, request, seq: 1_001)
    var next: UInt32 = 1_018
    for _ in 0..<8 {
      script.fromServer(.ack, ack: next, window: 65_535)
      script.toClient(.ack, ack: next &- 5)
      script.fromClient(.pshAck, "far", seq: next &- 5 &+ 0x2000_0000)
      next &+= 0x2000_0000
      script.toServer(.pshAck, "far", seq: next)
      next &+= 3
    }
    script.finish()
  }

  @Test func whatIsReplacedMayBecomeShorter() {
    let script = Script(FirstGroup(), Inserter(shrinks: true))
    script.handshake()
    script.fromClient(.pshAck, "12345678")
    script.toClient(.ack)
    script.toServer(.syn, seq: 1_000)
    script.fromServer(.synAck, ack: 1_001, options: Script<FirstGroup, NoInspector>.usualSyn)
    script.toServer(.ack, seq: 1_001)
    script.toServer(.pshAck, "45678", seq: 1_001, ack: script.server.next)
    script.fromServer(.ack, ack: 1_006)
    script.toClient(.ack, ack: 1_009)
    script.fromClient(.finPshAck, "next")
    script.toServer(.finPshAck, "next", seq: 1_006, ack: script.server.next)
    script.fromClient(.rst)
    script.toServer(.rst, seq: 1_011)
    script.ended(.resetByClient)
    script.finish()
  }

  /// Data of a SYN is no way past it (RFC 7413), and begins where the stream does.
  @Test func dataOfASynIsSeen() {
    let script = Script(FirstGroup(), Capitals()) { $0.parameters.isImmediate = true }
    script.fromClient(.syn, "early")
    script.toServer(.syn, "EARLY", seq: 1_000)
    script.fromClient(.syn, "early", seq: 1_000)
    script.toServer(.syn, "EARLY", seq: 1_000)
    script.fromServer(.synAck, "late", ack: 1_006)
    script.toClient(.synAck, "LATE", ack: 1_006)
    script.finish()
    let refused = Script(FirstGroup(), Capitals()) { $0.parameters.isImmediate = true }
    refused.fromClient(.syn, "no!")
    refused.toClient(.rstAck, seq: 0, ack: 1_001)
    refused.ended(.endedByInspector)
    refused.finish()
  }

  @Test func dataOfASynHasTheFirstPlaces() {
    let script = Script(FirstGroup(), Places()) { $0.parameters.isImmediate = true }
    script.fromClient(.syn, "early")
    script.toServer(.syn, "01234", seq: 1_000)
    script.fromServer(.synAck, "late", ack: 1_006)
    script.toClient(.synAck, "0123", ack: 1_006)
    script.fromClient(.pshAck, "xy")
    script.toServer(.pshAck, "56")
    script.finish()
  }
}

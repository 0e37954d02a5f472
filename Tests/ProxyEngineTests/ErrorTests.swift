import Testing

@testable import TCPEngine

@Suite struct ErrorTests {
  private let router = IPv4Address(0x0a00_00fe)

  /// An ICMP error about a segment that the proxy sent, quoting so many octets of its TCP segment.
  private func error(_ type: UInt8, _ code: UInt8, mtu: UInt16 = 0, about segment: WireSegment, quoting: Int = 8) -> [UInt8] {
    let frame = segment.frame
    var message: [UInt8] = [type, code, 0, 0, 0, 0] + Octets.of(mtu) + frame[14..<(34 + quoting)]
    message.replaceSubrange(2..<4, with: Octets.of(~Octets.sum(message)))
    return Octets.link(ScriptNames.proxyMAC, MACAddress(0x02_00_00_00_09_09))
      + Octets.header(router, segment.source, protocol: 1, payload: message.count) + message
  }

  private func check(
    _ script: Script<FirstGroup, NoInspector>, to end: ScriptEnd, _ type: UInt8, _ code: UInt8, mtu: UInt16 = 0,
    about original: WireSegment,
    quoting: Int = 8, _ location: SourceLocation = #_sourceLocation
  ) {
    guard script.others.count == 1 else {
      Issue.record("\(script.others.count) errors were passed on", sourceLocation: location)
      return
    }
    let frame = script.others.removeFirst()
    #expect(MACAddress(Octets.long(frame[0..<6])) == end.mac, sourceLocation: location)
    #expect(Octets.sum(Array(frame[14..<34])) == 0xffff && Octets.sum(Array(frame[34...])) == 0xffff, "sums", sourceLocation: location)
    #expect(Octets.number(Array(frame[26..<30])) == end.proxyAddress.rawValue, sourceLocation: location)
    #expect(Octets.number(Array(frame[30..<34])) == end.address.rawValue, sourceLocation: location)
    #expect(Array(frame[34..<36]) == [type, code] && Array(frame[40..<42]) == Octets.of(mtu), sourceLocation: location)
    // What is quoted is what that end has sent, its sums included.
    #expect(Array(frame[42...]) == Array(original.frame[14..<(34 + quoting)]), "the quotation", sourceLocation: location)
  }

  @Test(arguments: [8, 12, 20, 25]) func errorsAboutTheServersLegGoToTheClient(_ quoting: Int) {
    let script = Script()
    script.splice()
    for (type, code, mtu) in [(3, 1, 0), (3, 4, 1_400), (11, 0, 0)] as [(UInt8, UInt8, UInt16)] {
      let original = script.client.segment(.pshAck, "question")
      script.send(original)
      let passed = script.toServer(.pshAck, "question")
      script.send(frame: error(type, code, mtu: mtu, about: passed, quoting: quoting))
      check(script, to: script.client, type, code, mtu: mtu, about: original, quoting: quoting)
    }
    #expect(script.statistics[ProxyCounter.icmpPassed] == 3)
    script.finish()
  }

  @Test(arguments: [8, 20]) func errorsAboutTheClientsLegGoToTheServer(_ quoting: Int) {
    let script = Script()
    script.splice()
    let original = script.server.segment(.pshAck, "answer")
    script.send(original)
    let passed = script.toClient(.pshAck, "answer")
    script.send(frame: error(3, 4, mtu: 1_300, about: passed, quoting: quoting))
    check(script, to: script.server, 3, 4, mtu: 1_300, about: original, quoting: quoting)
    script.finish()
  }

  @Test func whatIsNotInFlightIsNotBelieved() {
    let script = Script()
    script.splice()
    script.fromClient(.pshAck, "question")
    let passed = script.toServer(.pshAck, "question")
    for change in [UInt32(bitPattern: -1_000), 9, 1_000_000] {
      var other = passed
      other.sequence &+= change
      script.send(frame: error(3, 3, about: other))
    }
    var stranger = passed
    stranger.sourcePort &+= 1
    script.send(frame: error(3, 3, about: stranger))
    // Source quench, a damaged one, one that quotes too little.
    script.send(frame: error(4, 0, about: passed))
    var damaged = error(3, 1, about: passed)
    damaged[45] ^= 1
    script.send(frame: damaged)
    script.send(frame: error(3, 1, about: passed, quoting: 7))
    #expect(script.others.isEmpty && script.statistics[.icmpUnanswered] == 7)
    script.finish()
  }

  /// A request of one long segment, on its way to the server.
  private func delivering(_ long: [UInt8]) -> (script: Script<FirstGroup, NoInspector>, passed: WireSegment) {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, payload: long)
    script.accept(window: 65_535)
    return (script, script.toServer(.pshAck, payload: long, seq: 1_001))
  }

  @Test func theProxysOwnSegmentsBecomeShorter() {
    let long = [UInt8](repeating: 9, count: 1_400)
    let (script, passed) = delivering(long)
    script.send(frame: error(3, 4, mtu: 1_040, about: passed))
    #expect(script.others.count == 1)
    // At once: it need not wait for its time.
    script.pass(1, step: 1)
    script.toServer(.ack, payload: Array(long[..<1_000]), seq: 1_001)
    script.toServer(.pshAck, payload: Array(long[1_000...]), seq: 2_001)
    // Said again it says nothing new.
    script.send(frame: error(3, 4, mtu: 1_040, about: passed))
    script.pass(1, step: 1)
    script.quiet()
    script.finish()
  }

  /// Below Linux's least of 552, and a router that does not say how much (RFC 1191 7.1: the next one below 1,440 is 1,006).
  @Test(arguments: [(400, 360), (90, 50), (68, 41), (0, 966)] as [(UInt16, Int)]) func narrowPaths(_ mtu: UInt16, _ size: Int) {
    let long = [UInt8](repeating: 9, count: 1_400)
    let (script, passed) = delivering(long)
    script.send(frame: error(3, 4, mtu: mtu, about: passed))
    script.pass(1, step: 1)
    let parts = script.takeSent().servers
    #expect(parts.first?.payload.count == size && parts.flatMap(\.payload) == long)
    script.finish()
  }

  @Test func aServerThatIsNotThereIsPassedOver() {
    let script = Script(servers: 2)
    script.handshake()
    script.fromClient(.pshAck, "hello")
    let syn = script.toServer(.syn)
    // A route may come back; and anyone can say what has another number.
    var other = syn
    other.sequence &+= 1
    script.send(frame: error(3, 1, about: syn))
    script.send(frame: error(3, 3, about: other))
    script.quiet()
    script.send(frame: error(3, 3, about: syn))
    script.accept(server: 1)
    script.toServer(.pshAck, "hello", server: 1)
    #expect(script.statistics[ProxyCounter.serversRefused] == 1 && script.statistics[.icmpUnanswered] == 2 && script.others.isEmpty)
    script.finish()
  }

  @Test func echoIsAnswered() {
    let script = Script()
    var message: [UInt8] = [8, 0, 0, 0, 1, 2, 3, 4] + Array("ping".utf8)
    message.replaceSubrange(2..<4, with: Octets.of(~Octets.sum(message)))
    script.send(
      frame: Octets.link(ScriptNames.proxyMAC, script.client.mac)
        + Octets.header(script.client.address, IPv4Address(ScriptNames.proxyAddress), protocol: 1, payload: message.count) + message)
    #expect(script.others.count == 1 && script.others[0][34] == 0)
    script.finish()
  }

  /// RFC 1122 3.2.1.7: the answer's way is as long as any, however far the request has come. And nobody asks from the address that is asked.
  @Test(arguments: [1, 64, 255] as [UInt8]) func anEchoBeginsItsOwnWay(timeToLive: UInt8) {
    let script = Script()
    var message: [UInt8] = [8, 0, 0, 0, 1, 2, 3, 4] + Array("ping".utf8)
    message.replaceSubrange(2..<4, with: Octets.of(~Octets.sum(message)))
    for source in [script.client.address, IPv4Address(ScriptNames.proxyAddress)] {
      script.send(
        frame: Octets.link(ScriptNames.proxyMAC, script.client.mac)
          + Octets.header(source, IPv4Address(ScriptNames.proxyAddress), protocol: 1, payload: message.count, timeToLive: timeToLive)
          + message)
    }
    #expect(script.others.count == 1)
    let header = Array(script.others[0][14..<34])
    #expect(header[8] == 64 && Octets.sum(header) == 0xffff)
    script.finish()
  }
}

import Testing

@testable import TCPEngine

/// Which shift of windows clients are told: that of the servers, as far as they were seen.
@Suite struct WindowScaleTests {
  private typealias O = OptionOctets

  private func script(
    servers: Int = 1, _ timestamps: TimestampOffer = .never, given: UInt8? = nil
  ) -> Script<FirstGroup, NoInspector> {
    Script(servers: servers) {
      $0.parameters.timestamps = timestamps
      $0.parameters.windowScale = given
    }
  }

  /// The shift that a client is told which opens a connection now, and goes away.
  private func told(
    _ script: Script<FirstGroup, NoInspector>, _ options: [UInt8] = O.mss(1_460) + O.timestamps(7, 0) + O.scale(3)
  ) -> UInt8? {
    script.client.next &+= 100_000
    script.fromClient(.syn, seq: script.client.next, options: options)
    let answer = script.toClient(.synAck, payload: [], unchecked: true)
    script.fromClient(.rst, seq: script.client.next &+ 1)
    return answer.windowScale
  }

  @Test(arguments: [0, 2, 14] as [UInt8]) func thatOfTheServerThatAnsweredLast(_ scale: UInt8) {
    let script = script()
    #expect(told(script) == 7)
    script.client.next = script.clientISN
    script.client.expected = nil
    script.splice(server: O.mss(1_460) + O.scale(scale))
    script.fromClient(.rst)
    script.toServer(.rst)
    #expect(told(script) == scale)
    #expect(told(script, O.mss(1_460)) == nil)
    script.finish()
  }

  @Test func thenWindowsPassAsTheyAre() {
    let script = script()
    let options = O.mss(1_460) + O.scale(9)
    script.splice(server: options)
    script.fromServer(.ack, window: 60_000)
    script.toClient(.ack, window: 65_535)
    script.fromClient(.rst)
    script.toServer(.rst)
    script.client.next = script.clientISN
    script.client.expected = nil
    script.server.expected = nil
    script.splice(server: options)
    for window in [60_000, 1, 0, 501, 502, 65_535] as [UInt16] {
      script.fromServer(.ack, window: window)
      script.toClient(.ack, window: window)
    }
    script.finish()
  }

  @Test func aServerThatDoesNotScaleSaysNothing() {
    let script = script()
    script.splice(server: O.mss(1_460))
    script.fromClient(.rst)
    script.toServer(.rst)
    #expect(told(script) == 7)
    script.finish()
  }

  @Test func theOneThatIsGivenStays() {
    let script = script(given: 3)
    script.splice(server: O.mss(1_460) + O.scale(9))
    script.fromClient(.rst)
    script.toServer(.rst)
    #expect(told(script) == 3)
    script.finish()
  }

  /// The largest, for none is to be kept from sending what its server takes; and that of none that has changed its mind.
  @Test func serversThatAreAskedForTimestampsTellIt() {
    let script = script(servers: 3, .learned)
    #expect(told(script) == 7)
    script.pass(1, step: 1)
    for (server, scale, largest) in [(0, 9, 9), (1, 4, 9), (2, 14, 14)] as [(Int, UInt8, UInt8)] {
      let syn = script.toServer(.syn, server: server)
      script.fromServer(
        .synAck, ack: syn.sequence &+ 1, options: O.mss(1_460) + O.timestamps(1, 7) + O.scale(scale), server: server)
      script.toServer(.rst, seq: syn.sequence &+ 1, server: server)
      #expect(told(script) == largest)
      script.pass(1, step: 1)
    }
    script.finish()
  }

  /// Small windows are rounded up, so that a segment's worth stays a segment's worth; large ones, and those of large units, down.
  @Test(arguments: [
    (0, 1_448, 10, 2), (0, 2_896, 10, 3), (0, 424, 10, 1), (0, 1_024, 10, 1), (0, 4_095, 10, 4), (0, 4_097, 10, 4), (0, 65_535, 10, 63),
    (0, 1_448, 11, 1), (0, 60_000, 14, 3), (0, 0, 10, 0), (1, 724, 10, 2), (7, 65_535, 7, 65_535), (7, 3, 7, 3), (10, 65_535, 7, 65_535),
    (0, 100, 0, 100), (0, 1_460, 7, 12), (0, 1_459, 7, 11), (0, 1_460, 0, 1_460), (0, 2_920, 7, 22), (0, 1_460, 8, 6),
  ])
  func windowsInOtherUnits(_ scale: Int, _ window: Int, _ offered: Int, _ told: Int) {
    let connections = Table<ProxyConnection>(count: 1)
    connections.base.pointee.serverMSS = 1_460
    connections.base.pointee.scales = UInt8(scale) << 4
    connections.base.pointee.offeredScale = UInt8(offered)
    #expect(connections[0].windowForClient(UInt16(window)) == UInt16(told))
  }
}

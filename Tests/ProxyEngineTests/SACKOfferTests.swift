import Testing

@testable import TCPEngine

/// Clients are promised SACK as long as no server has declined it of late.
@Suite struct SACKOfferTests {
  private typealias O = OptionOctets

  /// Whether a client that opens a connection now, and goes away, is promised SACK.
  private func isPromised(
    _ script: Script<FirstGroup, NoInspector>, _ options: [UInt8] = O.mss(1_460) + [1, 1] + O.sackPermitted
  ) -> Bool {
    script.client.next &+= 100_000
    script.fromClient(.syn, seq: script.client.next, options: options)
    let answer = script.toClient(.synAck, payload: [], unchecked: true)
    script.fromClient(.rst, seq: script.client.next &+ 1)
    return answer.permitsSACK
  }

  private func spliced(_ server: [UInt8], given: Bool = true) -> Script<FirstGroup, NoInspector> {
    let script = Script<FirstGroup, NoInspector> { $0.parameters.sackPermitted = given }
    #expect(isPromised(script) == given)
    script.client.next = script.clientISN
    script.client.expected = nil
    script.splice(server: server)
    script.fromClient(.rst)
    script.toServer(.rst)
    return script
  }

  @Test func aServerThatTakesIt() {
    let script = spliced(O.mss(1_460) + [1, 1] + O.sackPermitted)
    #expect(isPromised(script) && !isPromised(script, O.mss(1_460)))
    script.finish()
  }

  @Test func notForAMinuteAfterOneHasDeclined() {
    let script = spliced(O.mss(1_460))
    #expect(!isPromised(script))
    script.pass(59_000, step: 1_000)
    #expect(!isPromised(script))
    script.pass(2_000, step: 1_000)
    #expect(isPromised(script))
    script.finish()
  }

  @Test func neverWhereItIsOff() {
    let script = spliced(O.mss(1_460), given: false)
    #expect(!isPromised(script))
    script.pass(61_000, step: 1_000)
    #expect(!isPromised(script))
    script.finish()
  }
}

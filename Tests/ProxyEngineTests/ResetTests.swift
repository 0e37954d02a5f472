import Testing

@testable import TCPEngine

@Suite struct ResetTests {
  @Test func exactResetsPass() {
    let script = Script()
    script.splice()
    script.fromClient(.rst)
    script.toServer(.rst)
    script.ended(.resetByClient)
    script.finish()
    let other = Script()
    other.splice()
    other.fromServer(.rstAck)
    other.toClient(.rstAck)
    other.ended(.resetByServer)
    other.finish()
  }

  @Test func inTheWindowTheyAreChallengedOutsideDropped() {
    let script = Script()
    script.splice()
    script.fromServer(.pshAck, "lost")
    script.toClient(.pshAck, "lost")
    script.fromClient(.pshAck, "lost, too")
    script.toServer(.pshAck, "lost, too", ack: script.server.next)
    // A challenge acknowledges nothing that the other end has not: what was lost on the other leg must come again.
    script.fromClient(.rst, seq: script.client.next &+ 10)
    script.toClient(.ack, ack: script.client.next &- 9)
    script.fromServer(.rst, seq: script.server.next &+ 10)
    script.toServer(.ack)
    #expect(script.statistics[ProxyCounter.challengeAckSent] == 2)
    script.fromClient(.rst, seq: script.client.next &- 100)
    script.fromServer(.rst, seq: script.server.next &- 100)
    script.fromServer(.rst, seq: script.server.next &+ 90_000_000)
    #expect(script.statistics[DropReason.resetNotExact] == 3)
    // An honest end answers the challenge exactly.
    script.fromClient(.rst, seq: script.client.next &- 9)
    script.toServer(.rst, seq: script.client.next &- 9)
    script.ended(.resetByClient)
    script.finish()
  }

  @Test func aChallengeToTheServerAcknowledgesNothingThatTheClientHasNot() {
    let script = Script()
    script.splice()
    let before = script.server.next
    script.fromServer(.pshAck, "lost")
    script.toClient(.pshAck, "lost")
    script.fromServer(.syn, seq: 9, ack: 0)
    script.toServer(.ack, ack: before)
    script.finish()
  }

  @Test func theServersRepeatedSynAckIsAnswered() {
    let script = Script()
    script.splice()
    script.fromServer(.synAck, seq: 700_000)
    script.toServer(.ack)
    script.finish()
  }

  @Test func aClientResetsWhileItsRequestIsDelivered() {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "hello")
    script.accept()
    script.toServer(.pshAck, "hello", seq: 1_001)
    script.fromClient(.rst)
    script.toServer(.rst)
    script.ended(.resetByClient)
    // If the server does not believe it: it asks, and gets an exact one.
    script.fromServer(.ack, ack: 1_001)
    script.toServer(.rst, seq: 1_001)
    script.finish()
  }

  /// The server has not been sent all that the client has said: its next number is another one.
  @Test func aClientResetsWhileTheServerTakesLittle() {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "twenty octets, right")
    script.accept(window: 8)
    script.toServer(.ack, "twenty o", seq: 1_001)
    // In the window that the client was offered, not exact.
    script.fromClient(.rst, seq: 1_015)
    script.toClient(.ack, ack: 1_001)
    script.fromClient(.rst)
    script.toServer(.rst, seq: 1_009)
    script.ended(.resetByClient)
    script.finish()
  }

  /// Nor takes it the number behind a probe of its window.
  @Test func aClientResetsWhileTheServerTakesNothing() {
    let script = Script()
    script.handshake(OptionOctets.mss(1_460))
    script.fromClient(.pshAck, "twenty octets, right")
    script.accept(OptionOctets.mss(1_460), window: 8)
    script.toServer(.ack, "twenty o", seq: 1_001)
    script.fromServer(.ack, ack: 1_009, window: 0)
    script.toClient(.ack, ack: 1_009)
    script.pass(1_100)
    script.toServer(.ack, "c", seq: 1_009)
    script.fromClient(.rstAck)
    script.toServer(.rstAck, seq: 1_009)
    script.finish()
  }

  @Test func closedPortsAndStrays() {
    let script = Script()
    var syn = script.client.segment(.syn)
    syn.destinationPort = 81
    script.send(syn)
    let reset = script.toClient(.rstAck, ack: syn.sequence &+ 1, unchecked: true)
    #expect(reset.sequence == 0 && reset.acknowledgment == syn.sequence &+ 1)
    script.fromClient(.ack, seq: 5, ack: 99)
    #expect(script.toClient(.rst, unchecked: true).sequence == 99)
    script.fromClient(.rst, seq: 5)
    #expect(script.statistics[.portClosed] == 1 && script.statistics[.noConnection] == 1)
    #expect(script.statistics[.resetWithoutConnection] == 1)
    script.fromClient(.fin, seq: 5)
    script.quiet()
    #expect(script.statistics[.controlMissing] == 1)
    script.finish()
  }

  @Test func noMoreConnectionsThanAreAllowed() {
    let script = Script { $0.maxOpen = 1 }
    script.handshake()
    var syn = script.client.segment(.syn, seq: 5)
    syn.sourcePort = 40_001
    script.send(syn)
    script.quiet()
    #expect(script.statistics[.tableFull] == 1 && script.statistics.attempts(.client) == 1)
    script.finish()
  }
}

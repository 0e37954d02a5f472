import Testing

@testable import TCPEngine

/// What has only the sum of its pseudo-header: from a local Linux stack it is whole, from anybody else it is damaged.
@Suite struct SumlessTests {
  /// As a stack leaves it to a device.
  private static func sumless(_ segment: WireSegment) -> [UInt8] {
    var frame = segment.frame
    let addresses = Octets.of(segment.source.rawValue) + Octets.of(segment.destination.rawValue)
    let pseudo = addresses + [0, 6] + Octets.of(UInt16(frame.count - 34))
    frame.replaceSubrange(50..<52, with: Octets.of(Octets.sum(pseudo)))
    return frame
  }

  @Test func aStationWhoseSYNHadNoSumIsBelieved() {
    let script = Script()
    script.send(frame: Self.sumless(script.client.segment(.syn, options: Script<FirstGroup, NoInspector>.usualSyn)))
    script.toClient(.synAck)
    script.send(frame: Self.sumless(script.client.segment(.ack)))
    script.send(frame: Self.sumless(script.client.segment(.pshAck, "hello, world")))
    script.accept()
    // Its sum is right on the other leg: what the script reads is summed.
    script.toServer(.pshAck, "hello, world")
    script.send(frame: Self.sumless(script.client.segment(.pshAck, "more")))
    script.toServer(.pshAck, "more")
    #expect(script.statistics[.unsummedAccepted] == 4 && script.statistics[.tcpChecksum] == 0)
    // The server is another station, whose SYN-ACK was summed.
    script.send(frame: Self.sumless(script.server.segment(.pshAck, "damaged", seq: script.server.next)))
    #expect(script.statistics[.tcpChecksum] == 1)
    script.quiet()
    script.finish()
  }

  @Test func aServerWhoseSYNACKHadNoSumIsBelieved() {
    let script = Script()
    script.handshake()
    script.fromClient(.pshAck, "hello, world")
    script.toServer(.syn)
    script.send(frame: Self.sumless(script.server.segment(.synAck, options: Script<FirstGroup, NoInspector>.usualSyn)))
    script.toServer(.ack)
    script.toServer(.pshAck, "hello, world")
    script.send(frame: Self.sumless(script.server.segment(.pshAck, "answer")))
    script.toClient(.pshAck, "answer")
    script.send(frame: Self.sumless(script.client.segment(.pshAck, "damaged", seq: script.client.next)))
    #expect(script.statistics[.unsummedAccepted] == 2 && script.statistics[.tcpChecksum] == 1)
    script.quiet()
    script.finish()
  }
}

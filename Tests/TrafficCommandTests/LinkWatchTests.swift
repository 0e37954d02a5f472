import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct LinkWatchTests {
  /// A port whose state is set by the test.
  private final class Wire {
    var hasLink: Bool?
    var exists = true

    init(_ hasLink: Bool?) { self.hasLink = hasLink }

    func port(_ name: String) -> LinkWatch.Port { LinkWatch.Port(name: name, hasLink: { self.hasLink }, exists: { self.exists }) }
  }

  @Test func lossAndReturnAreSaid() {
    let (left, right) = (Wire(true), Wire(true))
    var watch = LinkWatch([left.port("eth1"), right.port("eth2")], ticksPerSecond: 1_000)
    #expect(watch.look(at: 1_000).isEmpty)
    right.hasLink = false
    #expect(watch.look(at: 1_199).isEmpty, "it looks five times a second")
    #expect(watch.look(at: 1_200) == ["eth2 has lost its link"])
    #expect(watch.look(at: 2_000).isEmpty, "once")
    left.hasLink = false
    right.hasLink = true
    #expect(watch.look(at: 3_300) == ["eth1 has lost its link", "eth2 has its link again, after 2.1 s"])
    left.hasLink = true
    #expect(watch.look(at: 3_800) == ["eth1 has its link again, after 0.5 s"])
  }

  @Test func aPortThatIsGone() {
    let wire = Wire(true)
    var watch = LinkWatch([wire.port("eth1")], ticksPerSecond: 1_000)
    #expect(watch.look(at: 0).isEmpty)
    (wire.exists, wire.hasLink) = (false, nil)
    #expect(watch.look(at: 500) == ["eth1 is gone: nothing arrives or leaves there any more"])
    #expect(watch.look(at: 1_000).isEmpty)
  }

  @Test(arguments: [nil, false] as [Bool?]) func whatNeverHadALinkLosesNone(_ hasLink: Bool?) {
    let wire = Wire(hasLink)
    var watch = LinkWatch([wire.port("memif0")], ticksPerSecond: 1_000)
    #expect(watch.look(at: 0).isEmpty && watch.look(at: 1_000).isEmpty)
    wire.hasLink = true
    #expect(watch.look(at: 2_000).isEmpty)
    wire.hasLink = false
    #expect(watch.look(at: 3_000) == ["memif0 has lost its link"])
  }

  @Test func whatHasNoLinkForLongIsSaidOnce() {
    let wire = Wire(false)
    var watch = LinkWatch([wire.port("eth1")], ticksPerSecond: 1_000)
    #expect(watch.look(at: 500).isEmpty && watch.look(at: 3_400).isEmpty)
    #expect(watch.look(at: 3_700) == ["eth1 has no link yet: start or connect its other end"])
    #expect(watch.look(at: 9_000).isEmpty)
    wire.hasLink = true
    #expect(watch.look(at: 9_500) == ["eth1 has its link now, after 9.0 s"])
    wire.hasLink = false
    #expect(watch.look(at: 10_000) == ["eth1 has lost its link"])
  }

  @Test func aLinkThatComesAndGoesDoesNotFillTheTerminal() {
    let wire = Wire(true)
    var watch = LinkWatch([wire.port("eth1")], ticksPerSecond: 1_000)
    var said: [String] = []
    for round in 0..<100 {
      wire.hasLink = round % 2 == 0
      said += watch.look(at: Ticks(round) * 200)
    }
    #expect(said.count == 20 && said.last == "links come and go; no more is said of them")
  }
}

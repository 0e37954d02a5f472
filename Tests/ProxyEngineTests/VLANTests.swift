import Testing

@testable import TCPEngine

/// Each side of the proxy in a VLAN of its own, or in none.
@Suite struct ProxyVLANTests {
  @Test(arguments: [(0, 7), (5, 0), (5, 7), (6, 6)] as [(UInt16, UInt16)]) func eachSideHasItsTag(front: UInt16, back: UInt16) {
    let run = ProxySimulation(
      100,
      proxy: {
        $0.ports[0].vlan = front
        $0.ports[1].vlan = back
      }, traffic: { $0.port.vlan = front }, serverTraffic: { $0.port.vlan = back })
    run.front.keeps = true
    run.back.keeps = true
    run.complete()
    run.expectAllCompleted()
    for (frames, vlan) in [(run.front.frames, front), (run.back.frames, back)] {
      #expect(frames.count >= 300)
      let tags = Set(frames.map { $0[12] == 0x81 && $0[13] == 0 ? UInt16($0[14] & 15) << 8 | UInt16($0[15]) : 0 })
      #expect(tags == [vlan])
    }
  }

  @Test func whatIsOfTheOtherSidesVLANIsDropped() {
    let run = ProxySimulation(
      1,
      proxy: {
        $0.ports[0].vlan = 5
        $0.ports[1].vlan = 7
      }, traffic: { $0.port.vlan = 7 }, serverTraffic: { $0.port.vlan = 7 })
    run.run { run.statistics[DropReason.otherVlan] > 1 }
    #expect(run.proxied == 0)
    for link in [run.clients.link, run.link, run.servers.link] { link.send(.resetAll) }
    run.run { run.clients.open(.client) == 0 }
    run.leave()
  }
}

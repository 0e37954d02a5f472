import CPacket
import Testing

@testable import TCPEngine

/// Says twice what it hears.
private struct Echo: Engine, ~Copyable {
  mutating func receive<Port: PacketPort & ~Copyable>(
    _ burst: UnsafeMutablePointer<PacketPointer>, count: Int, now: Ticks, _ io: inout PacketQueue<Port>
  ) {
    for index in 0..<count {
      io.send(Packet(owning: burst[index]), length: 60)
      if let second = io.allocate() { io.send(second, length: 60) }
    }
  }

  mutating func advance<Port: PacketPort & ~Copyable>(now: Ticks, _ io: inout PacketQueue<Port>) -> Bool {
    if io.sentFrames == 0, io.waitingCount == 0, let first = io.allocate() { io.send(first, length: 60) }
    return false
  }

  mutating func command(_ command: WorkerCommand, now: Ticks) {}
}

/// Two ends that each receive only what they have room to answer, on a wire that is full both ways.
@Suite struct StalledWireTests {
  @Test func endsThatHoldUpEachOtherGoOn() {
    let wire = MemoryLink(buffers: 8_192, depth: 64)
    let links = [WorkerLink(), WorkerLink()]
    var a = Worker(port: MemoryPort(wire, end: .a), engine: Echo(), clock: ManualClock(), link: links[0])
    var b = Worker(port: MemoryPort(wire, end: .b), engine: Echo(), clock: ManualClock(), link: links[1])
    func turns(_ count: Int) -> UInt64 {
      for _ in 0..<count {
        a.turn()
        b.turn()
      }
      a.publish()
      b.publish()
      return links[0].statistics[.framesReceived] + links[1].statistics[.framesReceived]
    }
    let early = turns(1_000)
    #expect(turns(1_000) == early, "they did not hold up each other, and this test shows nothing")
    #expect(links.allSatisfy { $0.statistics[.transmitQueueFull] == 0 })
    #expect(turns(100_000) > early + 10_000)
    #expect(links.contains { $0.statistics[.transmitQueueFull] > 0 })
    a.io.discard()
    b.io.discard()
    #expect(wire.outstanding == 0)
  }
}

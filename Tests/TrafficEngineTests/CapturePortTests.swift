import CPacket
import Testing

@testable import TCPEngine

/// When captured frames are said to have crossed the wire.
@Suite struct CapturePortTests {
  /// A wire that notes when frames really crossed it.
  private struct Witness: PacketPort, ~Copyable {
    var base: MemoryPort
    var crossed: [Ticks] = []

    mutating func beginTurn(now: Ticks) { base.beginTurn(now: now) }
    mutating func receive(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
      let received = base.receive(burst, count: count)
      if received > 0 { crossed.append(tick_counter()) }
      return received
    }
    mutating func transmit(_ burst: UnsafeMutablePointer<PacketPointer>, count: Int) -> Int {
      crossed.append(tick_counter())
      return base.transmit(burst, count: count)
    }
    mutating func allocate() -> Packet? { base.allocate() }
    mutating func free(_ packet: consuming Packet) { base.free(packet) }
  }

  /// Two frames there and back again.
  private func cross(isSimulated: Bool, _ check: (_ captured: [Ticks], _ sent: [Ticks], _ received: [Ticks]) -> Void) {
    let channel = UnsafeMutablePointer<CaptureChannel>.allocate(capacity: 1)
    channel.initialize(to: CaptureChannel(capacity: 8))
    let burst = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 8)
    defer {
      channel.deinitialize(count: 1)
      channel.deallocate()
      burst.deallocate()
    }
    let wire = MemoryLink()
    var port = CapturePort(Witness(base: MemoryPort(wire, end: .a)), into: channel, isLooped: false, isSimulated: isSimulated)
    let other = MemoryPort(wire, end: .b)
    for index in 0..<2 {
      guard let packet = port.allocate() else { fatalError("no buffer") }
      packet.length = 64
      burst[index] = packet.release()
    }
    port.beginTurn(now: 5)
    #expect(port.transmit(burst, count: 2) == 2)
    let sent = port.base.crossed
    other.beginTurn(now: 5)
    #expect(other.receive(burst, count: 8) == 2 && other.transmit(burst, count: 2) == 2)
    port.beginTurn(now: 6)
    #expect(port.receive(burst, count: 8) == 2)
    for index in 0..<2 { port.free(Packet(owning: burst[index])) }
    let frames = channel.pointee.ring.readable()
    check(frames.map(\.time), sent, Array(port.base.crossed.dropFirst(sent.count)))
    channel.pointee.ring.consume(frames.count)
  }

  /// An answer that another worker receives is later than what it answers, whenever either's turn began.
  @Test func sentBeforeItLeavesAndReceivedAfterItCame() {
    cross(isSimulated: false) { captured, sent, received in
      #expect(captured.count == 4 && sent.count == 2 && received.count == 1)
      guard captured.count == 4 else { return }
      #expect(captured[0] <= sent[0] && captured[1] <= sent[1] && captured[1] >= sent[0])
      #expect(captured[2] >= received[0] && captured[3] == captured[2])
    }
  }

  @Test func simulatedTimeIsTheTurns() {
    cross(isSimulated: true) { captured, _, _ in #expect(captured == [5, 5, 6, 6]) }
  }
}

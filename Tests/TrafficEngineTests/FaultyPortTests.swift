import CPacket
import Testing

@testable import TCPEngine

/// A faulty wire's own books: of what is sent, and of what arrives.
@Suite struct FaultyPortTests {
  private static let faults = Faults(loss: 0.1, duplicate: 0.1, reorder: 0.1, delay: 0.05, corrupt: 0)

  /// Numbers that `count` frames bear which cross a wire, in the order of their arrival; the wire is empty in the end.
  private func cross<Sender: PacketPort & ~Copyable, Receiver: PacketPort & ~Copyable>(
    _ count: Int, _ sender: inout Sender, _ receiver: inout Receiver
  ) -> [Int] {
    let burst = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 64)
    defer { burst.deallocate() }
    var numbers: [Int] = []
    for turn in 0..<(count + 700) {
      let now = Ticks(turn) * 1_000_000
      sender.beginTurn(now: now)
      receiver.beginTurn(now: now)
      if turn < count, let packet = sender.allocate() {
        packet.length = 64
        packet.bytes.storeBytes(of: turn, as: Int.self)
        burst[0] = packet.release()
        #expect(sender.transmit(burst, count: 1) == 1)
      }
      let received = receiver.receive(burst, count: 64)
      for index in 0..<received {
        numbers.append(UnsafeRawPointer(packet_data(burst[index])).load(as: Int.self))
        receiver.free(Packet(owning: burst[index]))
      }
    }
    return numbers
  }

  private func expectSpoilt(_ numbers: [Int], _ counts: FaultCounts, of sent: Int) {
    #expect(numbers.count == sent - counts.lost + counts.duplicated)
    #expect(Set(numbers).count == sent - counts.lost)
    #expect(numbers != numbers.sorted())
    for (name, count, share) in [
      ("lost", counts.lost, 0.1), ("duplicated", counts.duplicated, 0.1), ("reordered", counts.reordered, 0.1),
      ("delayed", counts.delayed, 0.05),
    ] { #expect(abs(Double(count) / Double(sent) - share) < 0.03, "\(name) \(count)") }
    // Held back for 300 ms at most, a frame a millisecond.
    let late = zip(numbers, numbers.dropFirst()).map { $0 - $1 }.max() ?? 0
    #expect(late > 100 && late <= 301, "\(late)")
  }

  @Test func whatIsSent() {
    let wire = MemoryLink()
    var sender = FaultyPort(MemoryPort(wire, end: .a), faults: Self.faults, seed: 1)
    var receiver = MemoryPort(wire, end: .b)
    let numbers = cross(4_000, &sender, &receiver)
    expectSpoilt(numbers, sender.departed, of: 4_000)
    #expect(sender.arrived == FaultCounts() && sender.held == (0, 0) && wire.outstanding == 0)
  }

  @Test func whatArrives() {
    let wire = MemoryLink()
    var sender = MemoryPort(wire, end: .a)
    var receiver = FaultyPort(MemoryPort(wire, end: .b), faults: Self.faults, seed: 2, spoilsArrivals: true)
    let numbers = cross(4_000, &sender, &receiver)
    expectSpoilt(numbers, receiver.arrived, of: 4_000)
    #expect(receiver.departed == FaultCounts() && receiver.held == (0, 0) && wire.outstanding == 0)
  }

  @Test func withoutFaultsNothingHappens() {
    let wire = MemoryLink()
    var sender = FaultyPort(MemoryPort(wire, end: .a), faults: Faults(), seed: 1)
    var receiver = FaultyPort(MemoryPort(wire, end: .b), faults: Faults(), seed: 2, spoilsArrivals: true)
    #expect(cross(500, &sender, &receiver) == Array(0..<500))
  }

  @Test func whatIsHeldBackIsFreed() {
    let wire = MemoryLink()
    var port = FaultyPort(MemoryPort(wire), faults: Faults(delay: 1), seed: 3)
    port.beginTurn(now: 1)
    guard let packet = port.allocate() else { return }
    packet.length = 64
    var frame = packet.release()
    #expect(port.transmit(&frame, count: 1) == 1 && port.held.leaving == 1 && wire.outstanding == 1)
    port.drain()
    #expect(port.held.leaving == 0 && wire.outstanding == 0)
  }
}

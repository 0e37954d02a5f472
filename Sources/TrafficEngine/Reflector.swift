/// Sends every frame back to whom it came from, with the MAC addresses swapped: the other end of a wire for a port that has no loopback.
public struct Reflector: Engine, ~Copyable {
  private let statistics: WorkerStatistics
  private let mac: MACAddress

  /// - Parameter mac: stands for a group address, which cannot be a source (IEEE 802-2014 8.2.2).
  public init(mac: MACAddress, link: WorkerLink) {
    self.mac = mac
    statistics = link.statistics
  }

  @inline(__always)
  public mutating func receive<Port: PacketPort & ~Copyable>(
    _ burst: UnsafeMutablePointer<PacketPointer>, count: Int, now: Ticks, _ io: inout PacketQueue<Port>
  ) {
    for index in 0..<count {
      let packet = Packet(owning: burst[index])
      guard packet.length >= Ethernet.headerLength else {
        statistics.dropped(.frameTooShort)
        io.free(packet)
        continue
      }
      let frame = packet.bytes
      let bytes = UnsafeRawPointer(frame)
      let destination = MACAddress(bytes.bigEndian64(0) &>> 16)
      let source = MACAddress(bytes.bigEndian64(6) &>> 16)
      let length = packet.length
      let header = LinkHeader(
        destination: source, source: destination.isUnicast ? destination : mac, type: bytes.bigEndian16(Ethernet.typeOffset))
      header.store(to: frame)
      io.send(packet, length: length)
    }
  }

  @inline(__always)
  public mutating func advance<Port: PacketPort & ~Copyable>(now: Ticks, _ io: inout PacketQueue<Port>) -> Bool { false }

  public mutating func command(_ command: WorkerCommand, now: Ticks) {}
}

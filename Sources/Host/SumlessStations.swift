import CPacket

/// Who leaves its TCP checksums to a device that is not there: local Linux stacks behind a veth, as their MAC addresses tell.
///
/// One in 65,536 damaged segments has by chance the checksum that such a stack would have left, and must not pass for one. A station is
/// believed once its SYN, or SYN-ACK, came without a sum: those of a local stack all do, and damage would have to hit twice in this way.
struct SumlessStations: ~Copyable {
  /// MAC addresses, each in the place that its hash names: who comes later takes it over.
  private let stations: Table<UInt64>

  private static var places: UInt64 { 4_096 }
  /// The EtherType, read along with an address; set, so that no address is 0, as vacant places are.
  private static var type: UInt64 { networkOrder(0xffff as UInt64) }

  init() { stations = Table(count: Int(Self.places)) }

  /// Whether the segment of a frame that has only the sum of its pseudo-header is what its station meant to send.
  func accepts(_ segment: TCPSegment, in frame: UnsafeRawPointer) -> Bool {
    let address = frame.native64(Ethernet.sourceOffset) | Self.type
    let place = Int(multiply_and_fold(address, 0x9e37_79b9_7f4a_7c15) & (Self.places &- 1))
    if segment.flags.has(.syn) { stations[place] = address }
    return stations[place] == address
  }
}

import CPacket

/// Who leaves its TCP checksums to a device that is not there: local Linux stacks behind a veth, as their MAC addresses tell.
///
/// One in 65,536 damaged segments has by chance the checksum that such a stack would have left, and must not pass for one. So a station that
/// sums its SYN, or SYN-ACK, is not believed. It is once two of its SYNs came without a sum: a router has a stack of its own beside what it
/// passes on, but damage would have to hit twice in this way. A station that has not been heard is believed: its connections may be older than
/// we are.
struct SumlessStations: ~Copyable {
  /// MAC addresses in the upper 48 bits, each in the place that its hash names, and what is known of them: who comes later takes it over.
  private let stations: Table<UInt64>

  private static var places: UInt64 { 4_096 }
  /// What is known of a station. A vacant place is 0.
  private static var sums: UInt64 { 1 }
  // 2: it sums, and one SYN came without.
  private static var leaves: UInt64 { 3 }
  private static var knowledge: UInt64 { 0xffff }

  init() { stations = Table(count: Int(Self.places)) }

  /// A SYN or SYN-ACK was accepted, whose sum was whole if `accepts` was not asked.
  @inline(always)
  func heardSynchronize(_ frame: UnsafeRawPointer) {
    let station = Self.station(frame)
    let place = Self.place(station)
    if rarely((stations[place] ^ station) > Self.knowledge) { stations[place] = station | Self.sums }
  }

  /// Whether the segment of a frame that has only the sum of its pseudo-header is what its station meant to send.
  func accepts(_ segment: TCPSegment, in frame: UnsafeRawPointer) -> Bool {
    let station = Self.station(frame)
    let place = Self.place(station)
    guard (stations[place] ^ station) <= Self.knowledge else {
      if segment.flags.has(.syn) { stations[place] = station | Self.leaves }
      return true
    }
    if segment.flags.has(.syn), stations[place] & Self.knowledge < Self.leaves { stations[place] &+= 1 }
    return stations[place] & Self.knowledge == Self.leaves
  }

  @inline(always)
  private static func station(_ frame: UnsafeRawPointer) -> UInt64 { frame.bigEndian64(Ethernet.sourceOffset) & ~knowledge }

  @inline(always)
  private static func place(_ station: UInt64) -> Int { Int(multiply_and_fold(station, 0x9e37_79b9_7f4a_7c15) & (places &- 1)) }
}

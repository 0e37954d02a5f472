/// A worker's way to the kernel and back on one port (ports.kernel_interface): what is not ours goes there, and what the kernel sends goes out.
/// Nothing here is on the path of a frame of ours.
struct KernelDoor: ~Copyable {
  private let channel: UnsafePointer<KernelChannel>?
  private let mac: MACAddress
  /// Which side of a two-sided port it is on.
  private let side: UInt16
  /// Empty buffers that wait there to be filled.
  private var empties = 0
  private let statistics: WorkerStatistics

  /// Parcels taken from the kernel in one turn at most.
  private static var parcelsPerTurn: Int { 32 }

  /// - Parameters:
  ///   - channel: nil: there is no way to the kernel. Must outlive the door.
  ///   - mac: the port's.
  init(_ channel: UnsafePointer<KernelChannel>?, mac: MACAddress, side: UInt16 = 0, statistics: WorkerStatistics) {
    self.channel = channel
    self.mac = mac
    self.side = side
    self.statistics = statistics
  }

  @inline(__always)
  var isOpen: Bool { channel != nil }

  /// To the kernel, if it is for its MAC address; without a way to it, dropped.
  @inline(never)
  func pass<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>) {
    guard isOpen, Ethernet.isFor(mac, packet.bytes) else { return drop(packet, reason, &io) }
    hand(packet, &io)
  }

  /// A frame that we have done with, and that the kernel may want to see as well.
  @inline(never)
  func passOrFree<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard isOpen, Ethernet.isFor(mac, packet.bytes) else { return io.free(packet) }
    hand(packet, &io)
  }

  /// A whole frame that is neither TCP, ARP nor ICMP is the kernel's: other protocols of IPv4 and their fragments, IPv6, and what else there
  /// is. Fragments of TCP are not: the kernel would put them together and reset what may be a connection of ours.
  @inline(never)
  func passUnreadable<Port: PacketPort & ~Copyable>(
    _ failure: ParseFailure, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    switch failure {
    case .unknownEtherType, .unknownProtocol: pass(packet, DropReason(failure), &io)
    case .ipFragment where !IPv4.isTCP(packet.bytes): pass(packet, DropReason(failure), &io)
    default: drop(packet, DropReason(failure), &io)
    }
  }

  /// A frame that is the kernel's.
  @inline(never)
  func hand<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard let channel, let place = channel.pointee.toKernel.reserve() else { return drop(packet, .kernelRingFull, &io) }
    PartialChecksum.complete(packet.bytes, count: packet.length)
    place.pointee = KernelParcel(packet.release(), .frame)
    channel.pointee.toKernel.commit()
    statistics.add(.framesToKernel)
  }

  private func drop<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>) {
    statistics.dropped(reason)
    io.free(packet)
  }

  /// Takes what comes from the kernel, and sees to it that there are buffers for more. True if there was anything.
  @inline(never)
  mutating func tend<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    guard let channel else { return false }
    var handled = 0
    while handled < Self.parcelsPerTurn, !io.isCongested, let parcel = channel.pointee.fromKernel.peek() {
      let kind = parcel.pointee.kind
      let packet = Packet(owning: parcel.pointee.packet)
      channel.pointee.fromKernel.consume(1)
      handled &+= 1
      switch kind {
      case .frame:
        empties &-= 1
        statistics.add(.framesFromKernel)
        let length = packet.length
        packet.side = side
        io.send(packet, length: length)
      case .refused: drop(packet, .kernelRefused, &io)
      case .done, .empty: io.free(packet)
      }
    }
    if channel.pointee.sends { supply(channel, &io) }
    return handled > 0
  }

  @inline(__always)
  private mutating func supply<Port: PacketPort & ~Copyable>(_ channel: UnsafePointer<KernelChannel>, _ io: inout PacketQueue<Port>) {
    while empties < KernelChannel.empties, let place = channel.pointee.toKernel.reserve(), let packet = io.allocate() {
      place.pointee = KernelParcel(packet.release(), .empty)
      channel.pointee.toKernel.commit()
      empties &+= 1
    }
  }

  /// Takes all buffers back.
  mutating func close<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    guard let channel else { return }
    while let parcel = channel.pointee.fromKernel.peek() {
      io.free(Packet(owning: parcel.pointee.packet))
      channel.pointee.fromKernel.consume(1)
    }
    while let parcel = channel.pointee.toKernel.peek() {
      io.free(Packet(owning: parcel.pointee.packet))
      channel.pointee.toKernel.consume(1)
    }
    empties = 0
  }
}

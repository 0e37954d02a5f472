/// What is not ours goes to the kernel, where there is a way to it, and what the kernel sends goes out. Nothing here is on the path of a frame
/// of ours.
extension TrafficEngine {
  /// Parcels taken from the kernel in one turn at most.
  private static var parcelsPerTurn: Int { 32 }

  /// A segment without a connection of ours: one to a port where we listen, or to an address that is ours alone, we refuse ourselves; the
  /// kernel knows the others, or refuses them.
  @inline(always)
  mutating func isKernels(_ segment: UnsafePointer<TCPSegment>) -> Bool {
    let address = segment.pointee.destination
    if address == listeners.address { return !listeners.has(segment.pointee.destinationPort) }
    return !isOurs(address)
  }

  /// To the kernel; without a way to it, dropped.
  @inline(never)
  mutating func pass<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>) {
    guard kernel != nil, Ethernet.isFor(mac, packet.bytes) else { return drop(packet, reason, &io) }
    handToKernel(packet, &io)
  }

  /// A frame that we have done with, and that the kernel may want to see as well.
  @inline(never)
  mutating func passOrFree<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard kernel != nil, Ethernet.isFor(mac, packet.bytes) else { return io.free(packet) }
    handToKernel(packet, &io)
  }

  /// A whole frame that is neither TCP, ARP nor ICMP is the kernel's: other protocols of IPv4 and their fragments, IPv6, and what else there
  /// is. Fragments of TCP are not: the kernel would put them together and reset what may be a connection of ours.
  @inline(never)
  mutating func receiveUnreadable<Port: PacketPort & ~Copyable>(
    _ failure: ParseFailure, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    switch failure {
    case .unknownEtherType, .unknownProtocol: pass(packet, DropReason(failure), &io)
    case .ipFragment where !IPv4.isTCP(packet.bytes): pass(packet, DropReason(failure), &io)
    default: drop(packet, DropReason(failure), &io)
    }
  }

  @inline(never)
  mutating func handToKernel<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    guard let kernel, let place = kernel.pointee.toKernel.reserve() else { return drop(packet, .kernelRingFull, &io) }
    PartialChecksum.complete(packet.bytes, count: packet.length)
    place.pointee = KernelParcel(packet.release(), .frame)
    kernel.pointee.toKernel.commit()
    statistics.add(.framesToKernel)
  }

  /// Takes what comes from the kernel, and sees to it that there are buffers for more. True if there was anything.
  @inline(never)
  mutating func tendKernel<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) -> Bool {
    guard let kernel else { return false }
    var handled = 0
    while handled < Self.parcelsPerTurn, !io.isCongested, let parcel = kernel.pointee.fromKernel.peek() {
      let kind = parcel.pointee.kind
      let packet = Packet(owning: parcel.pointee.packet)
      kernel.pointee.fromKernel.consume(1)
      handled &+= 1
      switch kind {
      case .frame:
        kernelEmpties &-= 1
        statistics.add(.framesFromKernel)
        let length = packet.length
        io.send(packet, length: length)
      case .refused: drop(packet, .kernelRefused, &io)
      case .done, .empty: io.free(packet)
      }
    }
    if kernel.pointee.sends { supply(kernel, &io) }
    return handled > 0
  }

  @inline(always)
  private mutating func supply<Port: PacketPort & ~Copyable>(_ kernel: UnsafePointer<KernelChannel>, _ io: inout PacketQueue<Port>) {
    while kernelEmpties < KernelChannel.empties, let place = kernel.pointee.toKernel.reserve(), let packet = io.allocate() {
      place.pointee = KernelParcel(packet.release(), .empty)
      kernel.pointee.toKernel.commit()
      kernelEmpties &+= 1
    }
  }

  /// Takes all buffers back.
  fileprivate mutating func closeKernelPath<Port: PacketPort & ~Copyable>(_ io: inout PacketQueue<Port>) {
    guard let kernel else { return }
    while let parcel = kernel.pointee.fromKernel.peek() {
      io.free(Packet(owning: parcel.pointee.packet))
      kernel.pointee.fromKernel.consume(1)
    }
    while let parcel = kernel.pointee.toKernel.peek() {
      io.free(Packet(owning: parcel.pointee.packet))
      kernel.pointee.toKernel.consume(1)
    }
    kernelEmpties = 0
  }
}

extension Worker where Port: ~Copyable, E: ~Copyable, C: ~Copyable {
  /// Takes all buffers back from the kernel path at the end of a run. The thread on the other side has ended.
  public mutating func closeKernelPath<W>() where E == TrafficEngine<W> { engine.closeKernelPath(&io) }
}

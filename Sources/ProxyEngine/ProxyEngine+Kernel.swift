/// What is neither the proxy's nor for nobody goes to the kernel, by the door of the port that it came in at (`KernelDoor`).
extension ProxyEngine {
  @inline(never)
  mutating func pass<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ reason: DropReason, _ io: inout PacketQueue<Port>) {
    if isBack(packet) { backKernel.pass(packet, reason, &io) } else { frontKernel.pass(packet, reason, &io) }
  }

  @inline(never)
  mutating func passOrFree<Port: PacketPort & ~Copyable>(_ packet: consuming Packet, _ io: inout PacketQueue<Port>) {
    if isBack(packet) { backKernel.passOrFree(packet, &io) } else { frontKernel.passOrFree(packet, &io) }
  }

  @inline(never)
  mutating func passUnreadable<Port: PacketPort & ~Copyable>(
    _ failure: ParseFailure, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    if isBack(packet) { backKernel.passUnreadable(failure, packet, &io) } else { frontKernel.passUnreadable(failure, packet, &io) }
  }

  /// A segment that no worker has a connection for, to the port's own address, but to none where clients are accepted.
  @inline(never)
  mutating func isKernels(_ segment: UnsafePointer<TCPSegment>, _ packet: borrowing Packet) -> Bool {
    if isBack(packet) { return backKernel.isOpen && segment.pointee.destination == back.address }
    return frontKernel.isOpen && segment.pointee.destination == front.address && !listeners.has(segment.pointee.destinationPort)
  }

  /// Whether a frame came in where servers are and clients are not.
  @inline(always)
  func isBack(_ packet: borrowing Packet) -> Bool { isSplit && packet.side == 1 }
}

extension Worker where Port: ~Copyable, E: ~Copyable, C: ~Copyable {
  /// Takes all buffers back from the kernel paths at the end of a run. The threads on the other sides have ended.
  public mutating func closeKernelPaths<Rule, Inspector>() where E == ProxyEngine<Rule, Inspector> {
    engine.frontKernel.close(&io)
    engine.backKernel.close(&io)
  }
}

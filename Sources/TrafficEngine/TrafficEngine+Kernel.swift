/// Which segments are the kernel's, where there is a way to it (`KernelDoor`).
extension TrafficEngine {
  /// A segment without a connection of ours: one to a port where we listen, or to an address that is ours alone, we refuse ourselves; the
  /// kernel knows the others, or refuses them.
  @inline(always)
  func isKernels(_ segment: UnsafePointer<TCPSegment>) -> Bool {
    let address = segment.pointee.destination
    if address == listeners.address { return !listeners.has(segment.pointee.destinationPort) }
    return !isOurs(address)
  }
}

extension Worker where Port: ~Copyable, E: ~Copyable, C: ~Copyable {
  /// Takes all buffers back from the kernel path at the end of a run. The thread on the other side has ended.
  public mutating func closeKernelPath<W>() where E == TrafficEngine<W> { engine.kernel.close(&io) }
}

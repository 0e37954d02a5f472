import CPacket

/// The payload callback: sees what passes, may change it in place, and may end the connection.
extension ProxyEngine {
  /// Shows a payload to the inspector. True: the connection ends here.
  @inline(always)
  func inspectsEnd(
    _ leg: Leg, _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ segment: UnsafePointer<TCPSegment>,
    _ frame: UnsafeMutableRawPointer, _ sequence: SequenceNumber
  ) -> Bool {
    if Inspector.self == NoInspector.self || segment.pointee.payloadLength == 0 { return false }
    let bytes = frame + Int(segment.pointee.payloadOffset)
    let count = Int(segment.pointee.payloadLength)
    let first = leg == .client ? connection.pointee.clientStart : connection.pointee.serverStart
    // The number of a SYN is its own.
    let sequence = segment.pointee.flags.has(.syn) ? sequence + 1 : sequence
    let before = sum(bytes, count)
    let payload = InspectedPayload(
      bytes: bytes, count: count, offset: sequence.distance(from: first), target: connection.pointee.target)
    let state = inspections.base + Int(slot)
    let verdict = leg == .client ? inspector.fromClient(payload, &state.pointee) : inspector.fromServer(payload, &state.pointee)
    if verdict == .changed { resum(frame, segment, before: before, after: sum(bytes, count)) }
    return verdict == .end
  }

  /// Shows it a part of what was held, which goes in a segment of the proxy's own. True: the connection ends here.
  @inline(always)
  func inspectsEndOfHeld(
    _ connection: UnsafeMutablePointer<ProxyConnection>, _ slot: UInt32, _ bytes: UnsafeMutableRawPointer, _ count: UInt32,
    offset: UInt32
  ) -> Bool {
    if Inspector.self == NoInspector.self || count == 0 { return false }
    let payload = InspectedPayload(bytes: bytes, count: Int(count), offset: offset, target: connection.pointee.target)
    return inspector.fromClient(payload, &inspections.base[Int(slot)]) == .end
  }

  /// Lets other octets take the place of what is held, which is acknowledged with that (`noteReplaced`).
  /// False: there was no packet for them.
  mutating func replaceRequest<Port: PacketPort & ~Copyable>(_ slot: UInt32, _ io: inout PacketQueue<Port>) -> Bool {
    if Inspector.self == NoInspector.self { return true }
    let connection = connections.base + Int(slot)
    let binding = bindings.base + Int(connection.pointee.binding)
    let old = binding.pointee.count
    guard old > 0, binding.pointee.answered == 0 else { return true }
    let request = InspectedPayload(
      bytes: UnsafeMutableRawPointer(mutating: heldTogether(binding)), count: Int(old), offset: 0, target: connection.pointee.target)
    let place = UnsafeMutableRawPointer(replacement.base)
    guard let written = inspector.replaceRequest(request, at: place, room: replacement.count), written >= 0, written <= replacement.count
    else { return true }
    guard let (first, last) = newParts(place, count: written, &io) else { return false }
    discard(binding)
    binding.pointee.first = first
    binding.pointee.last = last
    binding.pointee.count = UInt32(truncatingIfNeeded: written)
    noteReplaced(slot, insteadOf: old, &io)
    return true
  }

  @inline(always)
  private func sum(_ bytes: UnsafeRawPointer, _ count: Int) -> ChecksumSum {
    var sum = ChecksumSum()
    sum.add(bytes, count: count)
    return sum
  }

  /// The segment's sum follows its payload (RFC 1624). A TCP header is whole words long: no octet changes its half.
  @inline(always)
  private func resum(
    _ frame: UnsafeMutableRawPointer, _ segment: UnsafePointer<TCPSegment>, before: ChecksumSum, after: ChecksumSum
  ) {
    let field = HeaderRewriter.tcpOffset(frame) &+ 16
    var sum = ChecksumSum(UInt64(~UnsafeRawPointer(frame).native16(field)))
    sum.add(UInt64(~before.folded))
    sum.add(UInt64(after.folded))
    frame.store(sum.field, at: field)
  }
}

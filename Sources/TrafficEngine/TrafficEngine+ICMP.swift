/// What ICMP says of segments of ours: a path that carries less than our link (RFC 1191), and errors, of which nearly all are passing ones
/// (RFC 5461). None is believed that is not about a segment in flight (RFC 5927 4.1).
extension TrafficEngine {
  @inline(never)
  mutating func receiveICMPError<Port: PacketPort & ~Copyable>(
    _ error: ICMPError, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    guard let handle = find(flowHash(error.key), error.key) else { return passICMPError(error, packet, &io) }
    guard handle & TimeWaitPool.flag == 0, error.receiver == error.key.destination, connections.base[Int(handle)].isInFlight(error.sequence)
    else {
      return drop(packet, .icmpUnproven, &io)
    }
    io.free(packet)
    statistics.add(Self.counter(error.kind))
    let state = connections.base[Int(handle)].state
    switch error.kind {
    case .fragmentationNeeded(let mtu): pathNarrowed(handle, mtu, error.packetLength, &io)
    // RFC 1122 4.2.3.9 would have a connection aborted by these two; RFC 5927 5.2 only while it is not yet established.
    case .protocolUnreachable where state == .synSent, .portUnreachable where state == .synSent: release(handle, .refused)
    default: break
    }
  }

  /// About a connection that is not here: another worker's, or the kernel's.
  private mutating func passICMPError<Port: PacketPort & ~Copyable>(
    _ error: ICMPError, _ packet: consuming Packet, _ io: inout PacketQueue<Port>
  ) {
    var segment = TCPSegment(error.key)
    if isOurs(error.key.destination), let other = crossing.otherOwner(of: &segment) {
      return handOver(packet, to: other.worker, hops: other.hops, &io)
    }
    kernel.pass(packet, .icmpUnanswered, &io)
  }

  private mutating func pathNarrowed<Port: PacketPort & ~Copyable>(
    _ slot: UInt32, _ nextHop: UInt16, _ packetLength: UInt16, _ io: inout PacketQueue<Port>
  ) {
    let connection = connections.base + Int(slot)
    guard connection.pointee.state.ordinal >= TCPState.established.ordinal,
      let mtu = PathMTU.estimate(nextHop, packetLength: packetLength)
    else { return }
    let size = connection.pointee.segmentSize(forPathMTU: mtu)
    guard size < connection.pointee.segmentSize else { return }
    statistics.add(.pathMtuLowered)
    // Without a structure to recover with, the retransmission timer finds the segments that were too long.
    guard connection.pointee.flags.has(.cold) || makeCold(slot) else {
      connection.pointee.segmentSize = size
      return
    }
    connection.pointee.narrow(to: size, recovery(slot), parameters, now: moment)
    var spare: Packet?
    _ = sendCold(slot, connection.pointee.role, &spare, &io)
    rearmCold(slot)
  }

  private static func counter(_ kind: ICMPError.Kind) -> WorkerGauge {
    switch kind {
    case .fragmentationNeeded: .icmpFragmentationNeeded
    case .networkUnreachable: .icmpNetworkUnreachable
    case .hostUnreachable: .icmpHostUnreachable
    case .protocolUnreachable: .icmpProtocolUnreachable
    case .portUnreachable: .icmpPortUnreachable
    case .prohibited: .icmpProhibited
    case .otherwiseUnreachable: .icmpOtherwiseUnreachable
    case .timeExceeded: .icmpTimeExceeded
    case .parameterProblem: .icmpParameterProblem
    }
  }
}

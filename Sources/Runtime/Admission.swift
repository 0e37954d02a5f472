import CPacket

/// What a worker does to a burst before its engine sees it, where there is anything to do: frames of several buffers, and on a VLAN its tag.
extension Worker where Port: ~Copyable, E: ~Copyable, C: ~Copyable {
  /// Drops the frames of the burst that are longer than a buffer, which a driver hands on as a chain of them, and those that are not of our
  /// VLAN, and takes the tag off the others. How many are left.
  @inline(never)
  mutating func admit(_ count: Int) -> Int {
    var kept = 0
    for index in 0..<count {
      let packet = burst[index]
      guard packet.pointee.nb_segs == 1 else {
        turnAway(packet, .frameTooLong)
        continue
      }
      if let tag = io.tag(of: packet) {
        guard tag.isOn(packet_data(packet), count: Int(packet.pointee.data_len)) else {
          turnAway(packet, .otherVlan)
          continue
        }
        packet.removeTag()
      }
      burst[kept] = packet
      kept &+= 1
    }
    return kept
  }

  private mutating func turnAway(_ packet: PacketPointer, _ reason: DropReason) {
    statistics.dropped(reason)
    io.free(Packet(owning: packet))
  }
}

extension PacketPointer {
  fileprivate func removeTag() {
    VLANTag.remove(from: packet_data(self))
    pointee.data_off &+= UInt16(VLANTag.length)
    packet_set_length(self, pointee.pkt_len &- UInt32(VLANTag.length))
  }

  /// The headroom of a buffer has place for it.
  func insert(_ tag: VLANTag) {
    tag.insert(into: packet_data(self))
    pointee.data_off &-= UInt16(VLANTag.length)
    packet_set_length(self, pointee.pkt_len &+ UInt32(VLANTag.length))
  }
}

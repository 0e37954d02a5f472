import CPacket

@testable import TCPEngine

/// A frame as octets, read by the parser, or written from a template segment.
struct Frame {
  var octets: [UInt8]
  var segment = TCPSegment()

  /// Nil when it is not a readable TCP frame.
  init?(_ octets: [UInt8]) {
    self.octets = octets
    var segment = TCPSegment()
    let kind = octets.withUnsafeBytes { FrameParser.parse($0.baseAddress!, count: $0.count, verify: .software, into: &segment) }
    guard case .tcp = kind else { return nil }
    self.segment = segment
  }

  init(_ segment: TCPSegment, payload: [UInt8] = [], to mac: MACAddress, from source: MACAddress = MACAddress(0x02_00_00_00_00_99)) {
    self.segment = segment
    self.segment.payloadLength = UInt16(payload.count)
    octets = Array(repeating: 0, count: 2048)
    let template = self.segment
    let length = octets.withUnsafeMutableBytes { bytes in
      LinkHeader(destination: mac, source: source).store(to: bytes.baseAddress!)
      let offset = FrameWriter.plainPayloadOffset + template.options.encodedLength
      for (index, octet) in payload.enumerated() { bytes[offset + index] = octet }
      return FrameWriter.write(template, to: bytes.baseAddress!)
    }
    octets.removeSubrange(length...)
  }
}

extension MemoryPort {
  /// A frame of a test's goes out, if there is a buffer.
  func put(_ octets: [UInt8]) {
    guard let packet = allocate() else { return }
    packet.bytes.copyMemory(from: octets, byteCount: octets.count)
    packet.length = octets.count
    var pointer = packet.release()
    _ = transmit(&pointer, count: 1)
  }

  /// The frames that have come, TCP or not.
  func takeAll() -> [[UInt8]] {
    var frames: [[UInt8]] = []
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while receive(place, count: 1) == 1 {
      let packet = Packet(owning: place[0])
      frames.append(Array(UnsafeRawBufferPointer(start: packet.bytes, count: packet.length)))
      free(packet)
    }
    return frames
  }
}

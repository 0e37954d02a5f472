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

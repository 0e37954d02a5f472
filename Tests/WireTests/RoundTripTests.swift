import Testing

@testable import TCPEngine

@Suite struct RoundTripTests {
  static let link = LinkHeader(destination: MACAddress(0x02_11_22_33_44_55), source: MACAddress(0x02_66_77_88_99_aa))

  static func options(_ present: UInt8, _ random: inout SeededRandom) -> TCPOptions {
    var options = TCPOptions()
    options.present = TCPOptions.Present(rawValue: present)
    if options.present.contains(.maximumSegmentSize) { options.maximumSegmentSize = .random(in: .min ... .max, using: &random) }
    if options.present.contains(.windowScale) { options.windowScale = .random(in: 0...14, using: &random) }
    if options.present.contains(.timestamps) {
      options.timestampValue = .random(in: .min ... .max, using: &random)
      options.timestampEcho = .random(in: .min ... .max, using: &random)
    }
    return options
  }

  static func segment(_ options: TCPOptions, payload: Int, _ random: inout SeededRandom) -> TCPSegment {
    var segment = TCPSegment()
    segment.source = IPv4Address(.random(in: .min ... .max, using: &random))
    segment.destination = IPv4Address(.random(in: .min ... .max, using: &random))
    segment.sourcePort = .random(in: .min ... .max, using: &random)
    segment.destinationPort = .random(in: .min ... .max, using: &random)
    segment.sequence = SequenceNumber(.random(in: .min ... .max, using: &random))
    segment.acknowledgment = SequenceNumber(.random(in: .min ... .max, using: &random))
    segment.flags = TCPFlags(rawValue: .random(in: .min ... .max, using: &random))
    segment.window = .random(in: .min ... .max, using: &random)
    segment.payloadLength = UInt16(payload)
    segment.options = options
    return segment
  }

  /// Writes into memory that ends with the frame, over garbage, as into a buffer used before.
  static func write(_ segment: TCPSegment, payload: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    let headers = FrameWriter.plainPayloadOffset + segment.options.encodedLength
    let memory = GuardedMemory(randomOctets(headers, &random) + payload)
    link.store(to: memory.bytes)
    #expect(FrameWriter.write(segment, to: memory.bytes) == memory.count)
    return Array(UnsafeRawBufferPointer(start: memory.bytes, count: memory.count))
  }

  @Test(arguments: 0...15 as ClosedRange<UInt8>)
  func whatIsWrittenIsRead(present: UInt8) {
    var random = SeededRandom(seed: UInt64(present))
    for size in Array(0...100) + [1460] {
      let payload = randomOctets(size, &random)
      let written = Self.segment(Self.options(present, &random), payload: size, &random)
      let octets = Self.write(written, payload: payload, &random)
      let (kind, read) = parse(octets)
      #expect(kind.isTCP)
      #expect(read.source == written.source && read.destination == written.destination)
      #expect(read.sourcePort == written.sourcePort && read.destinationPort == written.destinationPort)
      #expect(read.sequence == written.sequence && read.acknowledgment == written.acknowledgment)
      #expect(read.flags == written.flags && read.window == written.window && read.options == written.options)
      #expect(
        Int(read.payloadOffset) == FrameWriter.plainPayloadOffset + written.options.encodedLength
          && read.payloadLength == written.payloadLength)
      #expect(Array(octets[Int(read.payloadOffset)...]) == payload)
      #expect(written.options.encodedLength % 4 == 0 && written.options.encodedLength <= 20)
    }
  }

  @Test(arguments: 0...15 as ClosedRange<UInt8>)
  func theChecksumsAreThoseOfThePlainImplementation(present: UInt8) {
    var random = SeededRandom(seed: 100 + UInt64(present))
    for size in [0, 1, 2, 15, 16, 1460] {
      let segment = Self.segment(Self.options(present, &random), payload: size, &random)
      let octets = Self.write(segment, payload: randomOctets(size, &random), &random)
      var again = RawFrame()
      again.octets = octets
      again.setChecksums()
      #expect(again.octets == octets)
    }
  }

  @Test func fieldsThatAreNotInTheSegmentHaveFixedValues() {
    var random = SeededRandom(seed: 5)
    let octets = Self.write(Self.segment(TCPOptions(), payload: 0, &random), payload: [], &random)
    #expect(Array(octets[0..<14]) == [0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x02, 0x66, 0x77, 0x88, 0x99, 0xaa, 0x08, 0x00])
    // Version and length, service 0, total length, identification 0, Don't Fragment, time to live, protocol.
    #expect(Array(octets[14..<24]) == [0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6])
    #expect(octets[46] == 0x50)
    #expect(Array(octets[52..<54]) == [0, 0])
  }

  @Test func paddingBehindThePacketIsIgnored() {
    let frame = RawFrame(payload: [1, 2, 3])
    let (kind, segment) = parse(frame.octets + [UInt8](repeating: 0xee, count: 20))
    #expect(kind.isTCP)
    #expect(segment.payloadLength == 3)
  }

  @Test(arguments: 0...10)
  func ipOptionsAreSkipped(words: Int) {
    let frame = RawFrame(ipOptions: [UInt8](repeating: 1, count: words * 4), tcpOptions: [1, 3, 3, 7], payload: [9, 8, 7])
    let (kind, segment) = parse(frame.octets)
    #expect(kind.isTCP)
    #expect(segment.source == IPv4Address("10.1.2.3") && segment.destination == IPv4Address("192.168.77.88"))
    #expect(segment.sourcePort == 0x9c41 && segment.destinationPort == 443)
    #expect(segment.sequence.rawValue == 0xdead_beef && segment.acknowledgment.rawValue == 0xcafe_f00d)
    #expect(segment.flags == [.psh, .ack] && segment.window == 0xabcd)
    #expect(Int(segment.payloadOffset) == 14 + 20 + words * 4 + 24 && segment.payloadLength == 3)
    #expect(segment.options.windowScale == 7)
  }

  @Test func theLongestHeadersAndTheLongestPacket() {
    let longest = 65_535 - 120
    let frame = RawFrame(
      ipOptions: [UInt8](repeating: 1, count: 40), tcpOptions: [UInt8](repeating: 1, count: 40),
      payload: [UInt8](repeating: 0xa5, count: longest))
    let (kind, segment) = parse(frame.octets)
    #expect(kind.isTCP)
    #expect(segment.payloadOffset == 134 && Int(segment.payloadLength) == longest)
  }

  @Test func lengthCountsSynAndFin() {
    var segment = TCPSegment()
    segment.payloadLength = 100
    for (flags, length) in [([], 100), ([.syn], 101), ([.fin, .ack], 101), ([.syn, .fin], 102), ([.rst, .psh, .urg], 100)]
      as [(TCPFlags, UInt32)]
    {
      segment.flags = flags
      #expect(segment.length == length)
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct ParseFailureTests {
  /// A valid frame with one thing wrong with it and the sums right, unless they are what is wrong.
  static func frame(_ failure: ParseFailure) -> [UInt8] {
    var frame = RawFrame(tcpOptions: [2, 4, 5, 180], payload: [1, 2, 3])
    switch failure {
    case .frameTooShort: return Array(frame.octets[..<33])
    case .unknownEtherType: frame.set(12, 0x86dd)
    case .ipHeaderInvalid: frame.octets[14] = 0x65
    case .ipTruncated: frame.octets.removeLast()
    case .ipChecksum: frame.octets[24] ^= 1
    case .ipFragment:
      frame.octets[20] |= 0x20
      frame.setIPChecksum()
    case .unknownProtocol:
      frame.octets[23] = 17
      frame.setIPChecksum()
    case .tcpHeaderInvalid:
      frame.octets[frame.tcp + 12] = 0x40
      frame.setChecksums()
    case .tcpOptionsInvalid:
      frame.octets[frame.tcp + 21] = 0
      frame.setChecksums()
    case .tcpChecksum: frame.octets[frame.tcp + 4] ^= 0x10
    }
    return frame.octets
  }

  @Test(arguments: ParseFailure.allCases)
  func eachIsReached(failure: ParseFailure) {
    #expect(parse(Self.frame(failure)).kind.failure == failure)
  }

  @Test func sumsAreLeftToThePortWhenItChecksThem() {
    #expect(parse(Self.frame(.ipChecksum), verify: .byPort).kind.isTCP)
    #expect(parse(Self.frame(.tcpChecksum), verify: .byPort).kind.isTCP)
  }

  @Test func theHeadersSumAloneIsChecked() {
    #expect(parse(Self.frame(.ipChecksum), verify: .headerOnly).kind.failure == .ipChecksum)
    #expect(parse(Self.frame(.tcpChecksum), verify: .headerOnly).kind.isTCP)
  }

  @Test func aSumOfThePseudoHeaderAloneIsRecognised() {
    for payload in [[], [1], [1, 2, 3, 4, 5, 6, 7, 8]] as [[UInt8]] {
      var frame = RawFrame(tcpOptions: [2, 4, 5, 180], payload: payload)
      let length = frame.octets.count - frame.tcp
      let pseudoHeader = frame.octets[26..<34] + [0, 6, UInt8(length >> 8), UInt8(length & 255)]
      frame.set(frame.tcp + 16, ~plainChecksum(pseudoHeader))  // as Linux leaves it: not complemented
      #expect(parse(frame.octets).kind.failure == .tcpChecksum)
      var segment = TCPSegment()
      var memory = GuardedMemory(frame.octets)
      #expect(FrameParser.parseUnsummed(memory.bytes, count: memory.count, into: &segment))
      #expect(Int(segment.payloadLength) == payload.count && segment.options.maximumSegmentSize == 1460)
      frame.octets[frame.tcp + 17] ^= 1
      memory = GuardedMemory(frame.octets)
      #expect(!FrameParser.parseUnsummed(memory.bytes, count: memory.count, into: &segment))
      frame.setChecksums()
      memory = GuardedMemory(frame.octets)
      #expect(!FrameParser.parseUnsummed(memory.bytes, count: memory.count, into: &segment), "a whole sum is another")
    }
  }

  @Test func framesThatAreNotForTheParser() {
    var arp = [UInt8](repeating: 0, count: 60)
    arp[12] = 0x08
    arp[13] = 0x06
    #expect(parse(arp).kind.isARP)
    #expect(parse(Array(arp[..<20])).kind.failure == .frameTooShort)
    var icmp = RawFrame()
    icmp.octets[23] = 1
    icmp.setIPChecksum()
    #expect(parse(icmp.octets).kind.isICMP)
    for count in 0..<14 { #expect(parse([UInt8](repeating: 0, count: count)).kind.failure == .frameTooShort) }
    #expect(parse([UInt8](repeating: 0, count: 14)).kind.failure == .unknownEtherType)
  }

  @Test func everyIPHeaderLengthBelowFiveWords() {
    for length in 0..<5 as Range<UInt8> {
      var frame = RawFrame()
      frame.octets[14] = 0x40 | length
      #expect(parse(frame.octets).kind.failure == .ipHeaderInvalid)
    }
  }

  @Test func everyTotalLength() {
    let valid = RawFrame(payload: [1, 2, 3, 4])
    for total in 0...200 as ClosedRange<UInt16> {
      var frame = valid
      frame.set(16, total)
      frame.setIPChecksum()
      frame.setChecksums()
      let expected: ParseFailure? =
        switch total {
        case ..<20: .ipTruncated
        case ..<40: .tcpHeaderInvalid
        case ...44: nil
        default: .ipTruncated
        }
      #expect(parse(frame.octets).kind.failure == expected, "total length \(total)")
    }
  }

  @Test func everyDataOffset() {
    for words in 0..<16 as Range<UInt8> {
      var frame = RawFrame(payload: [UInt8](repeating: 1, count: 12))
      frame.octets[frame.tcp + 12] = words << 4
      frame.setChecksums()
      let (kind, segment) = parse(frame.octets)
      #expect(kind.failure == ((5...8).contains(words) ? nil : .tcpHeaderInvalid))
      if kind.isTCP { #expect(Int(segment.payloadOffset) + Int(segment.payloadLength) == frame.octets.count) }
    }
  }

  @Test func everyFragmentField() {
    for field in UInt16.min...UInt16.max where field % 37 == 0 || field.nonzeroBitCount == 1 {
      var frame = RawFrame()
      frame.set(20, field)
      frame.setIPChecksum()
      #expect(parse(frame.octets).kind.failure == (field & 0x3fff == 0 ? nil : .ipFragment))
    }
  }

  private static let valid = [
    RawFrame(), RawFrame(payload: Array("GET / HTTP/1.0\r\n\r\n".utf8)),
    RawFrame(tcpOptions: [2, 4, 5, 180, 1, 3, 3, 7, 1, 1, 4, 2]),
    RawFrame(ipOptions: [1, 1, 1, 0], tcpOptions: [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8], payload: [7, 7, 7, 7, 7]),
    RawFrame(tcpOptions: [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7]),
  ]

  /// The memory ends where the frame was cut: a read beyond it ends the process.
  @Test(arguments: valid.indices)
  func everyTruncationIsRefused(index: Int) {
    let octets = Self.valid[index].octets
    for verify in [ChecksumVerification.software, .byPort] {
      #expect(parse(octets, verify: verify).kind.isTCP)
      for count in 0..<octets.count {
        let kind = parse(Array(octets[..<count]), verify: verify).kind
        #expect(kind.failure == .frameTooShort || kind.failure == .ipTruncated, "\(count) octets")
      }
    }
  }

  /// Cut, and the total length with it, so that the later checks are reached.
  @Test(arguments: valid.indices)
  func everyTruncationWithAMatchingLengthStaysInside(index: Int) {
    for count in 34..<Self.valid[index].octets.count {
      var frame = Self.valid[index]
      frame.octets.removeSubrange(count...)
      frame.set(16, UInt16(count - 14))
      let (kind, segment) = parse(frame.octets, verify: .byPort)
      if kind.isTCP { #expect(Int(segment.payloadOffset) + Int(segment.payloadLength) == count) }
    }
  }

  @Test(arguments: valid.indices)
  func everySingleBitFlipIsDetected(index: Int) {
    let padding = [UInt8](repeating: 0, count: 6)
    let octets = Self.valid[index].octets + padding
    for bit in 0..<octets.count * 8 {
      var spoilt = octets
      spoilt[bit / 8] ^= 0x80 >> UInt8(bit % 8)
      let addressOrPadding = bit / 8 < 12 || bit / 8 >= octets.count - padding.count
      #expect(parse(spoilt).kind.isTCP == addressOrPadding, "bit \(bit)")
    }
  }

  /// With the sums unchecked whatever arrives is read; nothing outside of the frame may be, and what is reported lies inside.
  @Test func noiseIsReadWithinItsBounds() {
    var random = SeededRandom(seed: 11)
    for round in 0..<20_000 {
      var octets = Self.valid[round % Self.valid.count].octets
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        octets[Int.random(in: 12..<octets.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      octets.removeLast(Int.random(in: 0...octets.count / 2, using: &random))
      let (kind, segment) = parse(octets, verify: .byPort)
      if kind.isTCP, Int(segment.payloadOffset) + Int(segment.payloadLength) > octets.count {
        Issue.record("a payload beyond the frame: \(octets)")
      }
    }
  }
}

import Testing

@testable import TCPEngine

@Suite struct ChecksumTests {
  private func sum(_ octets: [UInt8]) -> UInt16 {
    let memory = GuardedMemory(octets)
    var sum = ChecksumSum()
    sum.add(UnsafeRawPointer(memory.bytes), count: memory.count)
    return UInt16(bigEndian: sum.field)
  }

  @Test func theExampleOfRFC1071() {
    // Section 3: 00 01 f2 03 f4 f5 f6 f7 adds up to ddf2.
    #expect(sum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == ~0xddf2)
  }

  @Test func everyLengthOfRandomOctets() {
    var random = SeededRandom(seed: 1)
    for count in Array(0...200) + [1459, 1460, 1500, 9000, 65_535] {
      let octets = randomOctets(count, &random)
      #expect(sum(octets) == plainChecksum(octets), "\(count) octets")
    }
  }

  @Test(arguments: [0, 1, 7, 8, 15, 1460, 9001, 65_535])
  func carriesOfAllOnes(count: Int) {
    let octets = [UInt8](repeating: 0xff, count: count)
    #expect(sum(octets) == plainChecksum(octets))
  }

  @Test func registersAddUpToWhatMemoryDoes() {
    var random = SeededRandom(seed: 2)
    for _ in 0..<500 {
      let octets = randomOctets(14, &random)
      var sum = ChecksumSum()
      octets.withUnsafeBytes {
        sum.add($0.baseAddress!.native64(0))
        sum.add($0.baseAddress!.native32(8))
      }
      sum.add(field: UInt16(octets[12]) << 8 | UInt16(octets[13]))
      #expect(UInt16(bigEndian: sum.field) == plainChecksum(octets))
    }
  }

  @Test func theSumOverDataAndItsChecksumIsAllOnes() {
    var random = SeededRandom(seed: 3)
    for count in stride(from: 2, through: 120, by: 2) {
      var octets = randomOctets(count, &random)
      let checksum = plainChecksum(octets)
      octets += [UInt8(checksum >> 8), UInt8(checksum & 255)]
      #expect(sum(octets) == 0)
    }
  }

  @Test func multiplesOf65535AreWholeAndNothingElse() {
    var random = SeededRandom(seed: 5)
    let multiples: [UInt64] = [0xffff, 0x1_fffe, 0xffff_ffff, 0xffff_0000, .max, .max - 0xffff]
    for value in multiples {
      #expect(ChecksumSum(value).isWhole, "\(value)")
      for change: UInt64 in [1, 2, 0xfffe] { #expect(!ChecksumSum(value - change).isWhole, "\(value) - \(change)") }
    }
    for _ in 0..<10_000 {
      let value = random.next()
      #expect(ChecksumSum(value).isWhole == (value % 0xffff == 0))
      #expect(ChecksumSum(value - value % 0xffff).isWhole)
    }
  }

  @Test func wordsInOneGoAddUpToWhatTheyDoOneByOne() {
    var random = SeededRandom(seed: 6)
    let edges: [UInt64] = [0, 1, .max, .max - 1, 1 << 63, 0xffff_ffff]
    func word() -> UInt64 { random.next() % 2 == 0 ? random.next() : edges[Int(random.next() % 6)] }
    for _ in 0..<10_000 {
      let words = [word(), word(), word(), word() >> 1]
      var three = ChecksumSum(words[0])
      three.add(words[1])
      three.add(words[3])
      #expect(ChecksumSum(words[0], words[1], last: words[3]).folded == three.folded, "\(words)")
      var four = ChecksumSum(words[0])
      for other in words.dropFirst() { four.add(other) }
      #expect(ChecksumSum(words[0], words[1], words[2], last: words[3]).folded == four.folded, "\(words)")
    }
  }

  @Test func foldingTakesAnyRegister() {
    for value in [0, 1, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, .max, .max - 1, 0xffff_0000_ffff_0000] as [UInt64] {
      let expected = value == 0 ? 0 : (value - 1) % 0xffff + 1
      #expect(UInt64(ChecksumSum(value).folded) == expected)
    }
  }

  private func change(from old: UInt32, to new: UInt32) -> UInt16 {
    var sum = ChecksumSum(UInt64(~old))
    sum.add(new)
    return sum.folded
  }

  /// RFC 1624 section 3, against the sum taken anew.
  @Test func updateEqualsTheSumTakenAnew() {
    var random = SeededRandom(seed: 4)
    let corners: [UInt32] = [0, 1, 0xffff, 0xffff_0000, .max, 0x8000_0000, 0x5555_aaaa]
    for round in 0..<3000 {
      var octets = randomOctets(40, &random)
      let at = Int.random(in: 0...9, using: &random) * 4
      let new = round < corners.count ? corners[round] : UInt32.random(in: .min ... .max, using: &random)
      let before = plainChecksum(octets)
      let old = octets.withUnsafeBytes { $0.baseAddress!.native32(at) }
      octets.withUnsafeMutableBytes { $0.baseAddress!.store(new, at: at) }
      let updated = updatedChecksum(before.bigEndian, by: UInt32(change(from: old, to: new)))
      #expect(UInt16(bigEndian: updated) == plainChecksum(octets))
    }
  }

  /// RFC 1624 section 4: the case that equation 2 of RFC 1141 gets wrong.
  @Test func theExampleOfRFC1624() {
    let change = change(from: UInt32(0x5555_0000).bigEndian, to: UInt32(0x3285_0000).bigEndian)
    let updated = updatedChecksum(UInt16(0xdd2f).bigEndian, by: UInt32(change))
    #expect(UInt16(bigEndian: updated) == 0x0000)
  }
}

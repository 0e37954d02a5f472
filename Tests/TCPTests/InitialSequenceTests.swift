import Testing

@testable import TCPEngine

@Suite struct InitialSequenceTests {
  /// SipHash-c-d as its paper says it, octet by octet.
  static func sipHash(_ octets: [UInt8], key: [UInt8], compression: Int, finalization: Int) -> UInt64 {
    func word(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
    let k0 = word(key[0..<8])
    let k1 = word(key[8..<16])
    var v = [k0 ^ 0x736f_6d65_7073_6575, k1 ^ 0x646f_7261_6e64_6f6d, k0 ^ 0x6c79_6765_6e65_7261, k1 ^ 0x7465_6462_7974_6573]
    func round() {
      v[0] &+= v[1]
      v[1] = rotate(v[1], 13) ^ v[0]
      v[0] = rotate(v[0], 32)
      v[2] &+= v[3]
      v[3] = rotate(v[3], 16) ^ v[2]
      v[0] &+= v[3]
      v[3] = rotate(v[3], 21) ^ v[0]
      v[2] &+= v[1]
      v[1] = rotate(v[1], 17) ^ v[2]
      v[2] = rotate(v[2], 32)
    }
    var padded = octets
    while padded.count % 8 != 7 { padded.append(0) }
    padded.append(UInt8(octets.count & 255))
    for start in stride(from: 0, to: padded.count, by: 8) {
      let next = word(padded[start..<start + 8])
      v[3] ^= next
      for _ in 0..<compression { round() }
      v[0] ^= next
    }
    v[2] ^= 0xff
    for _ in 0..<finalization { round() }
    return v[0] ^ v[1] ^ v[2] ^ v[3]
  }

  static func littleEndian(_ word: UInt64, _ count: Int = 8) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
  }

  @Test func theReferenceIsSipHash() {
    // Aumasson, Bernstein: SipHash, appendix A: key 00..0f, input 00..0e.
    #expect(Self.sipHash(Array(0...14), key: Array(0...15), compression: 2, finalization: 4) == 0xa129_ca61_49be_45e5)
  }

  @Test func hashIsSipHash13OfTwelveOctets() {
    var random = SeededRandom(seed: 1)
    for _ in 0..<200 {
      let (key0, key1, first, second) = (random.next(), random.next(), random.next(), random.next() & 0xffff_ffff)
      let expected = Self.sipHash(
        Self.littleEndian(first) + Self.littleEndian(second, 4), key: Self.littleEndian(key0) + Self.littleEndian(key1), compression: 1,
        finalization: 3)
      #expect(InitialSequence(key0: key0, key1: key1).hash(first, second) == expected)
    }
  }

  static func number(_ generator: InitialSequence, port: UInt16 = 1024, remote: UInt32 = 2, at microseconds: UInt64) -> UInt32 {
    generator.number(
      FlowKey(source: IPv4Address(remote), sourcePort: 80, destination: IPv4Address(1), destinationPort: port),
      now: Moment(milliseconds: UInt32(truncatingIfNeeded: microseconds / 1_000), microseconds: microseconds)
    ).rawValue
  }

  @Test func theSamePairCountsFourMicroseconds() {
    let generator = InitialSequence(key0: 3, key1: 4)
    let first = Self.number(generator, at: 0)
    for elapsed in [0, 1, 3, 4, 5, 8, 1_000_000, 17_179_869_184, 17_179_869_188] as [UInt64] {
      #expect(Self.number(generator, at: elapsed) &- first == UInt32(truncatingIfNeeded: elapsed / 4))
    }
  }

  @Test func otherPairsDiffer() {
    let generator = InitialSequence(key0: 3, key1: 4)
    var numbers: Set<UInt32> = []
    var steps: Set<UInt32> = []
    var last: UInt32 = 0
    for port in 1024..<3024 as Range<UInt16> {
      let number = Self.number(generator, port: port, at: 0)
      numbers.insert(number)
      steps.insert(number &- last)
      last = number
    }
    #expect(numbers.count == 2000 && steps.count == 2000)
    #expect(Self.number(generator, remote: 3, at: 0) != Self.number(generator, remote: 2, at: 0))
    #expect(Self.number(InitialSequence(key0: 3, key1: 5), at: 0) != Self.number(generator, at: 0))
    // Every bit changes about half of the time.
    for bit in 0..<32 as Range<UInt32> {
      let set = numbers.count { $0 >> bit & 1 == 1 }
      #expect((850...1150).contains(set))
    }
  }
}

import CPacket
import Testing

@testable import TCPEngine

@Suite struct InitialSequenceTests {
  /// The octets that hexadecimal digits stand for, as two words of memory.
  static func words(_ digits: String) -> (UInt64, UInt64) {
    func word(_ digits: Substring) -> UInt64 { UInt64(digits, radix: 16)!.byteSwapped }
    return (word(digits.prefix(16)), word(digits.suffix(16)))
  }

  /// FIPS 197, appendices B and C.1; NIST SP 800-38A, F.1.1.
  @Test(arguments: [
    ("2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32"),
    ("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"),
    ("2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97"),
    ("2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51", "f5d3d58503b9699de785895a96fdbaaf"),
    ("2b7e151628aed2a6abf7158809cf4f3c", "30c81c46a35ce411e5fbc1191a0a52ef", "43b1cd7f598ece23881b00e3ed030688"),
    ("2b7e151628aed2a6abf7158809cf4f3c", "f69f2445df4f9b17ad2b417be66c3710", "7b0c785e27e8ad3f8223207104725dd4"),
  ])
  func aes(key: String, plain: String, cipher: String) {
    var schedule = aes_schedule()
    aes_expand(&schedule, Self.words(key).0, Self.words(key).1)
    let block = aes_encrypt(&schedule, Self.words(plain).0, Self.words(plain).1)
    #expect((block.low, block.high) == Self.words(cipher))
  }

  /// The number is the first 32 bits of the cipher of addresses and ports, as they lie in a frame that comes from the peer.
  @Test func numberIsAESOfThePair() {
    let (key0, key1) = Self.words("000102030405060708090a0b0c0d0e0f")
    let key = FlowKey(source: IPv4Address(0x0a00_0002), sourcePort: 80, destination: IPv4Address(0x0a00_0001), destinationPort: 1024)
    var schedule = aes_schedule()
    aes_expand(&schedule, key0, key1)
    let (low, high) = Self.words("0a0000020a0000010050040000000000")
    let expected = UInt32(truncatingIfNeeded: aes_encrypt(&schedule, low, high).low)
    #expect(InitialSequence(key0: key0, key1: key1).number(key, now: Moment(milliseconds: 0, microseconds: 0)).rawValue == expected)
  }

  static func number(_ generator: borrowing InitialSequence, port: UInt16 = 1024, remote: UInt32 = 2, at microseconds: UInt64) -> UInt32 {
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

  /// A later run with the same key goes on where the clock stands.
  @Test func theClockOutlastsARun() {
    let first = Self.number(InitialSequence(key0: 3, key1: 4, startMicroseconds: 1_000_000), at: 5_000_000)
    let second = Self.number(InitialSequence(key0: 3, key1: 4, startMicroseconds: 7_000_000), at: 0)
    #expect(second &- first == 250_000)
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

import Testing

@testable import TCPEngine

/// The IPv4 part of Microsoft's "Verifying the RSS Hash Calculation".
struct VerificationVector: Sendable {
  let source: IPv4Address
  let sourcePort: UInt16
  let destination: IPv4Address
  let destinationPort: UInt16
  let addressesOnly: UInt32
  let withPorts: UInt32

  init(
    _ source: String, _ sourcePort: UInt16, _ destination: String, _ destinationPort: UInt16, _ addressesOnly: UInt32, _ withPorts: UInt32
  ) {
    self.source = IPv4Address(source)!
    self.sourcePort = sourcePort
    self.destination = IPv4Address(destination)!
    self.destinationPort = destinationPort
    self.addressesOnly = addressesOnly
    self.withPorts = withPorts
  }

  static let all = [
    VerificationVector("66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e_8fc2, 0x51cc_c178),
    VerificationVector("199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718_262a, 0xc626_b0ea),
    VerificationVector("24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0_a5de, 0x5c2b_394a),
    VerificationVector("38.27.205.30", 48228, "209.142.163.6", 2217, 0x8298_9176, 0xafc7_327f),
    VerificationVector("153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d18_09c5, 0x10e8_28a2),
  ]
}

/// Octets as a port hashes them: source address, destination address, source port, destination port.
func hashInput(_ source: IPv4Address, _ destination: IPv4Address, _ ports: (UInt16, UInt16)?) -> [UInt8] {
  func octets(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
  let addresses = octets(source.rawValue) + octets(destination.rawValue)
  guard let ports else { return addresses }
  return addresses + octets(ports.0) + octets(ports.1)
}

/// Toeplitz bit by bit, the key as a register of bits that moves left by one for each bit of the input. Shares nothing with the library.
func toeplitzBitByBit(_ key: [UInt8], _ input: [UInt8]) -> UInt32 {
  func bits(_ octets: [UInt8]) -> [Bool] {
    octets.flatMap { octet in [128, 64, 32, 16, 8, 4, 2, 1].map { octet & $0 != 0 } }
  }
  var register = bits(key)
  var result = [Bool](repeating: false, count: 32)
  for bit in bits(input) {
    if bit { for i in 0..<32 { result[i] = result[i] != register[i] } }
    register.removeFirst()
    register.append(false)
  }
  return result.reduce(0) { sum, bit in sum << 1 | (bit ? 1 : 0) }
}

@Suite struct ToeplitzHashTests {
  @Test(arguments: VerificationVector.all)
  func verificationVectorsOfMicrosoft(vector: VerificationVector) {
    let key = RSSKey.microsoft
    let two = hashInput(vector.source, vector.destination, nil)
    let four = hashInput(vector.source, vector.destination, (vector.sourcePort, vector.destinationPort))
    #expect(toeplitzBitByBit(key.octets, two) == vector.addressesOnly)
    #expect(toeplitzBitByBit(key.octets, four) == vector.withPorts)
    #expect(key.hash(of: two) == vector.addressesOnly)
    #expect(key.hash(of: four) == vector.withPorts)

    let hash = ToeplitzHash(key: key)
    #expect(hash.value(source: vector.source, destination: vector.destination) == vector.addressesOnly)
    let tabled = hash.value(
      source: vector.source, sourcePort: vector.sourcePort, destination: vector.destination, destinationPort: vector.destinationPort)
    #expect(tabled == vector.withPorts)
  }

  @Test(arguments: [40, 52])
  func threeImplementationsAgreeOnRandomKeysAndPackets(keyLength: Int) throws {
    var random = SeededRandom(seed: UInt64(keyLength))
    for _ in 0..<3 {
      let key = try RSSKey((0..<keyLength).map { _ in UInt8.random(in: .min ... .max, using: &random) })
      let hash = ToeplitzHash(key: key)
      for _ in 0..<50 {
        let source = IPv4Address(.random(in: .min ... .max, using: &random))
        let destination = IPv4Address(.random(in: .min ... .max, using: &random))
        let ports = (UInt16.random(in: .min ... .max, using: &random), UInt16.random(in: .min ... .max, using: &random))
        let input = hashInput(source, destination, ports)
        let expected = toeplitzBitByBit(key.octets, input)
        let tabled = hash.value(source: source, sourcePort: ports.0, destination: destination, destinationPort: ports.1)
        #expect(key.hash(of: input) == expected)
        #expect(tabled == expected)
      }
    }
  }

  @Test func theLongestInputReachesTheEndOfTheKey() throws {
    var random = SeededRandom(seed: 7)
    let key = try RSSKey((0..<40).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    let input = (0..<36).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    #expect(key.hash(of: input) == toeplitzBitByBit(key.octets, input))
  }

  @Test(arguments: [0, 39, 41, 51, 53])
  func keysOfOtherLengthsAreRefused(count: Int) {
    #expect(throws: SteeringError.keyLength(count)) { try RSSKey([UInt8](repeating: 1, count: count)) }
  }
}

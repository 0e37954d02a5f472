import Testing

@testable import TCPEngine

/// What a leg's key is found by, and what its change adds to the sums.
@Suite struct KeyChangeTests {
  @Test func theKeysOfBothLegsLieWhereTheLookUpReadsThem() {
    #expect(MemoryLayout<ProxyConnection>.stride == 128)
    #expect(MemoryLayout<ProxyConnection>.offset(of: \.clientKey) == 0)
    #expect(MemoryLayout<ProxyConnection>.offset(of: \.serverKey) == ProxyConnection.keyDistance)
    #expect(MemoryLayout<FlowKey>.offset(of: \.addresses) == 0)
    #expect(MemoryLayout<FlowKey>.offset(of: \.ports) == 8)
  }

  /// Against sums over the whole: 10,000 keys, those of zeros and of ones among them.
  @Test func sumsAreThoseOfTheOtherLegsHeader() {
    var random = SeededRandom(seed: 21)
    for round in 0..<10_000 {
      var words = (0..<6).map { _ in random.next() }
      if round < 64 { for bit in 0..<6 { words[bit] = round >> bit & 1 == 0 ? 0 : .max } }
      let old = FlowKey(addresses: words[0], ports: UInt32(truncatingIfNeeded: words[1]))
      let new = FlowKey(addresses: words[2], ports: UInt32(truncatingIfNeeded: words[3]))
      let change = KeyChange(from: old, to: new)
      // The rest of a header, never all zeros: the protocol's number is in both.
      let rest = words[4] | 6
      expectSum(rest, old.addresses, 0, new.addresses, 0, change.addresses)
      expectSum(rest, old.addresses, old.ports, new.addresses, new.ports, change.key)
      // And back: the key of what goes the other way is turned around, which no sum can tell.
      expectSum(rest, new.addresses, 0, old.addresses, 0, change.reversed.addresses)
      expectSum(rest, new.addresses, new.ports, old.reversed.addresses, old.reversed.ports, change.reversed.key)
    }
  }

  private func expectSum(
    _ rest: UInt64, _ old: UInt64, _ oldPorts: UInt32, _ new: UInt64, _ newPorts: UInt32, _ change: UInt16,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var before = ChecksumSum(rest)
    before.add(old)
    before.add(oldPorts)
    var after = ChecksumSum(rest)
    after.add(new)
    after.add(newPorts)
    after.add(UInt64(updatedChecksum(before.field, by: change)))
    #expect(after.isWhole, sourceLocation: sourceLocation)
  }
}

import Testing

@testable import TCPEngine

/// What a leg's key is found by, and what it adds to the sums that a header becomes the other leg's.
@Suite struct HeaderChangeTests {
  @Test func theKeysOfBothLegsLieWhereTheLookUpReadsThem() {
    #expect(MemoryLayout<ProxyConnection>.stride == 128)
    #expect(MemoryLayout<ProxyConnection>.offset(of: \.clientKey) == 0)
    #expect(MemoryLayout<ProxyConnection>.offset(of: \.serverKey) == ProxyConnection.keyDistance)
    #expect(MemoryLayout<FlowKey>.offset(of: \.addresses) == 0)
    #expect(MemoryLayout<FlowKey>.offset(of: \.ports) == 8)
  }

  /// Against sums over the whole: 20,000 headers both ways, those of zeros and of ones among them, and numbers that begin again.
  @Test func sumsAreThoseOfTheOtherLegsHeader() {
    var random = SeededRandom(seed: 21)
    for round in 0..<20_000 {
      var words = (0..<9).map { _ in random.next() }
      if round < 512 { for bit in 0..<9 { words[bit] = round >> bit & 1 == 0 ? 0 : .max } }
      let old = FlowKey(addresses: words[0], ports: UInt32(truncatingIfNeeded: words[1]))
      let new = FlowKey(addresses: words[2], ports: UInt32(truncatingIfNeeded: words[3]))
      let shift = (UInt32(truncatingIfNeeded: words[5]), UInt32(truncatingIfNeeded: words[6]))
      var segment = TCPSegment(old)
      segment.sequence = SequenceNumber(UInt32(truncatingIfNeeded: words[7]))
      segment.acknowledgment = SequenceNumber(UInt32(truncatingIfNeeded: words[8]))
      // The rest of a header, never all zeros: the protocol's number is in both.
      let rest = words[4] | 6
      let change = HeaderChange(from: old, to: new, adding: shift.0, takingOff: shift.1)
      let there = expectSums(rest, segment, new, change, shift)
      // And back: the key of what goes the other way is turned around, which no sum can tell.
      let back = expectSums(rest, there, old, change.reversed, (shift.1, shift.0))
      #expect(back.sequence == segment.sequence + shift.0 + shift.1)
      expectSums(rest, segment, new, change.keepingAcknowledgment(of: shift.1), (shift.0, 0))
    }
  }

  /// Returns the segment that it becomes.
  @discardableResult
  private func expectSums(
    _ rest: UInt64, _ segment: TCPSegment, _ key: FlowKey, _ change: HeaderChange, _ shift: (UInt32, UInt32),
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> TCPSegment {
    let numbers = withUnsafePointer(to: segment) { TranslatedNumbers($0, adding: shift.0, takingOff: shift.1) }
    #expect(numbers.sequence == segment.sequence + shift.0, sourceLocation: sourceLocation)
    #expect(numbers.acknowledgment == segment.acknowledgment - shift.1, sourceLocation: sourceLocation)
    var after = TCPSegment(key)
    after.sequence = numbers.sequence
    after.acknowledgment = numbers.acknowledgment
    let header = updatedChecksum(sum(rest, segment.key.addresses, nil).field, by: UInt32(change.addresses))
    var whole = sum(rest, key.addresses, nil)
    whole.add(UInt64(header))
    #expect(whole.isWhole, sourceLocation: sourceLocation)
    let field = updatedChecksum(sum(rest, segment.key.addresses, segment).field, by: UInt32(change.segment) + numbers.wrap)
    whole = sum(rest, key.addresses, after)
    whole.add(UInt64(field))
    #expect(whole.isWhole, sourceLocation: sourceLocation)
    return after
  }

  private func sum(_ rest: UInt64, _ addresses: UInt64, _ segment: TCPSegment?) -> ChecksumSum {
    var sum = ChecksumSum(rest)
    sum.add(addresses)
    guard let segment else { return sum }
    sum.add(segment.key.ports)
    sum.add(segment.sequence.rawValue.bigEndian)
    sum.add(segment.acknowledgment.rawValue.bigEndian)
    return sum
  }
}

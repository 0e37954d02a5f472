@testable import TCPEngine

/// Octets that a reader is given, alone in memory that ends where they do, as the segments of a stream would bring them.
func withOctets<Result>(_ octets: some Collection<UInt8>, _ body: (UnsafeRawPointer, Int) throws -> Result) rethrows -> Result {
  let memory = GuardedMemory(octets)
  return try body(UnsafeRawPointer(memory.bytes), memory.count)
}

/// Rules of a test, whose memory is given back at its end.
final class Rules {
  private let set: RuleSet

  init(_ settings: [RuleSettings]) throws { set = try RuleSet(settings) }

  convenience init(_ settings: RuleSettings...) throws { try self.init(settings) }

  deinit { set.free() }

  func decide(_ octets: some Collection<UInt8>, isWhole: Bool = false) -> BindingDecision {
    withOctets(octets) {
      set.decide(FirstRequest(start: $0, count: $1, clientAddress: 0x0a00_0001, clientPort: 40_000, isWhole: isWhole))
    }
  }

  func decide(_ text: String, isWhole: Bool = false) -> BindingDecision { decide(Array(text.utf8), isWhole: isWhole) }

  /// What is decided when the octets come one by one; `needMore`: nothing, even at the last.
  func decideOneByOne(_ octets: [UInt8]) -> BindingDecision {
    for count in 0...octets.count {
      let decision = decide(octets[..<count])
      if decision != .needMore { return decision }
    }
    return .needMore
  }
}

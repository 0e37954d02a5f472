import Testing

@testable import TCPEngine

/// A look-up as an engine makes it: candidates by hash, confirmed by the key.
extension FlowTable {
  fileprivate func find(_ hash: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
    var bucket = start(hash)
    while true {
      var candidates = self.matches(hash, in: bucket)
      while candidates != 0 {
        let handle = handle(candidates, in: bucket)
        if matches(handle) { return handle }
        candidates &= candidates - 1
      }
      if !isFull(bucket) { return nil }
      bucket = after(bucket)
    }
  }
}

/// The table, and a dictionary that says what it has to hold. The keys lie with the handles, as in an engine.
private struct ModelledTable: ~Copyable {
  var table: FlowTable
  var model: [UInt64: UInt32] = [:]
  var keys: [UInt64]
  var freeHandles: [UInt32]
  let hash: @Sendable (UInt64) -> UInt32

  init(capacity: Int, hash: @escaping @Sendable (UInt64) -> UInt32) {
    table = FlowTable(capacity: capacity)
    keys = [UInt64](repeating: .max, count: capacity + 1)
    freeHandles = (0...UInt32(capacity)).reversed()
    self.hash = hash
  }

  func find(_ key: UInt64) -> UInt32? { table.find(hash(key)) { keys[Int($0)] == key } }

  /// Enters the key if it is not there, and takes it out otherwise.
  mutating func toggle(_ key: UInt64) {
    if let handle = model[key] {
      table.remove(hash(key), handle)
      model[key] = nil
      keys[Int(handle)] = .max
      freeHandles.append(handle)
      return
    }
    let handle = freeHandles.removeLast()
    let entered = table.insert(hash(key), handle)
    #expect(entered == (model.count < table.capacity))
    if entered {
      model[key] = handle
      keys[Int(handle)] = key
    } else {
      freeHandles.append(handle)
    }
  }

  /// Gives an entry another handle.
  mutating func move(_ key: UInt64) {
    guard let handle = model[key], let new = freeHandles.popLast() else { return }
    table.replace(hash(key), handle, with: new)
    keys[Int(new)] = key
    keys[Int(handle)] = .max
    model[key] = new
    freeHandles.append(handle)
  }

  func agrees(over keys: Range<UInt64>) -> Bool {
    table.count == model.count && keys.allSatisfy { find($0) == model[$0] }
  }
}

@Suite struct FlowTableTests {
  /// Hashes from well mixed to all the same; some pile up at the table's end, so that its entries wrap around.
  static let hashes: [@Sendable (UInt64) -> UInt32] = [
    { UInt32(truncatingIfNeeded: $0 &* 0x9e37_79b9_7f4a_7c15 >> 32) },
    { UInt32($0) },
    { _ in 7 },
    { _ in .max },
    { .max - UInt32($0 % 3) },
    { UInt32($0 % 2) << 31 | 0x0fff_ffff },
    { UInt32($0 % 7) &* 0x1111_1111 &- 3 },
    { UInt32($0) << 16 | 0xfffe },
  ]

  @Test(arguments: hashes.indices, [1, 5, 10, 11, 40, 100])
  func agreesWithADictionary(hash: Int, capacity: Int) {
    var random = SeededRandom(seed: UInt64(hash * 100 + capacity))
    var modelled = ModelledTable(capacity: capacity, hash: Self.hashes[hash])
    let keys = 0..<UInt64(capacity * 2)
    for _ in 0..<1500 {
      let key = keys.randomElement(using: &random)!
      if Int.random(in: 0..<4, using: &random) == 0 { modelled.move(key) } else { modelled.toggle(key) }
      if !modelled.agrees(over: keys) {
        Issue.record("the table and its model differ")
        return
      }
    }
    for (key, _) in modelled.model { modelled.toggle(key) }
    let emptied = modelled.table.count == 0 && modelled.agrees(over: keys)
    #expect(emptied)
  }

  @Test(arguments: [1, 10, 16, 1000])
  func aFullTableRefusesAndStillFinds(capacity: Int) {
    var modelled = ModelledTable(capacity: capacity, hash: Self.hashes[4])
    for key in 0..<UInt64(capacity) + 5 where modelled.model[key] == nil { modelled.toggle(key) }
    let full = modelled.table.count == capacity && modelled.agrees(over: 0..<UInt64(capacity) + 10)
    #expect(full)
  }

  @Test func aHashAloneIsNoMatch() {
    var table = FlowTable(capacity: 4)
    let entered = table.insert(5, 1) && table.insert(5, 2)
    #expect(entered)
    let second = table.find(5) { $0 == 2 }
    let none = table.find(5) { _ in false }
    let otherHash = table.find(6) { _ in true }
    #expect(second == 2 && none == nil && otherHash == nil)
  }

  @Test func theHighestHandle() {
    var table = FlowTable(capacity: 4)
    let entered = table.insert(9, .max - 1)
    let found = table.find(9) { _ in true }
    #expect(entered && found == .max - 1)
  }

  @Test(arguments: [5, 1000, 70_000])
  func hashesSpreadOverAllBuckets(capacity: Int) {
    let table = FlowTable(capacity: capacity)
    let size = UInt64(table.size)
    // The hash of each bucket's middle begins there.
    let begins = (0..<size).allSatisfy { table.start(UInt32(($0 << 32 + 1 << 31) / size)) == UInt32($0) }
    #expect(begins && table.start(.max) == UInt32(size - 1))
  }

  @Test func aBucketIsACacheLine() {
    let table = FlowTable(capacity: 1_000)
    let (first, second) = (table.address(of: 0), table.address(of: 1))
    #expect(second - first == 64 && UInt(bitPattern: first) % 64 == 0)
  }

  /// What 1,000,000 connections and more may take (12 octets at most of 128), and what the fewer of a usual run do.
  @Test(arguments: [(1_000, 24), (100_000, 16), (2_000_000, 10)])
  func octetsPerEntry(capacity: Int, most: Int) {
    let table = FlowTable(capacity: capacity)
    let octets = Int(table.size) * 64
    #expect(octets > capacity * 9 && octets <= capacity * most + 64)
  }
}

import Testing

@testable import TCPEngine

@Suite struct TableTests {
  @Test func memoryIsZeroedAgainAndAgain() {
    for _ in 0..<20 {
      let table = Table<UInt64>(count: 100_000)
      var wrong = 0
      for index in 0..<table.count where table[index] != 0 { wrong += 1 }
      #expect(wrong == 0)
      for index in 0..<table.count { table[index] = .max }
    }
  }

  @Test func elementsAreKeptAndPageAligned() {
    let table = Table<UInt16>(count: 3000)
    #expect(table.count == 3000)
    #expect(Int(bitPattern: table.base) % 4096 == 0)
    for index in 0..<3000 { table[index] = UInt16(index) }
    #expect((0..<3000).allSatisfy { table[$0] == UInt16($0) })
  }

  @Test func anEmptyTable() { #expect(Table<UInt64>(count: 0).count == 0) }
}

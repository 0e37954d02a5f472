import Testing

@testable import TCPEngine

@Suite struct RSSTableTests {
  @Test(arguments: [(128, 1), (128, 3), (128, 16), (512, 5), (512, 512)])
  func theDefaultNamesTheQueuesInTurn(size: Int, queues: Int) throws {
    let table = try RSSTable(size: size, queues: queues)
    #expect(table.size == size)
    #expect(table.queues == queues)
    for entry in 0..<size { #expect(table[entry] == entry % queues) }
  }

  @Test func theLowBitsOfTheHashChooseTheEntry() throws {
    let entries = (0..<128).map { UInt16($0 * 7 % 11) }
    let table = try RSSTable(entries: entries, queues: 11)
    var random = SeededRandom(seed: 1)
    for _ in 0..<1000 {
      let hash = UInt32.random(in: .min ... .max, using: &random)
      #expect(table.queue(ofHash: hash) == Int(entries[Int(hash % 128)]))
    }
  }

  @Test(arguments: VerificationVector.all)
  func aPacketArrivesWhereItsHashSays(vector: VerificationVector) throws {
    let table = try RSSTable(size: 512, queues: 6)
    let queue = table.queue(
      source: vector.source, sourcePort: vector.sourcePort, destination: vector.destination, destinationPort: vector.destinationPort)
    #expect(queue == Int(vector.withPorts & 511) % 6)
  }

  @Test func nonsenseIsRefused() {
    #expect(throws: SteeringError.redirectionTableSize(0)) { _ = try RSSTable(size: 0, queues: 1) }
    #expect(throws: SteeringError.redirectionTableSize(-1)) { _ = try RSSTable(size: -1, queues: 1) }
    #expect(throws: SteeringError.redirectionTableSize(100)) { _ = try RSSTable(size: 100, queues: 1) }
    #expect(throws: SteeringError.redirectionTableSize(8192)) { _ = try RSSTable(size: 8192, queues: 1) }
    #expect(throws: SteeringError.redirectionTableSize(3)) { _ = try RSSTable(entries: [0, 0, 0], queues: 1) }
    #expect(throws: SteeringError.noWorkers) { _ = try RSSTable(queues: 0) }
    #expect(throws: SteeringError.queueOutOfRange(128)) { _ = try RSSTable(queues: 129) }
    #expect(throws: SteeringError.queueOutOfRange(2)) { _ = try RSSTable(entries: [0, 1, 2, 0], queues: 2) }
  }
}

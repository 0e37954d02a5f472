import Foundation
import Testing

@testable import TCPEngine

/// Lets two threads name one queue.
private final class SharedQueue: Sendable {
  let queue: ChunkQueue<UInt64>
  init(capacity: Int) { queue = ChunkQueue(capacity: capacity) }
}

@Suite struct ChunkQueueTests {
  private static let chunk = ChunkQueue<Int>.chunkLength
  private static let batch = ChunkQueue<Int>.batchLength

  @Test func capacitiesAreRoundedUpToChunks() {
    for (asked, given) in [(1, 1), (Self.chunk, 1), (Self.chunk + 1, 2), (10 * Self.chunk - 1, 10)] {
      #expect(ChunkQueue<UInt16>(capacity: asked).capacity == given * Self.chunk + Self.batch)
    }
  }

  @Test func whatIsWrittenIsSeenOnceFlushed() {
    let queue = ChunkQueue<Int>(capacity: 1)
    queue.reserve()!.pointee = 5
    queue.flush()
    let reserved = queue.readable().count
    queue.commit()
    let committed = queue.readable().count
    queue.flush()
    let flushed = Array(queue.readable())
    #expect(reserved == 0 && committed == 0 && flushed == [5])
  }

  @Test func aFullBatchIsSeenWithTheNext() {
    let queue = ChunkQueue<Int>(capacity: 1)
    for value in 0..<2 * Self.batch { _ = queue.push(value) }
    let before = queue.readable().count
    _ = queue.push(2 * Self.batch)
    let after = Array(queue.readable())
    queue.flush()
    let all = Array(queue.readable())
    #expect(before == 0 && after == Array(0..<Self.batch) && all == Array(0...2 * Self.batch))
  }

  /// A batch that was handed over in parts comes once.
  @Test func aBatchInParts() {
    let queue = ChunkQueue<Int>(capacity: 1)
    var read: [Int] = []
    for value in 0..<3 * Self.batch {
      _ = queue.push(value)
      if value % 7 == 0 || value % Self.batch == Self.batch - 1 {
        queue.flush()
        queue.flush()
        read += queue.readable()
        queue.consume(queue.readable().count)
        #expect(read.count == value + 1)
      }
    }
    #expect(read == Array(0..<3 * Self.batch))
  }

  @Test(arguments: [1, 2, 3, 7])
  func fullAndEmptyAreReturnValues(chunks: Int) {
    let queue = ChunkQueue<Int>(capacity: chunks * Self.chunk)
    for round in 0..<3 {
      let empty = queue.readable().isEmpty
      #expect(empty)
      var pushed = 0
      while queue.push(round &* 1_000_000 + pushed) { pushed += 1 }
      let full = queue.reserve() == nil
      // What did not fit before lies at the start of a chunk now.
      #expect(pushed == queue.capacity - (round == 0 ? 0 : Self.batch) && full)
      var read: [Int] = []
      while true {
        queue.flush()
        if queue.readable().isEmpty { break }
        read += queue.readable()
        queue.consume(queue.readable().count)
      }
      #expect(read == (0..<pushed).map { round &* 1_000_000 + $0 })
    }
  }

  @Test func aPlaceIsFreeAgainOnlyWithItsChunk() {
    let queue = ChunkQueue<Int>(capacity: Self.chunk)
    for value in 0..<queue.capacity { _ = queue.push(value) }
    queue.consume(Self.chunk - 1)
    let stillFull = !queue.push(-1)
    queue.consume(1)
    let pushed = queue.push(-1)
    queue.flush()
    let read = Array(queue.readable())
    #expect(stillFull && pushed && read == Array(Self.chunk..<Self.chunk + Self.batch) + [-1])
  }

  @Test func agreesWithAnArray() {
    var random = SeededRandom(seed: 1)
    let queue = ChunkQueue<Int>(capacity: 3 * Self.chunk)
    var model: [Int] = []
    var value = 0
    for _ in 0..<2_000 {
      if Bool.random(using: &random) {
        for _ in 0..<Int.random(in: 0...Self.chunk, using: &random) where queue.push(value) {
          model.append(value)
          value += 1
        }
        #expect(model.count <= queue.capacity)
      } else {
        queue.flush()
        let run = Array(queue.readable())
        #expect(run == Array(model.prefix(run.count)) && run.isEmpty == model.isEmpty)
        let taken = Int.random(in: 0...run.count, using: &random)
        queue.consume(taken)
        model.removeFirst(taken)
      }
    }
    #expect(value > 100 * Self.chunk)
  }

  /// What it is for: a consumer that keeps up keeps the producer in the same memory, however large the queue is.
  @Test func theChunkThatCameBackLastIsFilledNext() {
    let queue = ChunkQueue<Int>(capacity: 100 * Self.chunk)
    var places: Set<UnsafePointer<Int>> = []
    for value in 0..<50 * Self.chunk {
      _ = queue.push(value)
      guard value % 64 == 63 else { continue }
      queue.flush()
      let run = queue.readable()
      for index in run.indices { places.insert(run.baseAddress! + index) }
      queue.consume(run.count)
    }
    #expect(places.count == Self.chunk)
  }

  @Test(arguments: [1, 16])
  func aMillionElementsFromThreadToThreadInOrder(chunks: Int) {
    let total: UInt64 = 1_000_000
    let shared = SharedQueue(capacity: chunks * Self.chunk)
    let producer = Thread {
      for value in 0..<total {
        while !shared.queue.push(value) { sched_yield() }
        if value % 1_000 == 0 { shared.queue.flush() }
      }
      shared.queue.flush()
    }
    producer.start()
    var expected: UInt64 = 0
    var wrong = 0
    while expected < total {
      let run = shared.queue.readable()
      if run.isEmpty { sched_yield() }
      for value in run {
        if value != expected { wrong += 1 }
        expected += 1
      }
      shared.queue.consume(run.count)
    }
    #expect(wrong == 0)
    let empty = shared.queue.readable().isEmpty
    #expect(empty)
  }
}

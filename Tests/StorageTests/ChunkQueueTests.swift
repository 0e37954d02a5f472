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

  @Test func capacitiesAreRoundedUpToChunks() {
    for (asked, given) in [(1, 1), (Self.chunk, 1), (Self.chunk + 1, 2), (10 * Self.chunk - 1, 10)] {
      #expect(ChunkQueue<UInt8>(capacity: asked).capacity == given * Self.chunk)
    }
  }

  @Test func whatIsReservedIsSeenOnlyOnceCommitted() {
    let queue = ChunkQueue<Int>(capacity: 1)
    queue.reserve()!.pointee = 5
    let before = queue.readable().count
    queue.commit()
    let after = Array(queue.readable())
    #expect(before == 0 && after == [5])
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
      #expect(pushed == queue.capacity && full)
      var read: [Int] = []
      while !queue.readable().isEmpty {
        read += queue.readable()
        queue.consume(queue.readable().count)
      }
      #expect(read == (0..<pushed).map { round &* 1_000_000 + $0 })
    }
  }

  @Test func aPlaceIsFreeAgainOnlyWithItsChunk() {
    let queue = ChunkQueue<Int>(capacity: Self.chunk)
    for value in 0..<Self.chunk { _ = queue.push(value) }
    queue.consume(Self.chunk - 1)
    let stillFull = !queue.push(-1)
    queue.consume(1)
    let pushed = queue.push(-1)
    let read = Array(queue.readable())
    #expect(stillFull && pushed && read == [-1])
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
    var places: Set<UnsafeMutablePointer<Int>> = []
    for value in 0..<50 * Self.chunk {
      places.insert(queue.reserve()!)
      _ = queue.push(value)
      if value % 64 == 63 { queue.consume(queue.readable().count) }
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
      }
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

import Foundation
import Testing

@testable import TCPEngine

/// Lets two threads name one ring.
private final class SharedRing: Sendable {
  let ring: SPSCRing<UInt64>
  init(capacity: Int) { ring = SPSCRing(capacity: capacity) }
}

@Suite struct SPSCRingTests {
  @Test func capacitiesAreRoundedUp() {
    for (asked, given) in [(1, 2), (2, 2), (3, 4), (64, 64), (65, 128)] {
      #expect(SPSCRing<UInt8>(capacity: asked).capacity == given)
    }
  }

  @Test func fullAndEmptyAreReturnValues() {
    let ring = SPSCRing<Int>(capacity: 4)
    for round in 0..<10 {
      let empty = ring.peek() == nil && ring.readable().isEmpty
      #expect(empty)
      for value in 0..<4 {
        let pushed = ring.push(round * 4 + value)
        #expect(pushed)
      }
      let full = !ring.push(-1) && ring.reserve() == nil
      #expect(full)
      for value in 0..<4 {
        let first = ring.peek()?.pointee
        let again = ring.peek()?.pointee
        #expect(first == round * 4 + value)
        #expect(again == first, "it stays until it is consumed")
        ring.consume(1)
      }
    }
  }

  @Test func whatIsReservedIsSeenOnlyOnceCommitted() {
    let ring = SPSCRing<Int>(capacity: 2)
    ring.reserve()!.pointee = 5
    let before = ring.peek()?.pointee
    ring.commit()
    let after = ring.peek()?.pointee
    #expect(before == nil && after == 5)
  }

  @Test func readableStopsWhereTheRingWraps() {
    let ring = SPSCRing<Int>(capacity: 4)
    for value in 0..<3 { _ = ring.push(value) }
    ring.consume(ring.readable().count)
    for value in 3..<7 { _ = ring.push(value) }
    var runs: [[Int]] = []
    for taken in [1, 2, 1] {
      runs.append(Array(ring.readable()))
      ring.consume(taken)
    }
    #expect(runs == [[3], [4, 5, 6], [6]])
  }

  @Test func agreesWithAnArray() {
    var random = SeededRandom(seed: 1)
    let ring = SPSCRing<Int>(capacity: 8)
    var model: [Int] = []
    for value in 0..<20_000 {
      if Bool.random(using: &random) {
        let pushed = ring.push(value)
        #expect(pushed == (model.count < 8))
        if pushed { model.append(value) }
      } else {
        let run = Array(ring.readable())
        #expect(run == Array(model.prefix(run.count)))
        let taken = Int.random(in: 0...run.count, using: &random)
        ring.consume(taken)
        model.removeFirst(taken)
      }
    }
  }

  @Test(arguments: [2, 1024])
  func aMillionElementsFromThreadToThreadInOrder(capacity: Int) {
    let total: UInt64 = capacity == 2 ? 100_000 : 1_000_000
    let shared = SharedRing(capacity: capacity)
    let producer = Thread {
      for value in 0..<total {
        while !shared.ring.push(value) { sched_yield() }
      }
    }
    producer.start()
    var expected: UInt64 = 0
    var wrong = 0
    while expected < total {
      let run = shared.ring.readable()
      if run.isEmpty { sched_yield() }
      for value in run {
        if value != expected { wrong += 1 }
        expected += 1
      }
      shared.ring.consume(run.count)
    }
    #expect(wrong == 0)
    let empty = shared.ring.peek() == nil
    #expect(empty)
  }
}

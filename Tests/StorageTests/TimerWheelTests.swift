import Testing

@testable import TCPEngine

private struct Node: TimerNode {
  var timerNext: UInt32 = 0
  var timerPrevious: UInt32 = 0
  var timerDue: UInt32 = 0
}

/// The wheel, and a plain list of what is due when. Times are milliseconds since `start`, which may let the wheel's own time wrap around.
private final class ModelledWheel {
  private let nodes: Table<Node>
  private var wheel: TimerWheel<Node>
  private let start: UInt32
  private var due: [UInt32: Int] = [:]
  /// The next millisecond that the wheel looks at.
  private(set) var position = 0

  init(capacity: Int, start: UInt32 = 0) {
    nodes = Table(count: capacity)
    wheel = TimerWheel(elements: nodes.base, now: start)
    self.start = start
  }

  private func wheelTime(_ time: Int) -> UInt32 { start &+ UInt32(truncatingIfNeeded: time) }

  func contains(_ handle: UInt32) -> Bool { due[handle] != nil }

  func schedule(_ handle: UInt32, due time: Int) {
    wheel.schedule(handle, due: wheelTime(time))
    due[handle] = max(time, position)
  }

  func cancel(_ handle: UInt32) {
    wheel.cancel(handle)
    due[handle] = nil
  }

  /// One element, as the wheel says; checked to be the first that is due.
  func pop(now: Int) -> UInt32? {
    let first = due.values.min()
    guard let handle = wheel.popDue(now: wheelTime(now)) else {
      #expect((first ?? .max) > now, "something was due at \(first!) and did not come at \(now)")
      position = max(position, now + 1)
      return nil
    }
    #expect(due[handle] == first && first! <= now, "\(handle), due at \(String(describing: due[handle])), came at \(now)")
    position = due[handle]!
    due[handle] = nil
    let left = !wheel.contains(handle)
    #expect(left)
    return handle
  }

  func advance(to now: Int) { while pop(now: now) != nil {} }

  func check() {
    #expect(wheel.count == due.count)
    let contained = due.keys.allSatisfy { wheel.contains($0) }
    #expect(contained)
    let bound = wheel.nextDue()
    #expect((bound == nil) == due.isEmpty)
    if let bound, let first = due.values.min() {
      let ahead = Int(bound &- wheelTime(position))
      #expect(ahead <= first - position, "nextDue is later than the truth")
    }
  }
}

@Suite struct TimerWheelTests {
  private static let handles: UInt32 = 60

  /// A time ahead on a random level: some milliseconds to some hours.
  private static func ahead(_ levels: Int, _ random: inout SeededRandom) -> Int {
    let bits = [3, 8, 9, 14, 15, 20, 21, 26, 27][Int.random(in: 0..<levels, using: &random)]
    return Int.random(in: 0...1 << bits, using: &random)
  }

  private static func run(_ modelled: ModelledWheel, rounds: Int, scheduleLevels: Int, advanceLevels: Int, _ random: inout SeededRandom) {
    var now = 0
    for _ in 0..<rounds {
      let handle = UInt32.random(in: 0..<handles, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        if modelled.contains(handle) { modelled.cancel(handle) }
        modelled.schedule(handle, due: now + ahead(scheduleLevels, &random))
      case 5: modelled.cancel(handle)
      case 6:
        if !modelled.contains(handle) { modelled.schedule(handle, due: now - Int.random(in: 0...1000, using: &random)) }
      case 7:
        // A turn that has time for one element only.
        now += ahead(advanceLevels, &random)
        _ = modelled.pop(now: now)
      default:
        now += ahead(advanceLevels, &random)
        modelled.advance(to: now)
      }
      modelled.check()
    }
    modelled.advance(to: now + 1 << 15)
    modelled.check()
  }

  /// Among the starts are those from which the 32 bits of the wheel's time wrap around on the way.
  @Test(arguments: [0, 1, 255, 256, 123_456_789, 0x7fff_ff00, 0x8000_0000, .max - 3000, .max - 255, .max] as [UInt32], [2, 5, 9])
  func agreesWithAListWhereTimeIsShort(start: UInt32, levels: Int) {
    var random = SeededRandom(seed: UInt64(start) + UInt64(levels))
    Self.run(ModelledWheel(capacity: Int(Self.handles), start: start), rounds: 1500, scheduleLevels: levels, advanceLevels: 2, &random)
  }

  @Test(arguments: [0, 77, .max - 1_000_000] as [UInt32])
  func agreesWithAListOverTheUpperLevels(start: UInt32) {
    var random = SeededRandom(seed: UInt64(start) + 1)
    Self.run(ModelledWheel(capacity: Int(Self.handles), start: start), rounds: 300, scheduleLevels: 9, advanceLevels: 5, &random)
  }

  /// Around each level's bounds, from positions around bucket bounds.
  @Test func aMillisecondMoreOrLessOnEveryLevel() {
    for start in [0, 1, 63, 255, 256, 257, 0x3fff, 0x4000, 0xf_ffff] as [UInt32] {
      for bits in [0, 8, 14] {
        for offset in -2...2 {
          let modelled = ModelledWheel(capacity: 1, start: start)
          let due = max(0, 1 << bits + offset)
          modelled.schedule(0, due: due)
          modelled.check()
          modelled.advance(to: due - 1)
          #expect(modelled.contains(0))
          modelled.advance(to: due)
          #expect(!modelled.contains(0))
        }
      }
    }
  }

  /// 2^26 ms are 18.6 hours; what is due later waits in the last level's farthest bucket, more than once if need be.
  @Test func moreThanEighteenHoursAhead() {
    let modelled = ModelledWheel(capacity: 4, start: 1000)
    let hour = 3_600_000
    modelled.schedule(0, due: 40 * hour + 1)
    modelled.schedule(1, due: 1 << 26)
    modelled.schedule(2, due: 19 * hour)
    modelled.schedule(3, due: 5 * hour + 3)
    for now in [hour, 5 * hour + 2, 18 * hour, 1 << 26, 19 * hour, 40 * hour, 40 * hour + 1] {
      modelled.advance(to: now)
      modelled.check()
    }
    #expect((0..<4 as Range<UInt32>).allSatisfy { !modelled.contains($0) })
  }

  @Test func aDeadlineThatMovedIsScheduledAgainWhenItComes() {
    let nodes = Table<Node>(count: 1)
    var wheel = TimerWheel(elements: nodes.base, now: 0)
    var deadline: UInt32 = 100
    wheel.schedule(0, due: deadline)
    var looks = 0
    var expired: UInt32?
    for now in 0...1000 as ClosedRange<UInt32> {
      if now == 90 || now == 190 { deadline = now + 150 }
      while let handle = wheel.popDue(now: now) {
        looks += 1
        if deadline <= now { expired = now } else { wheel.schedule(handle, due: deadline) }
      }
    }
    #expect(looks == 3 && expired == 340)
  }

  /// An element scheduled for the past comes with the next millisecond at the latest.
  @Test func thePastComesNext() {
    let modelled = ModelledWheel(capacity: 2)
    modelled.advance(to: 1000)
    modelled.schedule(0, due: 0)
    modelled.schedule(1, due: 1000)
    modelled.check()
    #expect(modelled.pop(now: 1000) == nil)
    modelled.advance(to: 1001)
    #expect(!modelled.contains(0) && !modelled.contains(1))
  }

  /// Level 0 may hold something behind the next cascade while level 1 holds something before it.
  @Test func nextDueIsNotLaterThanWhatAnUpperLevelHolds() {
    let modelled = ModelledWheel(capacity: 3)
    modelled.schedule(0, due: 300)
    modelled.schedule(2, due: 250)
    modelled.advance(to: 250)
    modelled.schedule(1, due: 455)
    modelled.check()
  }

  @Test func anEmptyWheelJumps() {
    let modelled = ModelledWheel(capacity: 1)
    modelled.advance(to: 4_000_000)
    modelled.schedule(0, due: 4_000_300)
    modelled.advance(to: 4_000_299)
    #expect(modelled.contains(0))
    modelled.advance(to: 4_000_300)
    #expect(!modelled.contains(0))
  }

  @Test func timeThatGoesBackChangesNothing() {
    let modelled = ModelledWheel(capacity: 1)
    modelled.advance(to: 500)
    modelled.schedule(0, due: 510)
    #expect(modelled.pop(now: 3) == nil)
    modelled.advance(to: 510)
    #expect(!modelled.contains(0))
  }
}

/// So many of something in a second, and no more: between half and one and a half of what is asked, drawn anew for each second, so that nobody can
/// tell by how many he gets how many others got (CVE-2016-5696).
struct RateLimit: Sendable {
  private let perSecond: UInt64
  private var random: SeededRandom
  private var second: UInt64 = .max
  private var left: UInt64 = 0

  init(perSecond: UInt64, seed: UInt64) {
    self.perSecond = perSecond
    random = SeededRandom(seed: seed)
  }

  mutating func permits(_ moment: Moment) -> Bool {
    let current = moment.microseconds / 1_000_000
    if current != second {
      second = current
      left = perSecond / 2 &+ random.next() % perSecond
    }
    guard left > 0 else { return false }
    left &-= 1
    return true
  }
}

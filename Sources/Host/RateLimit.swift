/// At most so many of something in a second.
struct RateLimit: BitwiseCopyable, Sendable {
  let perSecond: Int
  private var second: UInt64 = 0
  private var used = 0

  init(perSecond: Int) { self.perSecond = perSecond }

  mutating func permits(_ moment: Moment) -> Bool {
    let current = moment.microseconds / 1_000_000
    if current != second {
      second = current
      used = 0
    }
    used &+= 1
    return used <= perSecond
  }
}

/// Which servers were seen to take timestamps (RFC 7323). Our SYN-ACK comes before it is known which one a client gets, so it may promise only
/// what all of them take. Once a client has offered timestamps, they are asked one after the other, by a SYN that is taken back as soon as it is
/// answered.
struct TimestampSurvey: ~Copyable {
  private let seen: Table<Bool>
  /// Servers that were not seen to take them.
  private(set) var missing: Int
  /// A client has offered timestamps.
  private var isWanted = false
  /// Whom the SYN under way was sent to, by what its answer's addresses and ports are; and its number.
  private(set) var asked: Int?
  private(set) var key = FlowKey(addresses: 0, ports: 0)
  private(set) var initial = SequenceNumber(0)
  /// The server that is looked at next, and when, in milliseconds.
  private var next = 0
  private var due: UInt32 = 0
  /// Milliseconds between two rounds: it doubles with each, so that a server that never takes them is not asked often.
  private var pause: UInt32 = shortestPause

  private static var shortestPause: UInt32 { 100 }
  private static var longestPause: UInt32 { 60_000 }

  /// - Parameter servers: how many are to be asked; 0: there is nothing to learn.
  init(servers: Int) {
    seen = Table(count: servers)
    for index in 0..<servers { seen[index] = false }
    missing = servers
  }

  /// Whether someone is to be asked, or has not answered in time.
  @inline(always)
  func isDue(_ now: UInt32) -> Bool { isWanted && missing > 0 && Int32(bitPattern: due &- now) <= 0 }

  /// A client offers them.
  @inline(always)
  mutating func want(_ now: UInt32) {
    if isWanted { return }
    isWanted = true
    due = now
  }

  /// The next one of this round that is to be asked; nil: the round is over, and the next one begins after a pause.
  mutating func nextServer(_ now: UInt32) -> Int? {
    asked = nil
    while next < seen.count, seen[next] { next &+= 1 }
    if next < seen.count {
      next &+= 1
      return next &- 1
    }
    next = 0
    due = now &+ pause
    pause = min(pause &* 2, Self.longestPause)
    return nil
  }

  /// A SYN was sent, to be answered by then.
  mutating func asks(_ server: Int, _ key: FlowKey, _ initial: SequenceNumber, until due: UInt32) {
    asked = server
    self.key = key
    self.initial = initial
    self.due = due
  }

  /// Whether a segment with this key answers the SYN under way.
  @inline(always)
  func isAsked(_ key: FlowKey) -> Bool { asked != nil && self.key == key }

  /// What the one that was asked says. Nil: it refuses the connection.
  mutating func answered(_ takes: Bool?, _ now: UInt32) {
    if let server = asked, takes == true {
      seen[server] = true
      missing &-= 1
    }
    asked = nil
    due = now
  }

  /// A server has changed its mind.
  mutating func refuted(_ server: Int, _ now: UInt32) {
    guard server < seen.count, seen[server] else { return }
    seen[server] = false
    missing &+= 1
    next = 0
    due = now &+ pause
  }
}

/// A station that frames to targets are sent to: the target itself, or the gateway to it.
struct NextHop: BitwiseCopyable, Sendable {
  var address: IPv4Address
  var mac = MACAddress(0)
  /// When it is to be asked, in milliseconds of the run.
  var due: UInt64 = 0
  /// Requests since it was heard of last.
  var requests: UInt32 = 0
  var isKnown = false
  /// Its MAC address is news to those who send there; they clear it.
  var isNews = false
  /// It was known, and answers no more.
  var isSilent = false
  /// What the board said of it last.
  var entry: UInt64 = 0
}

/// What is to be done about a next hop now.
enum NextHopStep: Sendable, BitwiseCopyable {
  case nothing
  /// Ask everyone, or the one that answered before.
  case ask(MACAddress)
  /// It never answered.
  case giveUp
}

/// The next hops of a run's targets, and when each is asked for again (RFC 826; RFC 1122 2.3.2.1).
///
/// One that is not known is asked for three times, a second apart, and then given up. One that is known is asked again after half a minute:
/// three times by itself, as RFC 1122 (2) has it, then by broadcast, once a second and no more, until it answers. Its address is kept meanwhile:
/// what is sent there is lost or not, and each connection's own timers say which.
struct NextHops: ~Copyable {
  let entries: Table<NextHop>
  let count: Int
  /// The earliest moment at which one of them is due; `.max`: none ever.
  private(set) var due: UInt64

  static var interval: UInt64 { 1_000 }
  static var requestsBeforeGivingUp: UInt32 { 3 }
  static var unicastRequests: UInt32 { 3 }
  /// Requests after which one that was known is said to be silent.
  static var requestsBeforeSilence: UInt32 { 6 }
  static var age: UInt64 { 30_000 }

  init(_ addresses: [IPv4Address]) {
    entries = Table(count: addresses.count)
    for (index, address) in addresses.enumerated() { entries[index] = NextHop(address: address) }
    count = addresses.count
    due = count == 0 ? .max : 0
  }

  @inline(never)
  mutating func index(of address: IPv4Address) -> Int? {
    for index in 0..<count where entries.base[index].address == address { return index }
    return nil
  }

  /// It has spoken, from this MAC address. True if that is news.
  mutating func heard(_ index: Int, from mac: MACAddress, now: UInt64) -> Bool {
    let hop = entries.base + index
    let isNews = !hop.pointee.isKnown || hop.pointee.mac != mac
    hop.pointee.mac = mac
    hop.pointee.isKnown = true
    hop.pointee.isSilent = false
    hop.pointee.requests = 0
    hop.pointee.due = now &+ Self.age
    return isNews
  }

  /// What is to be done about it now; called when something is due. What it says to ask is taken to be asked.
  mutating func step(_ index: Int, now: UInt64) -> NextHopStep {
    let hop = entries.base + index
    if hop.pointee.due > now { return .nothing }
    hop.pointee.due = now &+ Self.interval
    if !hop.pointee.isKnown, hop.pointee.requests == Self.requestsBeforeGivingUp { return .giveUp }
    if hop.pointee.isKnown, hop.pointee.requests >= Self.requestsBeforeSilence { hop.pointee.isSilent = true }
    hop.pointee.requests &+= 1
    let isUnicast = hop.pointee.isKnown && hop.pointee.requests <= Self.unicastRequests
    return .ask(isUnicast ? hop.pointee.mac : .broadcast)
  }

  /// Finds out when the next of them is due.
  mutating func plan() {
    due = .max
    for index in 0..<count where entries.base[index].due < due { due = entries.base[index].due }
  }
}

import CPacket

/// The default workload: the client sends payloads of a fixed size, one after the other; the server answers each with a response of a fixed
/// size; after a number of them one of the two closes.
///
/// Every octet is checked by its receiver. A client's stream of payloads of 16 octets or more begins with the connection's id (8 octets);
/// everything after it is a pattern made from id and place, so that octets of another connection or place are noticed. (Offsets come
/// around after 2^32 octets; the id then stands there again.)
public struct ExchangeWorkload: Workload {
  private let payloadSize: UInt32
  private let responseSize: UInt32
  private let finByClient: UInt32
  private let finByServer: UInt32
  private let verifies: Bool
  /// Milliseconds between an answer and the next payload.
  private let thinkTime: UInt32
  /// Answers that a client is to have before its server closes.
  private let answersDue: UInt32
  /// Payloads that a client sends: behind them one of the two closes. `.max`: no limit.
  private let payloadsDue: UInt32
  /// Octets that an end has usually received when its peer closes.
  private let usualAnswers: UInt32
  private let usualPayloads: UInt32
  /// Octets are verified, and a client's state has its key.
  private let isPlain: Bool

  public init(_ settings: EngineSettings) {
    payloadSize = UInt32(settings.payloadSize)
    responseSize = UInt32(settings.responseSize)
    finByClient = UInt32(settings.finByClient)
    finByServer = UInt32(settings.finByServer)
    verifies = settings.verifyPayload ?? true
    thinkTime = UInt32(settings.thinkTime)
    // Where only one of the two has a number, it is that one's; where the client has none, the server closes when it likes, after one.
    let limits = [finByClient, finByServer].filter { $0 > 0 }
    answersDue = finByClient > 0 ? limits.min()! : 1
    payloadsDue = limits.min() ?? .max
    usualAnswers = (limits.min() ?? 1) &* responseSize
    usualPayloads = (limits.min() ?? 1) &* payloadSize
    isPlain = verifies && thinkTime == 0
  }

  public struct State: BitwiseCopyable, Sendable {
    /// Messages received in full.
    var messages: UInt32 = 0
    /// The id folded to 32 bits, which seeds the pattern. Of a client that thinks, whose id follows from its connection: when its next
    /// payload is due, in milliseconds.
    var key: UInt32 = 0

    /// - Parameter size: more than 0.
    @inline(always)
    fileprivate mutating func countMessages(in received: UInt32, _ size: UInt32) {
      var messages = messages
      var left = received &- (messages &+ 1) &* size
      while Int32(bitPattern: left) >= 0 {
        messages &+= 1
        left = left &- size
      }
      self.messages = messages
    }
  }

  /// Payloads shorter than this carry no id.
  private static let idMinimum: UInt32 = 16
  private static let idLength: UInt32 = 8

  @inline(always)
  private var carriesID: Bool { payloadSize >= Self.idMinimum }

  @inline(__always)
  public func begin(_ view: WorkloadView) -> State {
    var state = State()
    if carriesID, view.role == .client { state.key = Self.fold(Self.id(view.connection.pointee)) }
    return state
  }

  /// Of a client that thinks.
  @inline(never)
  private static func key(_ connection: UnsafePointer<Connection>, carriesID: Bool) -> UInt32 {
    carriesID ? fold(id(connection.pointee)) : 0
  }

  @inline(__always)
  public func progress(_ view: WorkloadView, _ state: inout State) -> StreamProgress {
    let role = view.role
    let size = role == .client ? responseSize : payloadSize
    if usually(size > 0) { state.countMessages(in: view.received, size) }
    return role == .client ? clientProgress(view, state.messages) : serverProgress(view, state.messages)
  }

  /// A server is to answer in full before it closes, and a client to finish what it says; a closing run cuts both short.
  @inline(__always)
  public func peerClosed(_ view: WorkloadView, _ state: inout State) -> Outcome? {
    let isClient = view.role == .client
    if usually(view.received == (isClient ? usualAnswers : usualPayloads)) { return nil }
    let size = isClient ? responseSize : payloadSize
    if view.isClosing || payloadSize == 0 || size == 0 { return nil }
    return Self.ended(view.received, &state, size, due: isClient ? answersDue : 0)
  }

  @inline(never)
  private static func ended(_ received: UInt32, _ state: inout State, _ size: UInt32, due: UInt32) -> Outcome? {
    state.countMessages(in: received, size)
    return received == state.messages &* size && state.messages >= due ? nil : .messageIncomplete
  }

  /// Whether a client has received more than the payloads that it has sent are answered with.
  @inline(always)
  private static func isUnaskedFor(
    _ connection: UnsafePointer<Connection>, _ state: inout State, payloadSize: UInt32, responseSize: UInt32
  ) -> Bool {
    let received = connection.pointee.streamReceived
    let sent = connection.pointee.streamSent
    // Up to the whole answer to a payload that was sent, where those before it are counted.
    let answer = received &- state.messages &* responseSize
    let asked = sent &- (state.messages &+ 1) &* payloadSize
    if usually(answer <= responseSize), usually(Int32(bitPattern: asked) >= 0) { return false }
    return isUnasked(received: received, sent: sent, &state, payloadSize: payloadSize, responseSize: responseSize)
  }

  /// Of a handshake alone nothing is expected, and a server may greet.
  @inline(never)
  private static func isUnasked(
    received: UInt32, sent: UInt32, _ state: inout State, payloadSize: UInt32, responseSize: UInt32
  ) -> Bool {
    if payloadSize == 0 { return false }
    if responseSize == 0 { return true }
    state.countMessages(in: received, responseSize)
    let unanswered = Int32(bitPattern: sent &- state.messages &* payloadSize)
    return unanswered < 0 || unanswered == 0 && received != state.messages &* responseSize
  }

  @inline(always)
  private func clientProgress(_ view: WorkloadView, _ answered: UInt32) -> StreamProgress {
    if view.peerClosed { return StreamProgress(end: view.sent, finish: true) }
    if payloadSize == 0 { return StreamProgress(end: 0, finish: finByClient > 0) }
    if responseSize == 0 {
      // Nothing to wait for: all payloads follow one another; without a limit, one at a time ahead of what was sent.
      if payloadsDue == .max { return StreamProgress(end: view.sent &+ payloadSize, finish: false) }
      return StreamProgress(end: payloadsDue &* payloadSize, finish: finByClient == payloadsDue)
    }
    // A payload that the server closes without reading would be answered by a RST.
    if answered >= payloadsDue { return StreamProgress(end: payloadsDue &* payloadSize, finish: finByClient == payloadsDue) }
    return StreamProgress(end: (answered &+ 1) &* payloadSize, finish: false)
  }

  @inline(__always)
  public var waits: Bool { thinkTime > 0 }

  /// The client has its answers; the next payload follows the last octets, which were an answer's end, by the think time.
  public func wake(_ view: WorkloadView, _ state: State) -> UInt32? {
    guard view.role == .client, responseSize > 0 else { return nil }
    // `progress` has not counted yet what just arrived.
    var answered = state.messages
    while Int32(bitPattern: view.received &- (answered &+ 1) &* responseSize) >= 0 { answered &+= 1 }
    guard answered > 0, view.sent == answered &* payloadSize, !view.peerClosed, answered < payloadsDue else { return nil }
    return state.key
  }

  @inline(always)
  private func serverProgress(_ view: WorkloadView, _ payloads: UInt32) -> StreamProgress {
    let closes = finByServer > 0 && payloads >= finByServer
    let answers = closes ? finByServer : payloads
    return StreamProgress(end: answers &* responseSize, finish: closes || view.peerClosed)
  }

  @inline(__always)
  public func write(_ view: WorkloadView, _ state: State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    let key = usually(thinkTime == 0) || view.role == .server ? state.key : Self.key(view.connection, carriesID: carriesID)
    guard usually(Self.isWords(offset, count)) else {
      return Self.writeOctets(view.connection, key, carriesID: carriesID, offset, bytes, count)
    }
    let role = view.role
    let octets = Self.pattern(key, offset, role)
    let beginsWithID = offset == 0 && carriesID && role == .client
    bytes.store(beginsWithID ? Self.id(view.connection.pointee) : octets, at: 0)
    if count > 8 { bytes.store(octets &+ Self.step, at: 8) }
    if rarely(count > 16) { Self.writeRun(octets, bytes, count) }
  }

  /// What follows the first two words of a segment: out of line, as the compiler makes vectors of it.
  @inline(never)
  private static func writeRun(_ first: UInt64, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    var octets = first &+ 2 &* step
    var place = 16
    while place < count {
      bytes.store(octets, at: place)
      octets = octets &+ step
      place &+= 8
    }
  }

  @inline(never)
  private static func writeOctets(
    _ connection: UnsafePointer<Connection>, _ key: UInt32, carriesID: Bool, _ offset: UInt32, _ bytes: UnsafeMutableRawPointer,
    _ count: Int
  ) {
    let role = connection.pointee.role
    for place in 0..<count {
      let at = offset &+ UInt32(truncatingIfNeeded: place)
      let octets = at < idLength && carriesID && role == .client ? id(connection.pointee) : pattern(key, at, role)
      bytes.store(UInt8(truncatingIfNeeded: octets &>> UInt64(at & 7 &* 8)), at: place)
    }
  }

  /// What nearly all is: one or two words of the pattern. The rest is out of line, as this is inlined only while it is short; and static, as a
  /// call with `self` would have it copied.
  @inline(__always)
  public func receive(_ view: WorkloadView, _ state: inout State, offset: UInt32, bytes: UnsafeRawPointer, count: Int) -> Outcome? {
    guard usually(isPlain), usually(count <= 16), usually(Self.isWords(offset, count)) else {
      return Self.receiveAny(
        view.connection, now: view.milliseconds, &state, offset, bytes, count, payloadSize: payloadSize, responseSize: responseSize,
        thinkTime: thinkTime, verifies: verifies)
    }
    let first = bytes.native64(0)
    var difference: UInt64 = 0
    var octets: UInt64
    if view.role == .server {
      let learns = offset == 0 && carriesID
      if learns { state.key = Self.fold(first) }
      octets = Self.pattern(state.key, offset, .client)
      if !learns { difference = first ^ octets }
    } else {
      if rarely(Self.isUnaskedFor(view.connection, &state, payloadSize: payloadSize, responseSize: responseSize)) {
        return .payloadMismatch
      }
      octets = Self.pattern(state.key, offset, .server)
      difference = first ^ octets
    }
    if count > 8 { difference |= bytes.native64(8) ^ (octets &+ Self.step) }
    return usually(difference == 0) ? nil : .payloadMismatch
  }

  /// Longer segments, odd ones, clients that think, and what is not verified.
  @inline(never)
  private static func receiveAny(
    _ connection: UnsafePointer<Connection>, now: UInt32, _ state: inout State, _ offset: UInt32, _ bytes: UnsafeRawPointer, _ count: Int,
    payloadSize: UInt32, responseSize: UInt32, thinkTime: UInt32, verifies: Bool
  ) -> Outcome? {
    let carriesID = payloadSize >= idMinimum
    let isClient = connection.pointee.role == .client
    if !isClient, offset == 0, carriesID, count >= 8 { state.key = fold(bytes.native64(0)) }
    if isClient, isUnaskedFor(connection, &state, payloadSize: payloadSize, responseSize: responseSize) { return .payloadMismatch }
    if isClient, thinkTime > 0 { state.key = now &+ thinkTime }
    if !verifies { return nil }
    let key = !isClient || thinkTime == 0 ? state.key : Self.key(connection, carriesID: carriesID)
    guard isWords(offset, count) else {
      return receiveOctets(isClient, key, &state, learns: carriesID && !isClient, offset, bytes, count) ? nil : .payloadMismatch
    }
    let octets = pattern(key, offset, isClient ? .server : .client)
    var difference = !isClient && offset == 0 && carriesID ? 0 : bytes.native64(0) ^ octets
    if count > 8 { difference |= bytes.native64(8) ^ (octets &+ step) }
    if count > 16 { difference |= differenceOfRun(octets, bytes, count) }
    return difference == 0 ? nil : .payloadMismatch
  }

  /// What follows the first two words of a segment; 0: as expected.
  @inline(never)
  private static func differenceOfRun(_ first: UInt64, _ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
    var octets = first &+ 2 &* step
    var difference: UInt64 = 0
    var place = 16
    while place < count {
      difference |= bytes.native64(place) ^ octets
      octets = octets &+ step
      place &+= 8
    }
    return difference
  }

  /// Octet by octet. A server learns the key of the first eight.
  @inline(never)
  private static func receiveOctets(
    _ isClient: Bool, _ key: UInt32, _ state: inout State, learns: Bool, _ offset: UInt32, _ bytes: UnsafeRawPointer, _ count: Int
  ) -> Bool {
    var key = key
    for place in 0..<count {
      let at = offset &+ UInt32(truncatingIfNeeded: place)
      let octet = bytes.octet(place)
      if learns, at == 0 { key = 0 }
      if learns, at < idLength {
        key ^= UInt32(octet) &<< (at & 3 &* 8)  // folds as it comes
        state.key = key
      } else {
        let octets = pattern(key, at, isClient ? .server : .client)
        guard octet == UInt8(truncatingIfNeeded: octets &>> UInt64(at & 7 &* 8)) else { return false }
      }
    }
    return true
  }

  @inline(__always)
  public func identifier(_ view: WorkloadView, _ state: State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64 {
    guard carriesID else { return 0 }
    if view.role == .client { return Self.id(view.connection.pointee) }
    guard let firstBytes, count >= Self.idLength else { return 0 }
    return firstBytes.native64(0)
  }

  /// A connection's id: its client's address, port and initial sequence number, mixed into 64 bits.
  @inline(always)
  private static func id(_ connection: Connection) -> UInt64 {
    let address = UInt64(connection.localAddress.rawValue) &<< 32 | UInt64(connection.initialSend.rawValue)
    return multiply_and_fold(address ^ 0x9e37_79b9_7f4a_7c15, UInt64(connection.localPort) ^ 0xbf58_476d_1ce4_e5b9)
  }

  @inline(always)
  private static func fold(_ id: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: id ^ id &>> 32) }

  /// Whether octets are whole words of the pattern, one after another: behind 2^32 it begins anew, and so does the id.
  @inline(always)
  private static func isWords(_ offset: UInt32, _ count: Int) -> Bool {
    let count = UInt32(truncatingIfNeeded: count)
    return (offset | count) & 7 == 0 && offset <= ~count
  }

  /// The eight octets of the stream that contain `offset`: mixed from connection and direction, and a step on for each eight before.
  @inline(always)
  private static func pattern(_ key: UInt32, _ offset: UInt32, _ direction: Role) -> UInt64 {
    let seed = UInt64(key) &<< 1 | UInt64(direction.rawValue)
    return seed &* 0xbf58_476d_1ce4_e5b9 &+ UInt64(offset &>> 3) &* step
  }

  /// Odd, so that no place has the octets of another; none of its own octets is 0 or 0xff, so that each step changes every octet.
  private static var step: UInt64 { 0x9e37_79b9_7f4a_7c15 }
}

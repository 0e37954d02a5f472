/// HTTP/1.1 (RFC 9110, RFC 9112): the client makes one request after the other on a connection, the server answers each with a body of a
/// fixed size. See Documentation/Workloads.md.
public struct HTTPWorkload: Workload, @unchecked Sendable {
  let words: HTTPWords
  /// By target.
  private let requests: UnsafePointer<HTTPRequest>
  let answers: HTTPAnswers
  private let requestBodySize: UInt32
  /// Requests of a connection; 0: no limit.
  private let requestsPerConnection: UInt32
  /// Milliseconds between a response and the next request.
  private let thinkTime: UInt32
  private let asksForHead: Bool
  /// Bodies are `HTTPBody`, or it is a mismatch.
  let verifies: Bool
  /// Clients of this run close their connections themselves.
  let hasClients: Bool

  /// Prepares all texts of a run; they stay for the life of the process.
  public init(_ settings: TrafficSettings) {
    let http = settings.http
    words = HTTPWords()
    let requests = UnsafeMutablePointer<HTTPRequest>.allocate(capacity: max(1, settings.targets.count))
    for (index, target) in settings.targets.enumerated() { (requests + index).initialize(to: HTTPRequest(http, target: target)) }
    self.requests = UnsafePointer(requests)
    answers = HTTPAnswers(http)
    requestBodySize = UInt32(http.requestBodySize)
    requestsPerConnection = UInt32(http.requests)
    thinkTime = UInt32(settings.engine.thinkTime)
    asksForHead = http.method == "HEAD"
    verifies = settings.engine.verifyPayload ?? true
    hasClients = !settings.targets.isEmpty
  }

  public struct State: BitwiseCopyable, Sendable {
    var reader: HTTPReader
    /// The server's: what it owes.
    var queue = HTTPAnswerQueue()
    /// The client's: when the present request was made, in ticks.
    var requested: Ticks = 0
    /// The client's: where the present request begins in its stream.
    var start: UInt32 = 0
    /// Requests made.
    var made: UInt32 = 0
    /// The client's: when the next request is due, in milliseconds.
    var due: UInt32 = 0
    /// The client waits for a response.
    var isWaiting = false
    /// The client made its last request, or the server gave its last answer.
    var isLast = false
    /// The client expects nothing more.
    var isDone = false
  }

  @inline(__always)
  public func begin(_ view: WorkloadView) -> State {
    State(reader: view.role == .client ? HTTPReader(responseToHead: asksForHead) : HTTPReader())
  }

  @inline(__always)
  public func progress(_ view: WorkloadView, _ state: inout State) -> StreamProgress {
    view.role == .client ? clientProgress(view, &state) : serverProgress(view, &state)
  }

  @inline(__always)
  public func write(_ view: WorkloadView, _ state: State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    if view.role == .client {
      writeRequest(view.target, state.start, isLast: state.isLast, offset, bytes, count)
    } else {
      writeAnswers(state.queue, offset, bytes, count)
    }
  }

  @inline(__always)
  public func receive(_ view: WorkloadView, _ state: inout State, offset: UInt32, bytes: UnsafeRawPointer, count: Int) -> Outcome? {
    view.role == .client ? receiveResponse(view, &state, bytes, count) : receiveRequest(view, &state, bytes, count)
  }

  @inline(__always)
  public func peerClosed(_ view: WorkloadView, _ state: inout State) -> Outcome? {
    if view.role == .server { return state.isLast || state.reader.isAtStart ? nil : .messageIncomplete }
    if !state.isWaiting { return nil }
    guard state.reader.place == .untilClose else { return .messageIncomplete }
    responded(view, &state)
    return nil
  }

  /// A request that was made gets its answer. In a run with clients of its own, these close first.
  @inline(__always)
  public func isBusy(_ view: WorkloadView, _ state: State) -> Bool {
    if view.role == .client { return state.isWaiting }
    return !state.queue.isSettled(acknowledged: view.acknowledged) || !state.reader.isAtStart || (hasClients && !view.peerClosed)
  }

  @inline(__always)
  public var waits: Bool { thinkTime > 0 }

  public func wake(_ view: WorkloadView, _ state: State) -> UInt32? {
    guard view.role == .client, state.made > 0, !state.isWaiting, !state.isDone, !view.peerClosed, view.sent == end(view.target, state)
    else { return nil }
    return state.due
  }

  /// Records are joined by addresses, ports and sequence numbers.
  @inline(__always)
  public func identifier(_ view: WorkloadView, _ state: State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64 { 0 }

  // MARK: Client

  @inline(always)
  private func text(_ target: Int, isLast: Bool) -> HTTPText { isLast ? requests[target].lastText : requests[target].text }

  /// Where the requests made so far end in the client's stream.
  @inline(always)
  private func end(_ target: Int, _ state: State) -> UInt32 {
    state.made == 0 ? 0 : state.start &+ text(target, isLast: state.isLast).count &+ requestBodySize
  }

  @inline(never)
  private func clientProgress(_ view: WorkloadView, _ state: inout State) -> StreamProgress {
    if state.isDone || view.peerClosed { return StreamProgress(end: view.sent, finish: true) }
    let end = end(view.target, state)
    // An answer may come before its request was sent in full.
    if state.isWaiting || view.sent != end { return StreamProgress(end: end, finish: false) }
    state.start = end
    state.made &+= 1
    state.isLast = state.made == requestsPerConnection
    state.isWaiting = true
    state.requested = view.now
    view.statistics.count(.requestsSent)
    return StreamProgress(end: end &+ text(view.target, isLast: state.isLast).count &+ requestBodySize, finish: false)
  }

  @inline(never)
  private func writeRequest(
    _ target: Int, _ start: UInt32, isLast: Bool, _ offset: UInt32, _ bytes: UnsafeMutableRawPointer, _ count: Int
  ) {
    var at = 0
    while at < count {
      let ahead = offset &+ UInt32(truncatingIfNeeded: at) &- start
      // What is sent again may begin in a request before, of which none was the last, and end in this one.
      let isOfEarlier = Int32(bitPattern: ahead) < 0
      let text = text(target, isLast: isLast && !isOfEarlier)
      let length = text.count &+ requestBodySize
      let place = isOfEarlier ? (length &- (0 &- ahead) % length) % length : ahead
      let room = isOfEarlier ? min(count &- at, Int(length &- place)) : count &- at
      writePart(text, place, bytes + at, room)
      at &+= room
    }
  }

  /// Octets of one request.
  @inline(always)
  private func writePart(_ text: HTTPText, _ place: UInt32, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    let written = place < text.count ? text.write(from: place, into: bytes, room: count) : 0
    if written < count { HTTPBody.write(max(place, text.count) &- text.count, into: bytes + written, count: count &- written) }
  }

  @inline(never)
  private func receiveResponse(_ view: WorkloadView, _ state: inout State, _ bytes: UnsafeRawPointer, _ count: Int) -> Outcome? {
    var at = 0
    while at < count {
      // Nobody asked for it.
      guard state.isWaiting else { return .messageMalformed }
      let step = state.reader.read(bytes + at, count: count &- at, words)
      switch step.event {
      case .more, .fields: break
      case .interim: view.statistics.count(.interimReceived)
      case .body:
        view.statistics.count(.responseBytesReceived, UInt64(truncatingIfNeeded: step.count))
        if !isExpected(state.reader, bytes + at, step.count) { return .payloadMismatch }
      case .malformed: return .messageMalformed
      }
      at &+= step.count
      if state.reader.isFinished { responded(view, &state) }
    }
    return nil
  }

  /// Whether the octets of a body that were just read are what this workload sends.
  @inline(always)
  private func isExpected(_ reader: HTTPReader, _ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    !verifies || HTTPBody.matches(reader.bodyRead &- UInt32(truncatingIfNeeded: count), bytes, count: count)
  }

  /// The response is whole.
  @inline(always)
  private func responded(_ view: WorkloadView, _ state: inout State) {
    view.statistics.count(.responsesReceived)
    view.statistics.countStatus(state.reader.code)
    view.statistics.measured(.request, ticks: view.now &- state.requested)
    state.isWaiting = false
    state.isDone = state.isLast || !state.reader.persists
    state.due = view.milliseconds &+ thinkTime
    state.reader = HTTPReader(responseToHead: asksForHead)
  }

  // MARK: Server

  @inline(never)
  private func serverProgress(_ view: WorkloadView, _ state: inout State) -> StreamProgress {
    state.queue.forget(acknowledged: view.acknowledged, answers)
    let end = state.queue.give(sent: view.sent)
    return StreamProgress(end: end, finish: (state.isLast || view.peerClosed) && state.queue.isGiven)
  }

  @inline(never)
  private func writeAnswers(_ queue: HTTPAnswerQueue, _ offset: UInt32, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    queue.write(offset: offset, into: bytes, count: count, answers)
  }

  @inline(never)
  private func receiveRequest(_ view: WorkloadView, _ state: inout State, _ bytes: UnsafeRawPointer, _ count: Int) -> Outcome? {
    var at = 0
    // A run that ends has closed this connection.
    if view.isClosing, view.connection.pointee.flags.has(.finSent) { return nil }
    // What follows the last request, or what could not be read, is passed over.
    while at < count, !state.isLast {
      let step = state.reader.read(bytes + at, count: count &- at, words)
      switch step.event {
      case .more, .interim: break
      case .fields:
        if state.reader.expectsContinue, state.reader.hasBody, !state.reader.isOld {
          guard state.queue.append(HTTPAnswers.proceed, answers) else { return .localResources }
        }
      case .body:
        view.statistics.count(.requestBytesReceived, UInt64(truncatingIfNeeded: step.count))
        if !isExpected(state.reader, bytes + at, step.count) { return .payloadMismatch }
      case .malformed: return refuse(HTTPAnswers.badRequest, view, &state)
      }
      at &+= step.count
      if state.reader.isFinished, let outcome = requested(view, &state) { return outcome }
    }
    return nil
  }

  /// The request is whole.
  @inline(always)
  private func requested(_ view: WorkloadView, _ state: inout State) -> Outcome? {
    let reader = state.reader
    var kind: HTTPAnswers.Kind
    switch HTTPWords.Candidates(reader.code) {
    case HTTPWords.get, HTTPWords.post: kind = reader.isOld ? HTTPAnswers.wholeOld : HTTPAnswers.whole
    case HTTPWords.head: kind = reader.isOld ? HTTPAnswers.headOld : HTTPAnswers.head
    default: return refuse(HTTPAnswers.notImplemented, view, &state)
    }
    view.statistics.count(.requestsReceived)
    // Whose client has more to ask is told that this was the last.
    if !reader.persists || (view.isClosing && !hasClients) {
      kind |= HTTPAnswers.closing
      state.isLast = true
    }
    state.reader = HTTPReader()
    return state.queue.append(kind, answers) ? nil : .localResources
  }

  /// The answer to what cannot be answered otherwise: the last one.
  @inline(never)
  private func refuse(_ kind: HTTPAnswers.Kind, _ view: WorkloadView, _ state: inout State) -> Outcome? {
    view.statistics.count(.badRequests)
    state.isLast = true
    return state.queue.append(kind, answers) ? nil : .localResources
  }
}

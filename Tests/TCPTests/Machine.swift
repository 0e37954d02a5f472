import Testing

@testable import TCPEngine

/// Initial sequence numbers of a script: every script speaks relative to them, and runs with numbers around 2^32 too.
struct Numbers: Sendable, CustomTestStringConvertible {
  let ours: UInt32
  let theirs: UInt32

  static let plain = Numbers(ours: 1_000, theirs: 5_000)
  static let all = [
    plain, Numbers(ours: .max, theirs: .max), Numbers(ours: .max - 5, theirs: .max - 12),
    Numbers(ours: 0x7fff_fff8, theirs: 0x8000_0000 - 3), Numbers(ours: 0, theirs: .max - 900),
  ]
  var testDescription: String { "\(ours)/\(theirs)" }
}

/// A state machine with its surroundings: companion, parameters, a clock that is moved by hand, and how much the workload has to send.
///
/// Sequence numbers are relative: ours to our ISS, the peer's to its. The peer's SYN is 0, its first octet 1.
final class Machine {
  static let local = IPv4Address(0x0a00_0001)
  static let remote = IPv4Address(0x0a00_0002)
  static let key = FlowKey(source: remote, sourcePort: 80, destination: local, destinationPort: 1024)

  var connection: Connection
  var companion = Companion()
  var parameters: TCPParameters
  let numbers: Numbers
  /// The clock.
  var microseconds: UInt64
  /// What the workload has to send.
  var end: UInt32 = 0
  var finish = false
  /// The peer's timestamps, when it sends them.
  var peerTimestamp: UInt32?

  var now: Moment { Moment(milliseconds: UInt32(truncatingIfNeeded: microseconds / 1_000), microseconds: microseconds) }

  /// SYN-SENT.
  init(client numbers: Numbers = .plain, _ parameters: TCPParameters = TCPParameters(), at milliseconds: UInt64 = 10_000) {
    self.numbers = numbers
    self.parameters = parameters
    microseconds = milliseconds * 1_000
    connection = Connection.open(
      Self.key, initial: SequenceNumber(numbers.ours), peer: 0, &companion,
      now: Moment(milliseconds: UInt32(truncatingIfNeeded: milliseconds), microseconds: milliseconds * 1_000))
  }

  /// SYN-RECEIVED, after a SYN with these options.
  init(
    server numbers: Numbers = .plain, _ parameters: TCPParameters = TCPParameters(), options: TCPOptions = .offer(),
    window: UInt16 = 65_535, at milliseconds: UInt64 = 10_000
  ) {
    self.numbers = numbers
    self.parameters = parameters
    microseconds = milliseconds * 1_000
    if options.present.has(.timestamps) { peerTimestamp = options.timestampValue }
    let syn = Self.segment(.syn, numbers, sequence: 0, acknowledgment: nil, window: window, options: options)
    connection = Connection.accept(
      syn, initial: SequenceNumber(numbers.ours), peer: 0, &companion, parameters,
      now: Moment(milliseconds: UInt32(truncatingIfNeeded: milliseconds), microseconds: milliseconds * 1_000))
  }

  /// Any state, reached by segments.
  static func reaching(
    _ state: TCPState, _ numbers: Numbers = .plain, _ parameters: TCPParameters = TCPParameters(), options: TCPOptions = .offer(),
    window: UInt16 = 65_535
  ) -> Machine {
    if state == .synReceived { return Machine(server: numbers, parameters, options: options, window: window) }
    let machine = Machine(client: numbers, parameters)
    if state == .synSent { return machine }
    if options.present.has(.timestamps) { machine.peerTimestamp = options.timestampValue }
    machine.pass(10)
    _ = machine.receive(.synAck, sequence: 0, acknowledgment: 1, window: window, options: options)
    switch state {
    case .finWait1, .finWait2, .closing, .timeWait: _ = machine.close()
    case .closeWait, .lastAck: _ = machine.receive(.finAck, sequence: 1, acknowledgment: 1)
    default: break
    }
    switch state {
    case .finWait2, .timeWait: _ = machine.receive(.ack, sequence: 1, acknowledgment: 2)
    case .closing: _ = machine.receive(.finAck, sequence: 1, acknowledgment: 1)
    case .lastAck: _ = machine.close()
    default: break
    }
    if state == .timeWait { _ = machine.receive(.finAck, sequence: 1, acknowledgment: 2) }
    #expect(machine.state == state)
    return machine
  }

  static func segment(
    _ flags: TCPFlags, _ numbers: Numbers, sequence: UInt32, acknowledgment: UInt32?, length: UInt16 = 0, window: UInt16 = 65_535,
    options: TCPOptions = TCPOptions()
  ) -> TCPSegment {
    var segment = TCPSegment(key)
    segment.sequence = SequenceNumber(numbers.theirs &+ sequence)
    if let acknowledgment { segment.acknowledgment = SequenceNumber(numbers.ours &+ acknowledgment) }
    segment.flags = flags
    segment.window = window
    segment.payloadLength = length
    segment.options = options
    return segment
  }

  /// A segment of the peer arrives.
  func receive(
    _ flags: TCPFlags, sequence: UInt32, acknowledgment: UInt32? = nil, length: UInt16 = 0, window: UInt16 = 65_535,
    options: TCPOptions? = nil
  ) -> Action {
    var carried = options ?? TCPOptions()
    if options == nil, let peerTimestamp { carried = .timestamps(peerTimestamp) }
    return arrive(
      Self.segment(
        flags, numbers, sequence: sequence, acknowledgment: acknowledgment, length: length, window: window, options: carried))
  }

  func arrive(_ segment: TCPSegment) -> Action { connection.arrive(segment, &companion, parameters, now: now) }

  /// The workload has so many octets more; returns what goes out.
  func send(_ octets: UInt32 = 0) -> [Transmission] {
    end &+= octets
    var sent: [Transmission] = []
    while let next = connection.transmitNext(end: end, finish: finish, &companion, parameters, now: now) { sent.append(next) }
    return sent
  }

  /// The workload has nothing more; returns what goes out.
  func close() -> [Transmission] {
    finish = true
    return send()
  }

  func pass(_ milliseconds: UInt64) { microseconds += milliseconds * 1_000 }

  func timeout() -> TimeoutAction { connection.timeout(companion, parameters, now: now) }

  /// Lets time pass until a timer says more than "wait": after how many milliseconds, and what.
  func untilTimeout() -> (after: UInt32, what: String) {
    let start = now.milliseconds
    for _ in 0..<100 {
      let action = timeout()
      guard case .wait(let due) = action else { return (now.milliseconds &- start, action.name) }
      let ahead = Int32(bitPattern: due &- now.milliseconds)
      #expect(ahead > 0, "told to look again at a time that is past")
      pass(UInt64(max(1, ahead)))
    }
    return (now.milliseconds &- start, "never")
  }

  func retransmitOldest() -> Transmission? { connection.retransmitOldest() }

  func probe() -> Transmission? { connection.probe(end: end, finish: finish) }

  var state: TCPState { connection.state }
  /// SND.UNA, SND.NXT, RCV.NXT, relative.
  var una: UInt32 { connection.sendUnacknowledged.rawValue &- numbers.ours }
  var next: UInt32 { connection.sendNext.rawValue &- numbers.ours }
  var expected: UInt32 { connection.receiveNext.rawValue &- numbers.theirs }
  func relative(_ transmission: Transmission) -> UInt32 { transmission.sequence.rawValue &- numbers.ours }
}

extension TimeoutAction {
  var name: String {
    switch self {
    case .wait: "wait"
    case .synchronize: "synchronize"
    case .retransmit: "retransmit"
    case .resume: "resume"
    case .probe: "probe"
    case .lossProbe: "loss probe"
    case .acknowledge: "acknowledge"
    case .keepAlive: "keep-alive"
    case .exhausted: "exhausted"
    case .idle: "idle"
    }
  }
}

extension TCPOptions {
  /// What a SYN offers.
  static func offer(mss: UInt16? = 1460, scale: UInt8? = nil, sack: Bool = false, timestamp: UInt32? = nil) -> TCPOptions {
    var options = TCPOptions()
    if let mss {
      options.present.set(.maximumSegmentSize)
      options.maximumSegmentSize = mss
    }
    if let scale {
      options.present.set(.windowScale)
      options.windowScale = scale
    }
    if sack { options.present.set(.sackPermitted) }
    if let timestamp {
      options.present.set(.timestamps)
      options.timestampValue = timestamp
    }
    return options
  }

  static func timestamps(_ value: UInt32) -> TCPOptions { .offer(mss: nil, timestamp: value) }
}

extension TCPParameters {
  static func with(_ change: (inout TCPParameters) -> Void) -> TCPParameters {
    var parameters = TCPParameters()
    change(&parameters)
    return parameters
  }
}

/// Expects an action, whole.
func expect(
  _ action: Action, _ reply: Reply, _ anomaly: Anomaly = .none, _ events: Events = [], _ location: SourceLocation = #_sourceLocation
) {
  #expect(action.reply == reply, sourceLocation: location)
  #expect(action.anomaly == anomaly, sourceLocation: location)
  #expect(action.events == events, sourceLocation: location)
}

import Testing

@testable import TCPEngine

/// Two machines joined by a wire that loses, repeats and reorders, as a seed decides: both streams arrive whole, and both ends close.
@Suite struct FuzzTests {
  struct Flying {
    var at: UInt64
    var number: Int
    var to: Int
    var segment: TCPSegment
    var streamOffset: UInt32
  }

  final class End {
    var connection: Connection
    var companion: Companion
    var parameters: TCPParameters
    var end: UInt32
    var finishesFirst: Bool
    var received: UInt32 = 0
    var timeWait: TimeWait?
    /// Nothing is heard before (the passive side).
    var isListening = false

    init(_ connection: Connection, _ companion: Companion, _ parameters: TCPParameters, end: UInt32, finishesFirst: Bool, isListening: Bool)
    {
      self.connection = connection
      self.companion = companion
      self.parameters = parameters
      self.end = end
      self.finishesFirst = finishesFirst
      self.isListening = isListening
    }

    var isOver: Bool { timeWait != nil || (connection.state == .closed && !isListening) }
    var finish: Bool { finishesFirst || connection.peerHasClosed }
  }

  struct Net {
    var random: SeededRandom
    var ends: [End] = []
    var wire: [Flying] = []
    var microseconds: UInt64 = 4_000_000_000
    var count = 0
    var problem: String?
    let loss: Double

    var now: Moment { Moment(milliseconds: UInt32(truncatingIfNeeded: microseconds / 1_000), microseconds: microseconds) }

    init(seed: UInt64) {
      random = SeededRandom(seed: seed)
      loss = [0, 0.05, 0.2, 0.35][Int(random.next() % 4)]
      let simultaneous = random.next() % 8 == 0
      let timestamps = random.next() % 2 == 0
      for side in 0..<2 as Range<UInt32> {
        var parameters = TCPParameters()
        parameters.timestamps = timestamps
        parameters.maximumSegmentSize = UInt16(13 + random.next() % 300)
        parameters.receiveWindow = UInt32(20 + random.next() % 3000)
        parameters.establishedTimeout = 3_600_000
        parameters.closingTimeout = 3_600_000
        parameters.synSentTimeout = 3_600_000
        parameters.synReceivedTimeout = 3_600_000
        parameters.synRetries = 31
        parameters.dataRetries = 31
        parameters.maximumRTO = 2_000
        var companion = Companion()
        let initial = SequenceNumber(UInt32.max &- UInt32(truncatingIfNeeded: random.next() % 1000))
        var connection = Connection.open(
          FlowKey(source: IPv4Address(2 - side), sourcePort: 7, destination: IPv4Address(1 + side), destinationPort: 7), initial: initial,
          peer: 0, &companion, now: Moment(milliseconds: 4_000_000, microseconds: microseconds))
        let listens = side == 1 && !simultaneous
        if listens { connection.state = .closed }
        let octets = UInt32(random.next() % 4 == 0 ? 0 : random.next() % 2500)
        ends.append(
          End(
            connection, companion, parameters, end: octets, finishesFirst: side == 0 || random.next() % 2 == 0, isListening: listens))
        if !listens { synchronize(Int(side)) }
      }
    }

    mutating func chance(_ probability: Double) -> Bool { random.happens(SeededRandom.threshold(probability)) }

    mutating func put(_ segment: TCPSegment, from side: Int, streamOffset: UInt32 = 0) {
      let copies = chance(loss) ? 0 : chance(0.05) ? 2 : 1
      for _ in 0..<copies {
        let delay = 1_000 + random.next() % (chance(0.2) ? 100_000 : 2_000)
        wire.append(Flying(at: microseconds + delay, number: count, to: 1 - side, segment: segment, streamOffset: streamOffset))
        count += 1
      }
    }

    mutating func synchronize(_ side: Int) {
      put(ends[side].connection.synchronization(ends[side].companion, ends[side].parameters, now: now), from: side)
    }

    mutating func put(_ transmission: Transmission, _ side: Int) {
      let segment = ends[side].connection.segment(transmission, ends[side].companion, ends[side].parameters, now: now)
      put(segment, from: side, streamOffset: transmission.streamOffset)
    }

    mutating func retransmit(_ side: Int) {
      if let again = ends[side].connection.retransmitOldest() { put(again, side) }
    }

    mutating func send(_ side: Int) -> Bool {
      let end = ends[side]
      var sent = false
      while let next = end.connection.transmitNext(
        end: end.end, finish: end.finish, &end.companion, end.parameters, now: now)
      {
        put(next, side)
        sent = true
      }
      return sent
    }

    mutating func arrive(_ flying: Flying) {
      let side = flying.to
      let segment = flying.segment
      if let timeWait = ends[side].timeWait {
        switch timeWait.arrive(segment, timestamps: ends[side].parameters.timestamps) {
        case .ignore: break
        default: put(timeWait.acknowledgment(window: 100, timestamps: ends[side].parameters.timestamps, now: now), from: side)
        }
        return
      }
      if ends[side].isListening {
        guard segment.flags == .syn else { return }
        ends[side].isListening = false
        ends[side].connection = Connection.accept(
          segment, initial: ends[side].connection.initialSend, peer: 0, &ends[side].companion, ends[side].parameters, now: now)
        return synchronize(side)
      }
      if ends[side].connection.state == .closed { return }
      let end = ends[side]
      carryOut(end.connection.arrive(segment, &end.companion, end.parameters, now: now), side, flying)
    }

    mutating func carryOut(_ action: Action, _ side: Int, _ flying: Flying) {
      switch action.reply {
      case .synAcknowledge: return synchronize(side)
      case .reset: problem = "reset of \(flying.segment) in \(ends[side].connection.state)"
      case .challenge: return put(ends[side].connection.acknowledgment, side)
      case .none, .acknowledge: break
      }
      if action.events.has(.reset) { problem = "was reset" }
      if action.events.has(.payload) {
        if flying.streamOffset &+ UInt32(action.payloadOffset) != ends[side].received { problem = "octets at the wrong place" }
        ends[side].received += UInt32(action.payloadLength)
        if ends[side].connection.streamReceived != ends[side].received { problem = "octets not counted" }
        if UInt32(action.payloadOffset) + UInt32(action.payloadLength) > UInt32(flying.segment.payloadLength) { problem = "too many" }
      }
      var answered = false
      if action.events.has(.retransmit) {
        retransmit(side)
        answered = true
      }
      if action.events.rawValue != 0, send(side) { answered = true }
      if action.reply == .acknowledge, !answered { put(ends[side].connection.acknowledgment, side) }
      if action.events.has(.timeWait) { ends[side].timeWait = TimeWait(ends[side].connection, ends[side].companion, hash: 1, due: 0) }
    }

    /// The next look of an end's timers: at which millisecond from now.
    mutating func runTimer(_ side: Int) -> UInt64 {
      guard !ends[side].isOver, !ends[side].isListening else { return .max }
      switch ends[side].connection.timeout(ends[side].companion, ends[side].parameters, now: now) {
      case .wait(let due): return UInt64(due &- now.milliseconds)
      case .synchronize: synchronize(side)
      case .retransmit: retransmit(side)
      case .resume: _ = send(side)
      case .probe:
        if let probe = ends[side].connection.probe(end: ends[side].end, finish: ends[side].finish) { put(probe, side) }
      case .lossProbe, .acknowledge, .keepAlive: problem = "a timer of a cold connection, or of what is off"
      case .exhausted, .idle: problem = "gave up in \(ends[side].connection.state)"
      }
      return 1
    }

    mutating func run() {
      var steps = 0
      while problem == nil, !(ends[0].isOver && ends[1].isOver) {
        steps += 1
        if steps > 20_000 {
          problem = "never ends: \(ends[0].connection.state), \(ends[1].connection.state)"
          return
        }
        let look = min(runTimer(0), runTimer(1))
        var first: Int?
        for index in wire.indices where first == nil || wire[index].at < wire[first!].at { first = index }
        let timer = look == .max ? UInt64.max : microseconds + look * 1_000
        if let first, wire[first].at <= timer {
          microseconds = max(microseconds, wire[first].at)
          arrive(wire.remove(at: first))
        } else {
          microseconds = timer
        }
      }
      for side in 0..<2 where problem == nil && ends[side].received != ends[1 - side].end {
        problem = "\(ends[side].received) octets of \(ends[1 - side].end)"
      }
    }
  }

  @Test(arguments: 0..<10) func streamsArriveWhole(_ block: UInt64) {
    for seed in block * 200..<block * 200 + 200 {
      var net = Net(seed: seed)
      net.run()
      #expect(net.problem == nil, "seed \(seed)")
    }
  }
}

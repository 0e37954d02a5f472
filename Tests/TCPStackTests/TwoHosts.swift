import Testing

@testable import TCPStack

/// What a link does to packets; chances of 1,000.
struct LinkFaults {
  var loss = 0
  var duplicate = 0
  var corrupt = 0
  /// Largest delay added to a packet, in microseconds: beyond the others' it is overtaken.
  var jitter: UInt64 = 0
}

/// Two stacks and the link between them, under a clock that jumps from event to event. Replayed from its seed.
final class TwoHosts {
  let client: Stack
  let server: Stack
  var faults: LinkFaults
  private var random: SeededRandom
  /// What every packet takes that is sent from now on, in microseconds.
  var delay: UInt64
  private var flying: [(due: UInt64, order: UInt64, toServer: Bool, packet: [UInt8])] = []
  private var order: UInt64 = 0
  var now: UInt64 = 1_000_000
  /// How many of the client's next packets without text, its SYN apart, are lost.
  var lostAcknowledgments = 0
  /// Everything that was sent, faults or not.
  private(set) var sent: [(time: UInt64, toServer: Bool, segment: TCPSegment, blocks: [SequenceRange])] = []

  init(
    seed: UInt64 = 1, delay: UInt64 = 10_000, faults: LinkFaults = LinkFaults(), client: (inout StackSettings) -> Void = { _ in },
    server: (inout StackSettings) -> Void = { _ in }
  ) {
    var settings = StackSettings(address: 0x0a00_0001)
    settings.seed = seed &* 2
    client(&settings)
    self.client = Stack(settings, now: now)
    settings = StackSettings(address: 0x0a00_0002)
    settings.seed = seed &* 2 + 1
    server(&settings)
    self.server = Stack(settings, now: now)
    self.delay = delay
    self.faults = faults
    random = SeededRandom(seed: seed)
  }

  /// A connection from the client to the server's port 80: the descriptors at both.
  func connect(backlog: Int32 = 8, listenerOptions: (Int32) -> Void = { _ in }) throws -> (client: Int32, server: Int32) {
    let listener = server.openSocket()
    listenerOptions(listener)
    #expect(server.bind(listener, 0, 80) == 0)
    #expect(server.listen(listener, backlog) == 0)
    let socket = client.openSocket()
    #expect(client.connect(socket, 0x0a00_0002, 80) == -Errno.inProgress)
    var accepted: Int32 = -1
    try run(until: {
      if accepted < 0 { accepted = self.server.accept(listener).0 }
      return accepted >= 0 && self.client.poll(socket) & 4 != 0
    })
    return (socket, accepted)
  }

  /// Lets time pass until the condition holds.
  func run(for limit: UInt64 = 600_000_000, until condition: () -> Bool) throws {
    let end = now + limit
    while !condition() {
      guard step(end) else {
        Issue.record("nothing more happens, or not in time")
        throw CancellationError()
      }
    }
  }

  /// Lets time pass.
  func run(for span: UInt64) {
    let end = now + span
    while step(end) {}
    now = end
    client.advance(now)
    server.advance(now)
    collect()
  }

  /// The next event before `end`; false: there is none.
  private func step(_ end: UInt64) -> Bool {
    collect()
    var next = min(client.nextDeadline, server.nextDeadline)
    if let first = flying.map(\.due).min() { next = min(next, first) }
    guard next <= end else { return false }
    now = max(now, next)
    client.advance(now)
    server.advance(now)
    collect()
    let due = flying.filter { $0.due <= now }.sorted { ($0.due, $0.order) < ($1.due, $1.order) }
    flying.removeAll { $0.due <= now }
    for packet in due {
      _ = packet.packet.withUnsafeBytes { (packet.toServer ? server : client).packetIn($0.baseAddress!, count: $0.count) }
    }
    collect()
    return true
  }

  private func chance(_ thousandths: Int) -> Bool { random.next() % 1_000 < UInt64(thousandths) }

  /// What the stacks want to send goes on its way.
  func collect() {
    for (stack, toServer) in [(client, true), (server, false)] {
      while let packet = stack.output.next {
        stack.output.removeFirst()
        note(packet, toServer)
        if toServer, lostAcknowledgments > 0, let segment = sent.last?.segment, segment.payloadLength == 0, !segment.flags.has(.syn) {
          lostAcknowledgments -= 1
          continue
        }
        if chance(faults.loss) { continue }
        for _ in 0..<(chance(faults.duplicate) ? 2 : 1) {
          var copy = packet
          if chance(faults.corrupt) { copy[Int(random.next() % UInt64(copy.count))] ^= 1 << UInt8(random.next() % 8) }
          order += 1
          let extra = faults.jitter == 0 ? 0 : random.next() % faults.jitter
          flying.append((now + delay + extra, order, toServer, copy))
        }
      }
    }
  }

  private func note(_ packet: [UInt8], _ toServer: Bool) {
    let frame = [UInt8](repeating: 0, count: 12) + [8, 0] + packet
    frame.withUnsafeBytes { bytes in
      var segment = TCPSegment()
      guard case .tcp = FrameParser.parse(bytes.baseAddress!, count: bytes.count, verify: .software, into: &segment) else {
        Issue.record("a packet of ours cannot be read")
        return
      }
      var blocks: [SequenceRange] = []
      withUnsafePointer(to: segment) {
        if let option = SACKBlocks($0, in: bytes.baseAddress!) { blocks = (0..<option.count).map { option[$0] } }
      }
      sent.append((now, toServer, segment, blocks))
    }
  }
}

extension Stack {
  func send(_ socket: Int32, _ octets: ArraySlice<UInt8>, more: Bool = false) -> Int {
    octets.withUnsafeBytes { $0.count == 0 ? 0 : send(socket, $0.baseAddress!, $0.count, more: more) }
  }

  func receive(_ socket: Int32, most: Int = 65_536) -> (Int, [UInt8]) {
    var octets = [UInt8](repeating: 0, count: most)
    let count = octets.withUnsafeMutableBytes { receive(socket, $0.baseAddress!, $0.count, peek: false) }
    return (count, Array(octets.prefix(max(0, count))))
  }
}

/// A stream under way from one stack to another.
final class Transfer {
  let from: Stack
  let to: Stack
  let sender: Int32
  let receiver: Int32
  let octets: [UInt8]
  private var handed = 0
  private(set) var received: [UInt8] = []
  private(set) var ended = false

  init(_ octets: [UInt8], _ from: Stack, _ sender: Int32, to: Stack, _ receiver: Int32) {
    self.octets = octets
    (self.from, self.sender, self.to, self.receiver) = (from, sender, to, receiver)
  }

  /// Hands over and takes what can be; true when all has come, and the end.
  func go() -> Bool {
    if handed < octets.count {
      let taken = from.send(sender, octets[handed...])
      if taken > 0 { handed += taken }
      if handed == octets.count { _ = from.shutdown(sender, read: false, write: true) }
    }
    while !ended {
      let (count, more) = to.receive(receiver)
      if count == 0 { ended = true }
      if count <= 0 { break }
      received += more
    }
    return ended
  }

  static func octets(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

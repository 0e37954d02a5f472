#if !FUZZING
  import CPacket

  @testable import TCPEngine
#else
  import CPacket
#endif

/// Octets as a script for a whole engine over the in-memory port, client and server at once: segments that fit its connections more or less,
/// time, ARP, commands. Whatever comes, its own frames are sound, its books balance, nothing leaks, and silence ends every connection.
enum MachineFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> String? {
    var octets = Octets(input)
    let player = Player(&octets)
    while player.problem == nil, !octets.isEmpty { player.step(&octets) }
    return player.problem ?? player.finish()
  }

  /// A script's octets, one after the other; zeros behind the last.
  struct Octets {
    private let input: UnsafeRawBufferPointer
    private var position = 0

    init(_ input: UnsafeRawBufferPointer) { self.input = input }

    var isEmpty: Bool { position >= input.count }

    mutating func next() -> UInt8 {
      defer { position += 1 }
      return isEmpty ? 0 : input[position]
    }
  }

  /// What the other end of the wire knows of a connection.
  struct Flow {
    /// From the engine's end to ours.
    var key: FlowKey
    /// The engine's next number, and what it expects of us.
    var theirs: UInt32
    var ours: UInt32
    var timestamp: UInt32 = 0
  }

  /// The wire and its buffers, which are empty again after each script: making them takes longer than most scripts.
  final class Wire: Sendable {
    let link = MemoryLink(buffers: 192, depth: 128)
    static let shared = Wire()
  }

  final class Player {
    private let wire = Wire.shared
    private let link = WorkerLink()
    private var worker: Worker<MemoryPort, TrafficEngine<ExchangeWorkload>, ManualClock>
    private let far: MemoryPort
    private let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    private var flows: [Flow] = []
    private var nextPort: UInt16 = 5000
    private(set) var problem: String?

    private static let mac = MACAddress(0x02_00_00_00_00_01)
    private static let peerMAC = MACAddress(0x02_00_00_00_00_02)
    private static let own = IPv4Address(0x0a00_0001)
    private static let peer = IPv4Address(0x0a00_0002)

    init(_ octets: inout Octets) {
      let choice = octets.next()
      var settings = TrafficSettings()
      settings.port.interface = "wire"
      settings.port.address = Player.own
      settings.port.prefixLength = 24
      settings.port.clients = [AddressRange(first: Player.own, last: Player.own)]
      settings.targets = [Target(id: "peer", address: Player.peer, mac: choice & 1 == 0 ? Player.peerMAC : nil, port: 80)]
      settings.engine.ports = [80...81]
      settings.engine.verifyPayload = choice & 2 == 0
      settings.engine.tcp.timestamps = choice & 4 != 0
      settings.engine.tcp.windowScaling = choice & 8 == 0
      settings.engine.finByServer = Int(choice >> 4 & 3)
      settings.engine.finByClient = Int(choice >> 6)
      settings.engine.timeWaitPool = 16
      let sizes = octets.next()
      settings.engine.payloadSize = [16, 0, 1, 3000][Int(sizes & 3)]
      settings.engine.responseSize = [16, 0, 1, 20_000][Int(sizes >> 2 & 3)]
      settings.engine.tcp.receiveWindow = [65_535, 1_024, 4_000, 65_000][Int(sizes >> 4 & 3)]
      settings.engine.tcp.maximumSegmentSize = [1_460, 64, 536, 1_000][Int(sizes >> 6)]
      // Short times: the wheel looks at every millisecond.
      settings.engine.tcp.minimumRTO = 20
      settings.engine.tcp.initialRTO = 100
      settings.engine.tcp.maximumRTO = 400
      settings.engine.tcp.synRetries = 2
      settings.engine.tcp.dataRetries = 4
      settings.engine.tcp.synSentTimeout = 1_000
      settings.engine.tcp.synReceivedTimeout = 1_000
      settings.engine.tcp.establishedTimeout = 2_000
      settings.engine.tcp.closingTimeout = 1_000
      settings.engine.tcp.timeWaitTimeout = 1_000
      settings.engine.tcp.acknowledgmentDelay = choice % 3 == 1 ? 30 : 0
      settings.engine.tcp.keepAlive = choice % 5 == 2 ? 300 : 0
      var share = EngineShare(settings, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: 7)
      share.connections = 6
      share.maxOpen = 2
      let engine = TrafficEngine(settings, share: share, workload: ExchangeWorkload(settings.engine), mac: Player.mac, link: link)
      worker = Worker(port: MemoryPort(wire.link, end: .a), engine: engine, clock: ManualClock(), link: link)
      far = MemoryPort(wire.link, end: .b)
      turn()
    }

    deinit { place.deallocate() }

    func step(_ octets: inout Octets) {
      let operation = octets.next()
      switch operation & 7 {
      case 0, 1, 2, 3: segment(operation, &octets)
      case 4: wait([1, 10, 19, 20, 100, 400, 2_000, 31_000][Int(operation >> 3 & 7)])
      case 5: open(octets.next(), &octets)
      case 6: arp(octets.next())
      default: command(operation >> 3)
      }
    }

    private func wait(_ milliseconds: UInt64) {
      worker.clock.time += milliseconds * 1_000_000
      for _ in 0..<4 { turn() }
    }

    private func command(_ number: UInt8) {
      switch number & 15 {
      case 0: link.send(.stopOpening)
      case 1: link.send(.closeAll)
      case 2: link.send(.resetAll)
      default: break
      }
      turn()
    }

    private func arp(_ choice: UInt8) {
      let mac = MACAddress(choice & 1 == 0 ? Player.peerMAC.rawValue : 0x02_00_00_00_01_00 | UInt64(choice))
      let operation: ARPPacket.Operation = choice & 2 == 0 ? .reply : .request
      let sender = choice & 4 == 0 ? Player.peer : Player.own
      send(ARPPacket.frameLength) {
        ARPPacket(operation, from: mac, sender, to: Player.mac, choice & 8 == 0 ? Player.own : sender).write(to: $0)
      }
    }

    /// A SYN to the server role.
    private func open(_ choice: UInt8, _ octets: inout Octets) {
      if choice & 0xc0 != 0 { nextPort &+= 1 }
      var segment = TCPSegment(
        FlowKey(source: Player.peer, sourcePort: nextPort, destination: Player.own, destinationPort: 80 + UInt16(choice & 3)))
      segment.flags = TCPFlags(rawValue: choice & 4 == 0 ? 0x02 : 0xc2)
      segment.sequence = SequenceNumber(choice & 8 == 0 ? 1_000 : .max &- 3)
      segment.window = UInt16(octets.next()) << 8 | 255
      if choice & 16 != 0 {
        segment.options.present = TCPOptions.Present(rawValue: octets.next() & 15)
        segment.options.maximumSegmentSize = UInt16(octets.next()) << 3
        segment.options.windowScale = choice & 15
      }
      note(segment.key.reversed, ours: segment.sequence.rawValue &+ 1)
      send(segment, payload: 0)
    }

    /// A segment of a connection, more or less.
    private func segment(_ operation: UInt8, _ octets: inout Octets) {
      guard !flows.isEmpty else { return turn() }
      let index = Int(operation >> 2 & 7) % flows.count
      let flow = flows[index]
      let flags = octets.next()
      let deltas = octets.next()
      let size = octets.next()
      var segment = TCPSegment(flow.key.reversed)
      segment.flags = TCPFlags(rawValue: operation & 1 == 0 ? flags & 0x3f : 0x10 | flags & 0x09)
      let length = [0, 0, 16, 1, 7, 100, 500, 1_400][Int(size & 7)]
      segment.sequence = SequenceNumber(flow.ours &+ Self.delta(deltas & 15, UInt32(length)))
      segment.acknowledgment = SequenceNumber(flow.theirs &+ Self.delta(deltas >> 4, 16))
      segment.window = [65_535, 0, 1, 100, 1_000, 20_000, 3, 65_535][Int(size >> 3 & 7)]
      switch size >> 6 {
      case 1:
        segment.options.present = .timestamps
        segment.options.timestampValue = UInt32(octets.next())
        segment.options.timestampEcho = flow.timestamp
      case 2: segment.options.present = TCPOptions.Present(rawValue: octets.next() & 15)
      default: break
      }
      send(segment, payload: length)
    }

    private static func delta(_ choice: UInt8, _ length: UInt32) -> UInt32 {
      switch choice {
      case 0...7: 0
      case 8: 1
      case 9: .max
      case 10: length
      case 11: 0 &- length
      case 12: 1_000
      case 13: 100_000
      case 14: 0x8000_0000
      default: 0 &- 100_000
      }
    }

    private func send(_ segment: TCPSegment, payload: Int) {
      var segment = segment
      segment.payloadLength = UInt16(payload)
      let options = segment.options.encodedLength
      send(54 + options + payload) { frame in
        LinkHeader(destination: Player.mac, source: Player.peerMAC).store(to: frame)
        for index in 0..<payload {
          frame.storeBytes(of: UInt8(truncatingIfNeeded: index), toByteOffset: 54 + options + index, as: UInt8.self)
        }
        _ = FrameWriter.write(segment, to: frame)
      }
    }

    private func send(_ length: Int, _ write: (UnsafeMutableRawPointer) -> Void) {
      guard let packet = far.allocate() else { return turn() }
      write(packet.bytes)
      packet.length = length
      place[0] = packet.release()
      if far.transmit(place, count: 1) == 0 { far.free(Packet(owning: place[0])) }
      turn()
    }

    private func turn() {
      worker.turn()
      while far.receive(place, count: 1) == 1 {
        let packet = Packet(owning: place[0])
        take(UnsafeRawBufferPointer(start: packet.bytes, count: packet.length))
        far.free(packet)
      }
      check()
    }

    /// A frame of the engine's.
    private func take(_ frame: UnsafeRawBufferPointer) {
      var segment = TCPSegment()
      switch FrameParser.parse(frame.baseAddress!, count: frame.count, verify: .software, into: &segment) {
      case .arp: return
      case .tcp: break
      default:
        problem = "it sent what cannot be read: \(Array(frame))"
        return
      }
      guard segment.source == Player.own, segment.destination == Player.peer else {
        problem = "it sent to \(segment.destination) from \(segment.source)"
        return
      }
      if segment.flags.has(.rst) { return }
      let index = note(segment.key, ours: segment.acknowledgment.rawValue)
      let end = segment.sequence.rawValue &+ segment.length
      if segment.flags.has(.syn) || Int32(bitPattern: end &- flows[index].theirs) > 0 { flows[index].theirs = end }
      if segment.options.present.has(.timestamps) { flows[index].timestamp = segment.options.timestampValue }
      if segment.flags.has(.ack) { flows[index].ours = segment.acknowledgment.rawValue }
    }

    @discardableResult
    private func note(_ key: FlowKey, ours: UInt32) -> Int {
      if let index = flows.firstIndex(where: { $0.key == key }) { return index }
      if flows.count == 8 { flows.removeFirst() }
      flows.append(Flow(key: key, theirs: 0, ours: ours))
      return flows.count - 1
    }

    private func open(_ role: Role) -> UInt64 {
      link.statistics.attempts(role) &- Outcome.allCases.reduce(0) { $0 + link.statistics[role, $1] }
    }

    private func check() {
      if problem != nil { return }
      if open(.client) != UInt64(worker.engine.openClients) || open(.server) != UInt64(worker.engine.openServers) {
        problem = "attempts and outcomes do not balance"
      }
      if wire.link.outstanding > 80 { problem = "\(wire.link.outstanding) buffers are held" }
    }

    /// Nobody answers any more: each connection ends by itself.
    func finish() -> String? {
      link.send(.stopOpening)
      var turns = 0
      while open(.client) + open(.server) > 0 || worker.engine.inUse.flows > 0, problem == nil {
        turns += 1
        if turns > 4_000 { return "connections stay open in silence" }
        worker.clock.time += 20_000_000
        turn()
      }
      link.send(.leave)
      turn()
      worker.freeDiscarded()
      worker.io.discard()
      if let problem { return problem }
      let inUse = worker.engine.inUse
      if inUse != (0, 0, 0) { return "in use at the end: \(inUse)" }
      while worker.io.port.receive(place, count: 1) == 1 { far.free(Packet(owning: place[0])) }
      return wire.link.outstanding == 0 ? nil : "\(wire.link.outstanding) buffers leaked"
    }
  }
}

extension Worker where Port: ~Copyable, E: ~Copyable, C: ~Copyable {
  /// Frees what connections held that have ended.
  fileprivate mutating func freeDiscarded<W>() where E == TrafficEngine<W> { engine.freeDiscarded(&io) }
}

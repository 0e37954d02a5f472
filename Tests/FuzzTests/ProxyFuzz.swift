#if !FUZZING
  import CPacket

  @testable import TCPEngine
#else
  import CPacket
#endif

/// Octets as a script for a proxy over the in-memory port, whose other end is all clients and all servers: segments that fit its connections
/// more or less, on both legs, requests whole and in parts, time, ARP, ICMP errors, commands. Whatever comes, its own frames are sound, its books
/// balance, nothing leaks, and silence ends every connection.
enum ProxyFuzz {
  static func run(_ input: UnsafeRawBufferPointer) -> String? {
    var octets = MachineFuzz.Octets(input)
    let player = Player(&octets)
    while player.problem == nil, !octets.isEmpty { player.step(&octets) }
    return player.problem ?? player.finish()
  }

  /// The wire and its buffers, which are empty again after each script.
  final class Wire: Sendable {
    let link = MemoryLink(buffers: 512, depth: 256)
    static let shared = Wire()
  }

  /// Rules that never change, made once.
  final class Rules: Sendable {
    let set: RuleSet
    static let shared = Rules()

    private init() {
      do {
        set = try RuleSet([
          RuleSettings(match: .prefix(Array("QUIT".utf8)), verdict: .reset),
          RuleSettings(match: .http(method: nil, host: "a", path: nil), verdict: .group(0), closesAfterResponse: true),
          RuleSettings(match: .ldapBind(dn: "dc=a"), verdict: .target(0)),
          RuleSettings(match: .ldapSearch(base: "dc=b"), verdict: .target(1)),
          RuleSettings(match: .any, verdict: .group(0)),
        ])
      } catch {
        fatalError("\(error)")
      }
    }
  }

  final class Player {
    private let wire = Wire.shared
    private let link = WorkerLink()
    private var worker: Worker<MemoryPort, ProxyEngine<RuleSet, NoInspector>, ManualClock>
    private let far: MemoryPort
    private let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    private var flows: [MachineFuzz.Flow] = []
    private var nextPort: UInt16 = 5000
    private(set) var problem: String?

    private static let mac = MACAddress(0x02_00_00_00_00_01)
    private static let peerMAC = MACAddress(0x02_00_00_00_00_02)
    private static let own = IPv4Address(0x0a00_0001)
    private static let client = IPv4Address(0x0a00_0002)
    private static let server = IPv4Address(0x0a00_0008)
    /// What is said first, and parts of it.
    private static let requests: [[UInt8]] = [
      Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), Array("GET / HTTP/1.1\r\nHo".utf8), Array("QUIT".utf8), Array("x".utf8),
      // An anonymous bind; one by dc=a; a search below dc=b; the answer to a bind.
      [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0],
      [0x30, 16, 2, 1, 1, 0x60, 11, 2, 1, 3, 4, 4, 0x64, 0x63, 0x3d, 0x61, 0x80, 0],
      [
        0x30, 31, 2, 1, 2, 0x63, 26, 4, 4, 0x64, 0x63, 0x3d, 0x62, 10, 1, 0, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0, 0x87, 1, 0x6f, 0x30, 0,
      ],
      [0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0],
      Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET".utf8),
    ]

    init(_ octets: inout MachineFuzz.Octets) {
      let choice = octets.next()
      var settings = ProxySettings()
      var port = PortSettings()
      port.interface = "wire"
      port.address = Player.own
      port.prefixLength = 24
      port.clients = [AddressRange(first: Player.own, last: Player.own)]
      port.poolSize = 512
      settings.ports = [port]
      settings.listeningPorts = [80...81]
      settings.maxOpen = 4
      settings.lingerPool = 2
      settings.servers = ServerSettings(
        targets: (0..<2).map { ServerTarget(name: "s\($0)", address: Player.server.rawValue + UInt32($0), port: 4000) },
        groups: [ServerGroupSettings(name: "all", algorithm: choice & 1 == 0 ? .roundRobin : .leastConnections, targets: [0, 1])])
      settings.serverMACs = choice & 2 == 0 ? [Player.peerMAC, Player.peerMAC] : [nil, Player.peerMAC]
      settings.defaultGroup = 0
      settings.parameters.isImmediate = choice & 4 != 0
      settings.parameters.timestamps = choice & 8 != 0 ? .always : choice & 64 != 0 ? .learned : .never
      settings.parameters.maximumSegmentSize = choice & 16 == 0 ? 1_460 : 64
      settings.parameters.windowScale = choice & 1 == 0 ? choice >> 5 : nil
      settings.parameters.requestLimit = choice & 1 == 0 ? 16_384 : 512
      // Short times: the wheel looks at every millisecond.
      settings.parameters.initialRTO = 100
      settings.parameters.retries = 3
      settings.parameters.handshakeTimeout = 1_000
      settings.parameters.requestTimeout = 800
      settings.parameters.serverFirstTimeout = choice & 32 == 0 ? 0 : 200
      settings.parameters.connectTimeout = 400
      settings.parameters.establishedTimeout = 2_000
      settings.parameters.closingTimeout = 1_000
      settings.parameters.lingerTimeout = 500
      let share = ProxyShare(settings, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: 7)
      let engine = ProxyEngine(
        settings, share: share, rule: Rules.shared.set, inspector: NoInspector(), macs: [Player.mac], link: link)
      worker = Worker(port: MemoryPort(wire.link, end: .a), engine: engine, clock: ManualClock(), link: link)
      far = MemoryPort(wire.link, end: .b)
      turn()
    }

    deinit { place.deallocate() }

    func step(_ octets: inout MachineFuzz.Octets) {
      let operation = octets.next()
      switch operation & 15 {
      case 0...4: segment(operation, &octets)
      case 5, 6, 7, 8: proper(operation, &octets)
      case 9, 10: wait([1, 10, 99, 100, 200, 400, 1_000, 31_000][Int(operation >> 4 & 7)])
      case 11, 12: open(octets.next(), &octets)
      case 13: arp(octets.next())
      case 14: icmp(octets.next())
      default: command(operation >> 4)
      }
    }

    private func wait(_ milliseconds: UInt64) {
      worker.clock.time += milliseconds * 1_000_000
      for _ in 0..<4 { turn() }
    }

    private func command(_ number: UInt8) {
      switch number {
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
      let sender = choice & 4 == 0 ? Player.server : Player.own
      send(ARPPacket.frameLength) {
        ARPPacket(operation, from: mac, sender, to: Player.mac, choice & 8 == 0 ? Player.own : sender).write(to: $0)
      }
    }

    /// An error about a segment that the proxy has sent, more or less.
    private func icmp(_ choice: UInt8) {
      guard !flows.isEmpty else { return turn() }
      let flow = flows[Int(choice & 7) % flows.count]
      var quoted = TCPSegment(flow.key)
      quoted.flags = choice & 8 == 0 ? .ack : .syn
      quoted.sequence = SequenceNumber(flow.theirs &- [0, 1, 2, 100][Int(choice >> 4 & 3)])
      let kinds: [(UInt8, UInt8)] = [(3, 4), (3, 3), (3, 1), (11, 0)]
      let (type, code) = kinds[Int(choice >> 6)]
      let ip = Ethernet.headerLength
      let length = ip + 20 + 8 + 40
      send(length) { frame in
        // The segment is written as a frame, whose packet is the error's quote.
        _ = FrameWriter.write(quoted, to: frame + 28)
        LinkHeader(destination: Player.mac, source: Player.peerMAC).store(to: frame)
        var header: [UInt8] = [0x45, 0, 0, UInt8(length - ip), 0, 0, 0x40, 0, 64, 1, 0, 0]
        for address in [Player.client, Player.own] {
          for shift in [24, 16, 8, 0] { header.append(UInt8(address.rawValue >> UInt32(shift) & 255)) }
        }
        let message: [UInt8] = [type, code, 0, 0, 0, 0, 2, 88]
        for (index, octet) in (header + message).enumerated() { frame.storeBytes(of: octet, toByteOffset: ip + index, as: UInt8.self) }
        for (from, count, at) in [(ip, 20, ip + 10), (ip + 20, 48, ip + 22)] {
          var sum = ChecksumSum()
          sum.add(UnsafeRawPointer(frame) + from, count: count)
          frame.store(sum.field, at: at)
        }
      }
    }

    /// A client's SYN.
    private func open(_ choice: UInt8, _ octets: inout MachineFuzz.Octets) {
      if choice & 0xc0 != 0 { nextPort &+= 1 }
      var segment = TCPSegment(
        FlowKey(source: Player.client, sourcePort: nextPort, destination: Player.own, destinationPort: 80 + UInt16(choice & 1)))
      segment.flags = TCPFlags(rawValue: choice & 4 == 0 ? 0x02 : 0xc2)
      segment.sequence = SequenceNumber(choice & 8 == 0 ? 1_000 : .max &- 3)
      segment.window = UInt16(octets.next()) << 8 | 255
      if choice & 16 != 0 {
        segment.options.present = TCPOptions.Present(rawValue: octets.next() & 15)
        segment.options.maximumSegmentSize = UInt16(octets.next()) << 3
        segment.options.windowScale = choice & 15
      }
      note(segment.key.reversed, ours: segment.sequence.rawValue &+ 1)
      send(segment, payload: [])
    }

    /// What the other end of a connection would send now: a SYN-ACK to a SYN, a request, an answer, a FIN.
    private func proper(_ operation: UInt8, _ octets: inout MachineFuzz.Octets) {
      guard !flows.isEmpty else { return turn() }
      let index = flows.count - 1 - Int(operation >> 4 & 7) % flows.count
      var flow = flows[index]
      var segment = TCPSegment(flow.key.reversed)
      let choice = octets.next()
      segment.window = choice & 128 == 0 ? 65_535 : 20
      segment.acknowledgment = SequenceNumber(flow.theirs)
      segment.options.present = flow.timestamp == 0 ? [] : .timestamps
      segment.options.timestampValue = 1
      segment.options.timestampEcho = flow.timestamp
      var payload: [UInt8] = []
      if flow.ours == 0 {
        // Nothing was said to this SYN yet.
        segment.flags = .synAck
        segment.sequence = SequenceNumber(77_000)
        flow.ours = 77_001
        if choice & 1 == 0 {
          segment.options.present = [.maximumSegmentSize, .windowScale, .sackPermitted]
          segment.options.maximumSegmentSize = choice & 2 == 0 ? 1_460 : 100
          segment.options.windowScale = choice >> 3 & 7
        }
      } else {
        segment.flags = TCPFlags(rawValue: TCPFlags.ack.rawValue | (choice & 16 == 0 ? 0 : TCPFlags.fin.rawValue) | (choice >> 2 & 8))
        segment.sequence = SequenceNumber(flow.ours)
        if choice & 8 == 0 { payload = Self.requests[Int(choice & 7)] }
        flow.ours = flow.ours &+ UInt32(payload.count) &+ (choice & 16 == 0 ? 0 : 1)
      }
      flows[index] = flow
      send(segment, payload: payload)
    }

    /// A segment of a connection, more or less.
    private func segment(_ operation: UInt8, _ octets: inout MachineFuzz.Octets) {
      guard !flows.isEmpty else { return turn() }
      let flow = flows[Int(operation >> 4 & 15) % flows.count]
      let flags = octets.next()
      let deltas = octets.next()
      let size = octets.next()
      var segment = TCPSegment(flow.key.reversed)
      segment.flags = TCPFlags(rawValue: operation & 1 == 0 ? flags & 0x3f : 0x10 | flags & 0x09)
      let length = [0, 0, 16, 1, 7, 100, 500, 1_400][Int(size & 7)]
      let payload = (0..<length).map {
        size & 0x38 == 0 ? Self.requests[Int(deltas & 7)][$0 % Self.requests[Int(deltas & 7)].count] : UInt8($0 & 255)
      }
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
      send(segment, payload: payload)
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

    private func send(_ segment: TCPSegment, payload: [UInt8]) {
      var segment = segment
      segment.payloadLength = UInt16(payload.count)
      let options = segment.options.encodedLength
      send(54 + options + payload.count) { frame in
        LinkHeader(destination: Player.mac, source: Player.peerMAC).store(to: frame)
        for (index, octet) in payload.enumerated() { frame.storeBytes(of: octet, toByteOffset: 54 + options + index, as: UInt8.self) }
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

    /// A frame of the proxy's.
    private func take(_ frame: UnsafeRawBufferPointer) {
      var segment = TCPSegment()
      switch FrameParser.parse(frame.baseAddress!, count: frame.count, verify: .software, into: &segment) {
      case .arp, .icmp: return
      case .tcp: break
      default:
        problem = "it sent what cannot be read: \(Array(frame))"
        return
      }
      let isToPeer = segment.destination == Player.client || segment.destination.rawValue & ~1 == Player.server.rawValue
      guard segment.source == Player.own, isToPeer else {
        problem = "it sent to \(segment.destination) from \(segment.source)"
        return
      }
      if segment.flags.has(.rst) { return }
      let isFirst = segment.flags.has(.syn) && !segment.flags.has(.ack)
      let index = note(segment.key, ours: isFirst ? 0 : segment.acknowledgment.rawValue)
      let end = segment.sequence.rawValue &+ segment.length
      if segment.flags.has(.syn) || Int32(bitPattern: end &- flows[index].theirs) > 0 { flows[index].theirs = end }
      if segment.options.present.has(.timestamps) { flows[index].timestamp = segment.options.timestampValue }
      if segment.flags.has(.ack) { flows[index].ours = segment.acknowledgment.rawValue }
    }

    @discardableResult
    private func note(_ key: FlowKey, ours: UInt32) -> Int {
      if let index = flows.firstIndex(where: { $0.key == key }) { return index }
      if flows.count == 12 { flows.removeFirst() }
      flows.append(MachineFuzz.Flow(key: key, theirs: 0, ours: ours))
      return flows.count - 1
    }

    private var ended: UInt64 { ProxyOutcome.allCases.reduce(0) { $0 + link.statistics[$1] } }

    private func check() {
      if problem != nil { return }
      if link.statistics.attempts(.client) &- ended != UInt64(worker.engine.open) { problem = "attempts and outcomes do not balance" }
      if wire.link.outstanding > 300 { problem = "\(wire.link.outstanding) buffers are held" }
    }

    /// Nobody answers any more: each connection ends by itself.
    func finish() -> String? {
      link.send(.stopOpening)
      var turns = 0
      while worker.engine.inUse.flows > 0, problem == nil {
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
      if worker.engine.heldCount != 0 { return "\(worker.engine.heldCount) packets are held at the end" }
      while worker.io.port.receive(place, count: 1) == 1 { far.free(Packet(owning: place[0])) }
      return wire.link.outstanding == 0 ? nil : "\(wire.link.outstanding) buffers leaked"
    }
  }
}

extension Worker where Port: ~Copyable, E: ~Copyable, C: ~Copyable {
  /// Frees what connections held that have ended.
  fileprivate mutating func freeDiscarded<R, I>() where E == ProxyEngine<R, I> { engine.freeDiscarded(&io) }
}

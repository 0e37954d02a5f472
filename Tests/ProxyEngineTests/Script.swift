import CPacket
import Testing

@testable import TCPEngine

/// One end of a connection through the proxy, played by a test: what it has sent and what it expects, in its own numbers.
final class ScriptEnd {
  let mac: MACAddress
  let address: IPv4Address
  let port: UInt16
  var proxyAddress: IPv4Address
  var proxyPort: UInt16
  /// Its next octet.
  var next: UInt32
  /// The other's next octet; nil: not known yet.
  var expected: UInt32?
  var window: UInt16 = 8_192
  /// Of every segment that names no others.
  var options: [UInt8] = []

  init(mac: UInt64, address: UInt32, port: UInt16, proxy: (UInt32, UInt16), next: UInt32) {
    self.mac = MACAddress(mac)
    self.address = IPv4Address(address)
    self.port = port
    proxyAddress = IPv4Address(proxy.0)
    proxyPort = proxy.1
    self.next = next
  }

  /// A segment of its own. Without `seq` it is the next one, and counts as sent.
  func segment(
    _ flags: TCPFlags, _ text: String = "", payload: [UInt8]? = nil, seq: UInt32? = nil, ack: UInt32? = nil, window: UInt16? = nil,
    options: [UInt8]? = nil, urgent: UInt16 = 0
  ) -> WireSegment {
    var segment = WireSegment()
    segment.destinationMAC = ScriptNames.proxyMAC
    segment.sourceMAC = mac
    segment.source = address
    segment.sourcePort = port
    segment.destination = proxyAddress
    segment.destinationPort = proxyPort
    segment.flags = flags
    segment.payload = payload ?? Array(text.utf8)
    segment.sequence = seq ?? next
    segment.acknowledgment = flags.has(.ack) ? ack ?? expected ?? 0 : ack ?? 0
    segment.window = window ?? self.window
    segment.options = options ?? self.options
    segment.urgent = urgent
    if seq == nil { next &+= segment.length }
    return segment
  }
}

enum ScriptNames {
  static let proxyMAC = MACAddress(0x02_00_00_00_00_01)
  static let proxyAddress: UInt32 = 0x0a00_0001
  static let clientAddress: UInt32 = 0x0a00_0064
  static let serverAddress: UInt32 = 0x0a00_000b
  static let listening: UInt16 = 80
  static let serverPort: UInt16 = 4_000
  static func serverMAC(_ index: Int) -> UInt64 { 0x02_00_00_00_02_00 + UInt64(index) }
}

/// Asks for more until there is a line.
struct WholeLine: BindingRule {
  func decide(_ request: FirstRequest) -> BindingDecision {
    for place in 0..<request.count where request.start.octet(place) == 10 { return .group(0, key: 0, rule: 0) }
    return request.isWhole ? .noRule : .needMore
  }
}

/// A proxy's worker at one end of a wire, and the test at the other, where it plays clients and servers segment by segment. Time stands still
/// unless the test moves it. What the proxy sends must be expected, in order, or `finish` complains.
final class Script<Rule: BindingRule, Inspector: PayloadInspector> {
  let wire: MemoryLink
  let test: MemoryPort
  let records: KeptRecords
  let link = WorkerLink()
  var proxy: Worker<MemoryPort, ProxyEngine<Rule, Inspector>, ManualClock>
  let client: ScriptEnd
  let servers: [ScriptEnd]
  private var toClient: [WireSegment] = []
  private var toServer: [WireSegment] = []
  /// The client's first number, which servers are told too.
  let clientISN: UInt32
  /// What is neither TCP nor ARP.
  var others: [[UInt8]] = []

  var server: ScriptEnd { servers[0] }
  var statistics: WorkerStatistics { link.statistics }

  init(
    _ rule: Rule, _ inspector: Inspector, servers count: Int = 1, buffers: Int = 512, seed: UInt64 = 1, clientISN: UInt32 = 1_000,
    serverISN: UInt32 = 700_000, _ change: (inout ProxySettings) -> Void = { _ in }
  ) {
    self.clientISN = clientISN
    wire = MemoryLink(buffers: buffers)
    test = MemoryPort(wire, end: .a)
    var settings = ProxySettings()
    var port = PortSettings()
    port.interface = "wire"
    port.address = IPv4Address(ScriptNames.proxyAddress)
    port.clients = [AddressRange(first: IPv4Address(0x0a00_0002), last: IPv4Address(0x0a00_0003))]
    port.poolSize = buffers
    settings.ports = [port]
    settings.listeningPorts = [ScriptNames.listening...ScriptNames.listening]
    settings.parameters.timestamps = .never
    settings.maxOpen = 16
    settings.lingerPool = 4
    settings.servers = ServerSettings(
      targets: (0..<count).map {
        ServerTarget(name: "s\($0)", address: ScriptNames.serverAddress + UInt32($0), port: ScriptNames.serverPort)
      }, groups: [ServerGroupSettings(name: "all", algorithm: .roundRobin, targets: Array(0..<count))])
    settings.serverMACs = (0..<count).map { MACAddress(ScriptNames.serverMAC($0)) }
    settings.defaultGroup = 0
    change(&settings)
    let share = ProxyShare(settings, worker: 0, workers: 1, ticksPerSecond: 1e9, seed: seed)
    records = KeptRecords(settings)
    let engine = ProxyEngine(
      settings, share: share, rule: rule, inspector: inspector, macs: [ScriptNames.proxyMAC], link: link,
      records: records.channel)
    proxy = Worker(port: MemoryPort(wire, end: .b), engine: engine, clock: ManualClock(), link: link)
    client = ScriptEnd(
      mac: 0x02_00_00_00_03_01, address: ScriptNames.clientAddress, port: 40_000,
      proxy: (ScriptNames.proxyAddress, ScriptNames.listening), next: clientISN)
    servers = (0..<count).map {
      ScriptEnd(
        mac: ScriptNames.serverMAC($0), address: ScriptNames.serverAddress + UInt32($0), port: ScriptNames.serverPort,
        proxy: (0, 0), next: serverISN &+ UInt32($0) &* 1_000_000)
    }
    turn()
  }

  // MARK: Time

  /// Whether the proxy finds no free buffer: the test has them all.
  var starves = false

  /// Lets the proxy do what there is to do now.
  func turn() {
    let time = proxy.clock.time
    var taken: [PacketPointer] = []
    if starves { while let packet = test.allocate() { taken.append(packet.release()) } }
    for _ in 0..<3 {
      _ = proxy.turn()
      if starves { while let packet = test.allocate() { taken.append(packet.release()) } }
    }
    for buffer in taken { test.free(Packet(owning: buffer)) }
    proxy.clock.time = time
    collect()
  }

  /// Moves the time by milliseconds.
  func pass(_ milliseconds: Int, step: Int = 5) {
    var left = milliseconds
    while left > 0 {
      let part = min(step, left)
      proxy.clock.time += UInt64(part) * 1_000_000
      turn()
      left -= part
    }
  }

  // MARK: Sending

  func send(_ segment: WireSegment) { send(frame: segment.frame) }

  func send(frame: [UInt8]) {
    guard let packet = test.allocate() else {
      Issue.record("no buffer for the test's own frame")
      return
    }
    put(frame, into: packet)
    turn()
  }

  private func put(_ frame: [UInt8], into packet: consuming Packet) {
    frame.withUnsafeBytes { packet.bytes.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    packet.length = frame.count
    var buffer: PacketPointer? = packet.release()
    withUnsafeMutablePointer(to: &buffer) { place in
      place.withMemoryRebound(to: PacketPointer.self, capacity: 1) { _ = test.transmit($0, count: 1) }
    }
  }

  func fromClient(
    _ flags: TCPFlags, _ text: String = "", payload: [UInt8]? = nil, seq: UInt32? = nil, ack: UInt32? = nil, window: UInt16? = nil,
    options: [UInt8]? = nil, urgent: UInt16 = 0
  ) {
    send(client.segment(flags, text, payload: payload, seq: seq, ack: ack, window: window, options: options, urgent: urgent))
  }

  func fromServer(
    _ flags: TCPFlags, _ text: String = "", payload: [UInt8]? = nil, seq: UInt32? = nil, ack: UInt32? = nil, window: UInt16? = nil,
    options: [UInt8]? = nil, urgent: UInt16 = 0, server index: Int = 0
  ) {
    send(servers[index].segment(flags, text, payload: payload, seq: seq, ack: ack, window: window, options: options, urgent: urgent))
  }

  // MARK: Receiving

  private func collect() {
    let place = UnsafeMutablePointer<PacketPointer>.allocate(capacity: 1)
    defer { place.deallocate() }
    while test.receive(place, count: 1) == 1 {
      let packet = Packet(owning: place[0])
      let frame = Array(UnsafeRawBufferPointer(start: packet.bytes, count: packet.length))
      test.free(packet)
      if frame[12] == 8, frame[13] == 6 { continue }
      guard let segment = WireSegment(frame) else {
        others.append(frame)
        continue
      }
      if segment.destinationMAC == client.mac { toClient.append(segment) } else { toServer.append(segment) }
    }
  }

  /// What the proxy has sent to the client first, of what was not expected yet. Numbers that are not given are those that the client expects.
  @discardableResult
  func toClient(
    _ flags: TCPFlags, _ text: String? = nil, payload: [UInt8]? = nil, seq: UInt32? = nil, ack: UInt32? = nil, window: UInt16? = nil,
    options: [UInt8]? = nil, unchecked: Bool = false, at location: SourceLocation = #_sourceLocation
  ) -> WireSegment {
    guard !toClient.isEmpty else {
      Issue.record("nothing was sent to the client; to the server: \(toServer.count)", sourceLocation: location)
      return WireSegment()
    }
    let segment = toClient.removeFirst()
    // To another client than the script's own.
    if unchecked {
      #expect(segment.flags.rawValue == flags.rawValue, sourceLocation: location)
      return segment
    }
    #expect(segment.source.rawValue == ScriptNames.proxyAddress && segment.sourcePort == ScriptNames.listening, sourceLocation: location)
    check(
      segment, client, flags, payload ?? text.map { Array($0.utf8) }, seq: seq, ack: ack, window: window, options: options, location)
    return segment
  }

  /// The same of a server.
  @discardableResult
  func toServer(
    _ flags: TCPFlags, _ text: String? = nil, payload: [UInt8]? = nil, seq: UInt32? = nil, ack: UInt32? = nil, window: UInt16? = nil,
    options: [UInt8]? = nil, server index: Int = 0, at location: SourceLocation = #_sourceLocation
  ) -> WireSegment {
    guard !toServer.isEmpty else {
      Issue.record("nothing was sent to the server; to the client: \(toClient.count)", sourceLocation: location)
      return WireSegment()
    }
    let segment = toServer.removeFirst()
    let end = servers[index]
    #expect(segment.destinationMAC == end.mac && segment.destination == end.address, "another server", sourceLocation: location)
    if segment.flags.has(.syn), !segment.flags.has(.ack) {
      end.proxyAddress = segment.source
      end.proxyPort = segment.sourcePort
      end.expected = nil
    }
    #expect(segment.source == end.proxyAddress && segment.sourcePort == end.proxyPort, "another port of ours", sourceLocation: location)
    check(segment, end, flags, payload ?? text.map { Array($0.utf8) }, seq: seq, ack: ack, window: window, options: options, location)
    return segment
  }

  private func check(
    _ segment: WireSegment, _ end: ScriptEnd, _ flags: TCPFlags, _ payload: [UInt8]?, seq: UInt32?, ack: UInt32?, window: UInt16?,
    options: [UInt8]?, _ location: SourceLocation
  ) {
    #expect(segment.flags.rawValue == flags.rawValue, "flags", sourceLocation: location)
    if let seq = seq ?? end.expected { #expect(segment.sequence == seq, "sequence number", sourceLocation: location) }
    if flags.has(.ack) { #expect(segment.acknowledgment == ack ?? end.next, "acknowledgment", sourceLocation: location) }
    #expect(segment.payload == payload ?? [], "payload: \(segment.text)", sourceLocation: location)
    if let window { #expect(segment.window == window, "window", sourceLocation: location) }
    if let options { #expect(segment.options == options, "options", sourceLocation: location) }
    let behind = segment.sequence &+ segment.length
    if let expected = end.expected {
      if Int32(bitPattern: behind &- expected) > 0 { end.expected = behind }
    } else {
      end.expected = behind
    }
  }

  /// Everything that was sent was expected.
  func quiet(at location: SourceLocation = #_sourceLocation) {
    for segment in toClient {
      Issue.record("unexpected to the client: \(segment.flags.rawValue) \(segment.sequence) \(segment.text)", sourceLocation: location)
    }
    for segment in toServer {
      Issue.record("unexpected to the server: \(segment.flags.rawValue) \(segment.sequence) \(segment.text)", sourceLocation: location)
    }
    ignoreSent()
  }

  /// What was sent and not expected.
  func takeSent() -> (client: [WireSegment], servers: [WireSegment]) {
    defer { ignoreSent() }
    return (toClient, toServer)
  }

  /// Forgets what was sent to the client alone; its numbers are as expected.
  func ignoreSentToClient() { toClient = [] }

  /// Forgets what was sent and not expected.
  func ignoreSent() {
    toClient = []
    toServer = []
  }

  var sentToServer: Int { toServer.count }
  var sentToClient: Int { toClient.count }

  // MARK: What many tests begin with

  static var usualSyn: [UInt8] { OptionOctets.mss(1_460) + [1, 1] + OptionOctets.sackPermitted + [1] + OptionOctets.scale(7) }

  /// The client's handshake.
  func handshake(_ options: [UInt8] = usualSyn, at location: SourceLocation = #_sourceLocation) {
    fromClient(.syn, options: options)
    toClient(.synAck, nil, payload: [], at: location)
    fromClient(.ack)
    quiet(at: location)
  }

  /// Our SYN and a server's answer to it.
  func accept(_ options: [UInt8] = usualSyn, window: UInt16? = nil, server index: Int = 0, at location: SourceLocation = #_sourceLocation) {
    toServer(.syn, seq: clientISN, server: index, at: location)
    fromServer(.synAck, window: window, options: options, server: index)
    toServer(.ack, server: index, at: location)
  }

  /// A connection whose request was delivered and acknowledged.
  func splice(
    _ request: String = "hello\n", client clientOptions: [UInt8] = usualSyn, server serverOptions: [UInt8] = usualSyn,
    window: UInt16? = nil, at location: SourceLocation = #_sourceLocation
  ) {
    handshake(clientOptions, at: location)
    fromClient(.pshAck, request)
    accept(serverOptions, window: window, at: location)
    toServer(.pshAck, request, at: location)
    fromServer(.ack)
    toClient(.ack, at: location)
    quiet(at: location)
  }

  // MARK: The end

  /// Both ends close, the server first.
  func close(at location: SourceLocation = #_sourceLocation) {
    fromServer(.finAck)
    toClient(.finAck, at: location)
    fromClient(.finAck)
    toServer(.finAck, at: location)
    fromServer(.ack)
    toClient(.ack, at: location)
  }

  func ended(_ outcome: ProxyOutcome, _ count: UInt64 = 1, at location: SourceLocation = #_sourceLocation) {
    #expect(statistics[outcome] == count, "\(report)", sourceLocation: location)
  }

  /// Ends the run; nothing may be left anywhere.
  func finish(at location: SourceLocation = #_sourceLocation) {
    quiet(at: location)
    link.send(.leave)
    _ = proxy.turn()
    proxy.freeDiscarded()
    proxy.io.discard()
    collect()
    ignoreSent()
    let attempts = statistics.attempts(.client)
    let ended = ProxyOutcome.allCases.reduce(0) { $0 + statistics[$1] }
    #expect(attempts == ended, "attempts and outcomes: \(report)", sourceLocation: location)
    #expect(proxy.engine.inUse == (0, 0, 0), sourceLocation: location)
    #expect(proxy.engine.heldCount == 0 && proxy.engine.open == 0, sourceLocation: location)
    let open = (0..<proxy.engine.groups.targets.count).reduce(0) { $0 + Int(proxy.engine.groups.targets[$1].open) }
    #expect(open == 0, "targets count \(open) connections as open", sourceLocation: location)
    let chosen = (0..<proxy.engine.groups.targets.count).reduce(0) { $0 + proxy.engine.groups.counters(of: UInt16($1)).chosen }
    #expect(chosen >= statistics[ProxyCounter.bound], "targets were chosen \(chosen) times: \(report)", sourceLocation: location)
    #expect(wire.outstanding == 0 && wire.inFlight == 0, "a frame leaked", sourceLocation: location)
  }

  var report: String {
    let outcomes = ProxyOutcome.allCases.filter { statistics[$0] > 0 }.map { "\($0) \(statistics[$0])" }
    let counters = ProxyCounter.allCases.filter { statistics[$0] > 0 }.map { "\($0) \(statistics[$0])" }
    let drops = DropReason.allCases.filter { statistics[$0] > 0 }.map { "dropped \($0) \(statistics[$0])" }
    return (outcomes + counters + drops).joined(separator: ", ")
  }
}

extension Script where Rule == FirstGroup, Inspector == NoInspector {
  convenience init(
    servers count: Int = 1, buffers: Int = 512, seed: UInt64 = 1, clientISN: UInt32 = 1_000, serverISN: UInt32 = 700_000,
    _ change: (inout ProxySettings) -> Void = { _ in }
  ) {
    self.init(
      FirstGroup(), NoInspector(), servers: count, buffers: buffers, seed: seed, clientISN: clientISN, serverISN: serverISN, change)
  }
}

extension Script where Rule == WholeLine, Inspector == NoInspector {
  convenience init(
    lines count: Int, buffers: Int = 512, seed: UInt64 = 1, clientISN: UInt32 = 1_000, _ change: (inout ProxySettings) -> Void = { _ in }
  ) {
    self.init(WholeLine(), NoInspector(), servers: count, buffers: buffers, seed: seed, clientISN: clientISN, change)
  }
}

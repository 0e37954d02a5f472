import CPacket

/// What `make bench` runs: generator and proxy on one core in turn, joined by rings, and the ticks that the middle one took.
public enum ProxyBenchmark {
  public typealias Traffic = Worker<DPDKPort, TrafficEngine<ExchangeWorkload>, TickClock>
  public typealias Proxy = Worker<DPDKPort, ProxyLoops.Engine, TickClock>
  public typealias Floor = Worker<DPDKPort, BareForwarder, TickClock>

  /// Runs until the generator is told to leave; returns the ticks of the proxy's turns, empty ones included, until the last that was not empty.
  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ traffic: inout Traffic, _ proxy: inout Proxy) -> Ticks { inTurn(&traffic, &proxy) }

  /// The same with a bare forwarder in the proxy's place.
  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ traffic: inout Traffic, _ floor: inout Floor) -> Ticks { inTurn(&traffic, &floor) }

  /// The same with turns of another make, which say whether they were not empty. Written out: a closure in the loops above is no proof against locks.
  @inline(never)
  public static func run(_ traffic: inout Traffic, turn: () -> Bool) -> Ticks {
    var spent: Ticks = 0
    var ticks: Ticks = 0
    while traffic.command != WorkerCommand.leave.rawValue {
      traffic.turn()
      let start = tick_counter()
      let isBusy = turn()
      spent &+= tick_counter() &- start
      if isBusy { ticks = spent }
    }
    return ticks
  }

  @inline(always)
  private static func inTurn<E: Engine & ~Copyable>(_ traffic: inout Traffic, _ middle: inout Worker<DPDKPort, E, TickClock>) -> Ticks {
    var spent: Ticks = 0
    var ticks: Ticks = 0
    while traffic.command != WorkerCommand.leave.rawValue {
      traffic.turn()
      let start = tick_counter()
      let isBusy = middle.turn()
      spent &+= tick_counter() &- start
      if isBusy { ticks = spent }
    }
    return ticks
  }
}

/// The least that a proxy does, as lean as it can be (CFloor has it by DPDK's own calls): verifies, looks up one table entry by the client's
/// port, rewrites both addresses, both numbers and the sums, and sends. It opens nothing, checks nothing, and forgets nothing.
public struct BareForwarder: Engine, ~Copyable {
  private struct Flow: BitwiseCopyable {
    var client: UInt32
    var delta: UInt32
    var change: HeaderChange
  }

  private let arrivals: Table<Arrival>
  private let flows: Table<Flow>
  private let toServer: LinkHeader
  private let toClient: LinkHeader
  private let own: IPv4Address
  private let server: IPv4Address
  private let ownPort: UInt16
  private let serverPort: UInt16
  private let client: IPv4Address

  /// - Parameters:
  ///   - own: where clients connect to, and servers are connected from with the client's port.
  ///   - client: the only client's address.
  public init(
    mac: MACAddress, other: MACAddress, own: IPv4Address, ownPort: UInt16, server: IPv4Address, serverPort: UInt16, client: IPv4Address
  ) {
    arrivals = Table(count: 256)
    flows = Table(count: 65_536)
    for index in 0..<65_536 {
      let port = UInt16(index)
      let change = HeaderChange(
        from: FlowKey(source: client, sourcePort: port, destination: own, destinationPort: ownPort),
        to: FlowKey(source: own, sourcePort: port, destination: server, destinationPort: serverPort), adding: 0, takingOff: 1_000)
      flows[index] = Flow(client: client.rawValue, delta: 1_000, change: change)
    }
    toServer = LinkHeader(destination: other, source: mac)
    toClient = toServer
    self.own = own
    self.ownPort = ownPort
    self.server = server
    self.serverPort = serverPort
    self.client = client
  }

  @inline(__always)
  public mutating func receive<Port: PacketPort & ~Copyable>(
    _ burst: UnsafeMutablePointer<PacketPointer>, count: Int, now: Ticks, _ io: inout PacketQueue<Port>
  ) {
    for index in 0..<smaller(count, 4) { prefetch_line(packet_data(burst[index])) }
    for index in 0..<count {
      if index &+ 4 < count { prefetch_line(packet_data(burst[index &+ 4])) }
      forward(Packet(owning: burst[index]), arrivals.base.segment, &io)
    }
  }

  @inline(__always)
  private func forward<Port: PacketPort & ~Copyable>(
    _ packet: consuming Packet, _ segment: UnsafeMutablePointer<TCPSegment>, _ io: inout PacketQueue<Port>
  ) {
    let length = packet.length
    guard FrameParser.parsePlain(packet.bytes, count: length, verify: .software, into: &segment.pointee) else { return io.free(packet) }
    let fromServer = segment.pointee.source == server
    let flow = flows[Int(fromServer ? segment.pointee.destinationPort : segment.pointee.sourcePort)]
    let key =
      fromServer
      ? FlowKey(
        source: own, sourcePort: ownPort, destination: IPv4Address(flow.client), destinationPort: segment.pointee.destinationPort)
      : FlowKey(source: own, sourcePort: segment.pointee.sourcePort, destination: server, destinationPort: serverPort)
    let tcp = Ethernet.headerLength &+ IPv4.headerLength
    if fromServer {
      let numbers = TranslatedNumbers(segment, adding: flow.delta, takingOff: 0)
      HeaderRewriter.rewrite(packet.bytes, tcp, Translation(link: toClient, key: key, numbers: numbers, change: flow.change.reversed))
    } else {
      let isExplained = usually(segment.pointee.flags.has(.ack))
      let numbers = TranslatedNumbers(segment, adding: 0, takingOff: isExplained ? flow.delta : 0)
      let change = isExplained ? flow.change : flow.change.keepingAcknowledgment(of: flow.delta)
      HeaderRewriter.rewrite(packet.bytes, tcp, Translation(link: toServer, key: key, numbers: numbers, change: change))
    }
    io.send(packet)
  }

  @inline(__always)
  public mutating func advance<Port: PacketPort & ~Copyable>(now: Ticks, _ io: inout PacketQueue<Port>) -> Bool { false }

  public mutating func command(_ command: WorkerCommand, now: Ticks) {}
}

import CPacket

/// The proxy of one worker. It finishes the handshake with the client, has its rule choose a server by the first octets, connects to it, and from
/// then on makes the headers of one leg those of the other, packet by packet. Reads no clock and does no I/O; each file beside this one is one of its
/// mechanisms.
public struct ProxyEngine<Rule: BindingRule, Inspector: PayloadInspector>: Engine, ~Copyable {
  let statistics: WorkerStatistics
  let parameters: ProxyParameters
  /// The turn's time.
  var now: Ticks = 0
  var moment = Moment(milliseconds: 0, microseconds: 0)
  var phase = WorkerCommand.run

  // Connections: tables indexed by the slots of one pool. A table entry's handle is the slot, doubled, and one more for the server's leg.
  let connections: Table<ProxyConnection>
  let inspections: Table<Inspector.State>
  var flows: FlowTable
  var timers: TimerWheel<ProxyConnection>
  var slots: SlotPool
  var lingering: LingeringRing
  let arrivals: Table<Arrival>

  // Who is who.
  var front: Station
  /// Where the servers are, when that is another port than the clients'.
  var back: Station
  var frontKernel: KernelDoor
  var backKernel: KernelDoor
  /// What frames to us begin with at either port (`MACAddress.frameStart`); the same, when there is only one.
  let frontStart: UInt64
  let backStart: UInt64
  /// The clients' port and the servers' are two.
  let isSplit: Bool
  /// The bit of a handle that says which port its frames arrive at; 0: there is only one.
  let sideMask: UInt32
  let listeners: Listeners
  let routes: Table<ServerRoute>
  /// The shift of windows that clients are told before their server is known.
  var offeredScale: UInt8
  /// Until when clients are promised no SACK, in milliseconds; 0: they are.
  var sackPauseEnd: UInt32 = 0

  // The binding of connections to servers.
  let rule: Rule
  let inspector: Inspector
  var groups: ServerGroups
  let defaultGroup: UInt8?
  let bindings: Table<Binding>
  var bindingSlots: SlotPool
  /// Where a request that came in parts is put together for the rule.
  let assembly: Table<UInt8>
  var survey: TimestampSurvey
  /// Where an inspector writes what takes a request's place.
  let replacement: Table<UInt8>
  /// Packets held now, and at most.
  var heldCount = 0
  let heldMost: Int
  /// Octets of a request in the packet that was held last; 0: there is none, or they were put behind others.
  var newlyHeld: UInt32 = 0
  var tuples: SourcePortChooser
  /// When any server's pairs may be looked for thoroughly again, in milliseconds, after one had none.
  var pairsDue: UInt32 = 0
  var crossing: WorkerCrossing
  let worker: Int
  let records: ProxyRecordKeeper

  let flowHash: FlowHash
  let initialSequence: InitialSequence
  let time: RunClock
  var challenges: RateLimit
  let sumless = SumlessStations()
  var timersSeen: UInt32 = .max
  var sweepPosition = 0
  /// Where the search for a handshake that gives way goes on.
  var evictionPosition = 0
  /// Connections that are neither lingering nor free, and how many there may be.
  var open = 0
  let openMost: Int
  /// Packets that were held and are held no more, linked by their notes.
  var discarded: PacketPointer?

  /// Allocates all memory the worker will use, on the calling thread's NUMA node.
  ///
  /// - Parameters:
  ///   - macs: of the clients' port, and of the servers' when that is another.
  ///   - records: where finished connections' records go; must outlive the engine. Nil: none are kept.
  ///   - kernels: ways to the kernel, of the clients' port and the servers'; must outlive the engine.
  ///   - boards: shared by the workers of a run; nil: the worker is alone.
  public init(
    _ settings: ProxySettings, share: ProxyShare, rule: Rule, inspector: Inspector, macs: [MACAddress], link: WorkerLink,
    records: UnsafePointer<RecordChannel<ProxyRecord>>? = nil, kernels: [UnsafePointer<KernelChannel>?] = [nil, nil],
    boards: ProxyBoards? = nil, start: Ticks = 0
  ) {
    var random = SeededRandom(seed: share.seed)
    statistics = link.statistics
    parameters = settings.parameters
    self.rule = rule
    self.inspector = inspector
    flowHash = FlowHash(secret0: random.next(), secret1: random.next())
    initialSequence = InitialSequence(key0: random.next(), key1: random.next())
    time = RunClock(start: start, ticksPerSecond: share.ticksPerSecond)

    let capacity = share.maxOpen + settings.lingerPool
    openMost = share.maxOpen
    slots = SlotPool(capacity: capacity)
    connections = Table(count: capacity)
    inspections = Table(count: capacity)
    flows = FlowTable(capacity: 2 * capacity)
    timers = TimerWheel(elements: connections.base, now: 0)
    lingering = LingeringRing(capacity: settings.lingerPool)
    arrivals = Table(count: 256)

    isSplit = settings.ports.count > 1
    sideMask = isSplit ? 1 : 0
    let clientPort = settings.ports[0]
    let serverPort = settings.ports[settings.ports.count - 1]
    frontStart = macs[0].frameStart
    backStart = macs[isSplit ? macs.count - 1 : 0].frameStart
    listeners = Listeners(clientPort.address, others: clientPort.servers, ports: settings.listeningPorts)
    let hops = settings.nextHops
    front = Station(
      mac: macs[0], address: clientPort.address, prefixLength: clientPort.prefixLength, addresses: settings.addresses(ofPort: 0),
      announced: settings.addresses(ofPort: 0), hops: isSplit ? [] : hops, board: boards?.front,
      speaks: share.worker == 0 && !clientPort.isLooped, persists: true, statistics: link.statistics)
    let ofBack = isSplit ? settings.addresses(ofPort: 1) : []
    back = Station(
      mac: macs[macs.count - 1], address: serverPort.address, prefixLength: serverPort.prefixLength, addresses: ofBack, announced: ofBack,
      hops: isSplit ? hops : [], side: 1, board: boards?.back, speaks: isSplit && share.worker == 0 && !serverPort.isLooped,
      persists: true, statistics: link.statistics)
    frontKernel = KernelDoor(kernels[0], mac: macs[0], statistics: link.statistics)
    backKernel = KernelDoor(isSplit ? kernels[1] : nil, mac: macs[macs.count - 1], side: 1, statistics: link.statistics)
    routes = Self.routes(settings, macs[macs.count - 1])
    offeredScale = settings.parameters.windowScale ?? Self.usualScale
    groups = Self.groups(settings, share)
    defaultGroup = settings.defaultGroup.map { UInt8($0) }
    bindings = Table(count: capacity)
    bindingSlots = SlotPool(capacity: capacity)
    let longestRequest = Int(settings.parameters.requestLimit) + 1 << Int(TCPHeader.maximumWindowScale)
    assembly = Table(count: longestRequest + Self.closingLine.utf8CodeUnitCount)
    replacement = Table(count: Inspector.self == NoInspector.self ? 0 : 2 * longestRequest)
    let learnsTimestamps = settings.parameters.timestamps == .learned && !settings.parameters.isImmediate
    survey = TimestampSurvey(servers: learnsTimestamps ? settings.servers.targets.count : 0)
    heldMost = settings.ports.map(\.poolSize).min()! / share.workers / 4
    tuples = Self.tuples(settings, share)
    tuples.begin(at: random.next())
    challenges = RateLimit(perSecond: 1_000, seed: random.next())
    crossing = WorkerCrossing(
      lanes: share.lanes, hash: share.hash, learnsStrays: share.learnsStrays, ownership: Self.ownership(settings, share))
    worker = share.worker
    self.records = ProxyRecordKeeper(
      channel: records, capacity: capacity, sample: settings.output.recordsSample, worker: share.worker)
  }

  /// Takes the turn's time.
  @inline(always)
  mutating func tell(_ now: Ticks) {
    self.now = now
    moment = time.moment(now)
  }

  @inline(__always)
  public mutating func receive<Port: PacketPort & ~Copyable>(
    _ burst: UnsafeMutablePointer<PacketPointer>, count: Int, now: Ticks, _ io: inout PacketQueue<Port>
  ) {
    tell(now)
    let arrivals = arrivals.base
    arrivals.read(burst, count: count, flows, flowHash)
    for index in 0..<count { prefetchConnection(of: arrivals + index) }
    for index in 0..<count { receive(arrivals + index, &io) }
  }

  @inline(__always)
  public mutating func advance<Port: PacketPort & ~Copyable>(now: Ticks, _ io: inout PacketQueue<Port>) -> Bool {
    if now != self.now { tell(now) }
    var worked = runTimers(&io)
    if let lanes = crossing.lanes, takeHandedOver(lanes, &io) { worked = true }
    if frontKernel.isOpen, frontKernel.tend(&io) { worked = true }
    if backKernel.isOpen, backKernel.tend(&io) { worked = true }
    if phase.rawValue >= WorkerCommand.resetAll.rawValue, sweep(&io) { worked = true }
    return worked
  }

  public mutating func command(_ command: WorkerCommand, now: Ticks) {
    phase = command
    sweepPosition = 0
    if command == .leave { leave() }
  }
}

/// A server as the packet path needs it.
struct ServerRoute: BitwiseCopyable, Sendable {
  var address: IPv4Address
  var port: UInt16
  /// The shift of windows that it was last seen with; `unknownScale`: it was not seen yet.
  var scale = unknownScale
  /// The server itself, or the gateway to it.
  var nextHop: IPv4Address
  var link: LinkHeader
  /// `link` was given, and no ARP changes it.
  var isFixed: Bool
  /// `link` leads there.
  var isResolved: Bool
  /// When pairs of ours towards it are looked for thoroughly again, in milliseconds, after none was free.
  var pairsDue: UInt32 = 0

  static var unknownScale: UInt8 { .max }
}

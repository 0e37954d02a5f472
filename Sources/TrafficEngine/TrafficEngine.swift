import CPacket

/// The traffic generator of one worker: the client role, which opens connections, and the server role, which answers them, over one flow
/// table. Reads no clock and does no I/O; each file beside this one is one of its mechanisms.
public struct TrafficEngine<W: Workload>: Engine, ~Copyable {
  // What nearly every frame needs comes first: the first 128 octets are reached by short instructions, and the path is bound by the
  // octets of code it fetches (Documentation/HotPath.md).
  let statistics: WorkerStatistics
  /// What all connections have in common, read through a pointer: a copy of it costs more than most functions it would be given to.
  let parameters: UnsafePointer<TCPParameters>
  let synchronization: UsualSynchronization
  // Connections: tables indexed by the slots of one pool.
  let connections: Table<Connection>
  let companions: Table<Companions<W.State>>
  /// The turn's time.
  var now: Ticks = 0
  var moment = Moment(milliseconds: 0, microseconds: 0)
  let workload: W
  /// Connections are to be closed: what is sent so far is all there is.
  var closes = false
  /// Where the run stands.
  var phase = WorkerCommand.run
  var flows: FlowTable

  /// The burst in hand.
  let arrivals: Table<Arrival>
  var records: RecordKeeper
  var timers: TimerWheel<Connection>
  var slots: SlotPool
  /// Cold structures, their rings of segments in flight, and the packets held for them, by handle.
  let recoveries: Table<Recovery>
  let rings: Table<SentSegment>
  let ranges: Table<SequenceRange>
  let held: Table<HeldPackets>
  var recoverySlots: SlotPool
  let congestionControl: CongestionAlgorithm
  /// Packets held now, and at most: what is held cannot carry answers.
  var heldCount = 0
  let heldMost: Int
  /// Packets that were held for connections that have ended.
  var discarded: PacketPointer?
  var timeWaits: TimeWaitPool
  var openClients = 0
  var openServers = 0

  // Constant for the run.
  let share: EngineShare
  let listeners: Listeners
  let isLooped: Bool
  let offload: OffloadPlan
  /// Who we are on the link, and whom we know there.
  var station: Station
  /// Frames to us begin so.
  let frameStart: UInt64
  /// Our answers to them begin so.
  let answerStart: LinkHeader
  let targets: Table<TargetRoute>
  let flowHash: FlowHash
  let initialSequence: InitialSequence
  let time: RunClock
  let parametersTable: Table<TCPParameters>
  /// Milliseconds within which a connection whose timer was started is looked at.
  let shortestWait: UInt32

  // The client role.
  var tuples: SourcePortChooser
  var pacer: Pacer
  var nextTarget = 0
  /// Targets whose next hop's MAC address is asked for.
  var unresolvedTargets = 0

  var kernel: KernelDoor
  var attempted: UInt64 = 0
  /// Connections to attempt, as far as it is known, and where more may have been said.
  var allowed: UInt64
  let allowance: Allowance
  var lastOpen: Ticks = 0

  /// The millisecond whose timers have all been handled.
  var timersSeen: UInt32 = .max
  /// Slots before this one have been told to close or reset.
  var sweepPosition = 0
  var challenges: RateLimit
  let sumless = SumlessStations()

  // Several workers on one port.
  var crossing: WorkerCrossing

  /// Allocates all memory the worker will use, on the calling thread's NUMA node.
  ///
  /// - Parameters:
  ///   - board: shared by the workers of a run (`neighbourBoard`); nil: the worker is alone.
  ///   - kernel: must outlive the engine.
  public init(
    _ settings: TrafficSettings, share: EngineShare, workload: W, mac: MACAddress, link: WorkerLink,
    records: UnsafePointer<RecordChannel<ConnectionRecord>>? = nil, kernel: UnsafePointer<KernelChannel>? = nil,
    board: NeighbourBoard? = nil,
    start: Ticks = 0
  ) {
    var random = SeededRandom(seed: share.seed)
    self.workload = workload
    self.share = share
    allowed = share.connections
    allowance = link.allowance
    parametersTable = Table(count: 1)
    parametersTable[0] = settings.engine.tcp
    // RFC 6928 2: ten segments, but of long ones only what comes to 14,600 octets, and two at least.
    let inOctets = 14_600 / UInt32(max(settings.engine.tcp.maximumSegmentSize, 1))
    parametersTable[0].initialSegments = min(settings.engine.tcp.initialSegments, max(2, inOctets))
    parameters = UnsafePointer(parametersTable.base)
    shortestWait = settings.engine.tcp.shortestWait
    synchronization = UsualSynchronization(settings.engine.tcp)
    arrivals = Table(count: 256)
    statistics = link.statistics
    let own = settings.port.steersByAddress ? IPv4Address(settings.port.address.rawValue &+ UInt32(share.worker)) : settings.port.address
    listeners = Listeners(own, others: settings.port.servers, ports: settings.engine.ports)
    flowHash = FlowHash(secret0: random.next(), secret1: random.next())
    let drawn = SequenceOrigin(key0: random.next(), key1: random.next(), startMicroseconds: 0)
    let origin = share.sequenceOrigin ?? drawn
    initialSequence = InitialSequence(key0: origin.key0, key1: origin.key1, startMicroseconds: origin.startMicroseconds)
    time = RunClock(start: start, ticksPerSecond: share.ticksPerSecond)

    targets = Table(count: settings.targets.count)
    for (index, target) in settings.targets.enumerated() {
      let port = settings.port
      let isFixed = target.mac != nil || port.isLooped
      targets[index] = TargetRoute(
        address: target.address, port: target.port, link: LinkHeader(destination: target.mac ?? mac, source: mac),
        nextHop: port.nextHop(to: target.address), isResolved: isFixed, isFixed: isFixed)
      if !isFixed { unresolvedTargets += 1 }
    }
    let port = settings.port
    frameStart = mac.frameStart
    answerStart = .answers(of: mac)
    station = Station(
      mac: mac, address: own, prefixLength: port.prefixLength,
      addresses: [AddressRange(first: own, last: own)] + port.servers + port.ourAddresses(workers: share.workers),
      announced: [AddressRange(first: port.address, last: port.address)] + port.servers + port.clients,
      hops: Self.nextHops(settings), board: board, speaks: share.worker == 0, persists: false, statistics: link.statistics)
    self.kernel = KernelDoor(kernel, mac: mac, statistics: link.statistics)
    isLooped = settings.port.isLooped
    offload = OffloadPlan(share.checksums, isTagged: settings.port.vlan != 0)
    // Both roles share the pool. A server end may outlive its client for as long as a last acknowledgment is on its way.
    let capacity = 2 * share.maxOpen + max(256, share.maxOpen / 16)
    slots = SlotPool(capacity: capacity)
    connections = Table(count: capacity)
    let recoveryCount = min(capacity, settings.engine.recoveryPool)
    recoveries = Table(count: recoveryCount)
    rings = Table(count: recoveryCount * Int(Self.ringCapacity))
    ranges = Table(count: recoveryCount * ReceivedRanges.capacity)
    held = Table(count: recoveryCount)
    recoverySlots = SlotPool(capacity: max(1, recoveryCount))
    congestionControl = settings.engine.congestionControl
    heldMost = settings.port.poolSize / share.workers / 4
    companions = Table(count: capacity)
    flows = FlowTable(capacity: capacity + settings.engine.timeWaitPool)
    timers = TimerWheel(elements: connections.base, now: 0)
    timeWaits = TimeWaitPool(capacity: settings.engine.timeWaitPool)
    self.records = RecordKeeper(
      channel: records, capacity: capacity, sample: settings.output.recordsSample, worker: share.worker)
    tuples = Self.tuples(settings.port, share)
    tuples.begin(at: random.next())
    challenges = RateLimit(perSecond: 1_000, seed: random.next())
    crossing = WorkerCrossing(
      lanes: share.lanes, hash: share.hash, learnsStrays: share.learnsStrays, ownership: Self.ownership(settings, share))
    pacer = Pacer(
      rate: share.connectionsPerSecond, ticksPerSecond: share.ticksPerSecond, ramp: Double(settings.engine.ramp) / 1e9,
      duration: Double(settings.engine.duration) / 1e9, worker: share.worker, workers: share.workers)
  }

  /// Our MAC address.
  @inline(always)
  var mac: MACAddress { station.mac }

  /// A board for the workers of a run with these settings.
  public static func neighbourBoard(_ settings: TrafficSettings) -> NeighbourBoard {
    NeighbourBoard(count: nextHops(settings).count)
  }

  /// Whom the targets are reached through, each once, where it is not given.
  public static func nextHops(_ settings: TrafficSettings) -> [IPv4Address] {
    if settings.port.isLooped { return [] }
    var hops: [IPv4Address] = []
    var seen: Set<IPv4Address> = []
    for target in settings.targets where target.mac == nil {
      let hop = settings.port.nextHop(to: target.address)
      if seen.insert(hop).inserted { hops.append(hop) }
    }
    return hops
  }

  /// The worker's part of the client addresses and ports. What can be wrong with them, Configuration has refused.
  private static func tuples(_ port: PortSettings, _ share: EngineShare) -> SourcePortChooser {
    let addresses = port.clients.map { $0.first...$0.last }
    do {
      if port.steersByAddress {
        return try SourcePortChooser(addresses: try port.addressShares(workers: share.workers).ranges(ofWorker: share.worker))
      }
      // The port's hash tells the workers' ports apart.
      if share.hash != nil { return try SourcePortChooser(addresses: addresses) }
      let steering = try PortSteering(mask: port.dstPortMask, workers: share.workers)
      return try SourcePortChooser(addresses: addresses, steering: steering, worker: share.worker)
    } catch {
      preconditionFailure("client addresses and ports: \(error)")
    }
  }

  private static func ownership(_ settings: TrafficSettings, _ share: EngineShare) -> Ownership {
    do {
      return try Ownership(
        settings.port, workers: share.workers, hash: share.hash, listening: settings.engine.ports, listensOnOwnAddress: true)
    } catch {
      preconditionFailure("the workers' addresses and ports: \(error)")
    }
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
    if rarely(offload.verifies) {
      readVerified(burst, count: count)
    } else {
      arrivals.base.read(burst, count: count, flows, flowHash)
    }
    for index in 0..<count { prefetchConnection(of: arrivals.base + index) }
    var arrival = arrivals.base
    let end = arrival + count
    while arrival != end {
      receive(arrival, &io)
      arrival += 1
    }
  }

  @inline(__always)
  public mutating func advance<Port: PacketPort & ~Copyable>(now: Ticks, _ io: inout PacketQueue<Port>) -> Bool {
    if now != self.now { tell(now) }
    if discarded != nil { freeDiscarded(&io) }
    var worked = runTimers(&io)
    if let lanes = crossing.lanes, takeHandedOver(lanes, &io) { worked = true }
    if kernel.isOpen, kernel.tend(&io) { worked = true }
    if phase == .run {
      if unresolvedTargets == 0, openDue(&io) { worked = true }
    } else if sweep(&io) {
      worked = true
    }
    return worked
  }

  public mutating func command(_ command: WorkerCommand, now: Ticks) {
    if command == .closeAll, phase == .run, attempted < allowed, targets.count > 0 {
      pacer.finish()
      statistics.set(.pacingMissed, pacer.missed)
    }
    phase = command
    closes = command.rawValue >= WorkerCommand.closeAll.rawValue
    sweepPosition = 0
    if command == .leave { leave() }
  }

  /// A connection as its workload sees it.
  @inline(always)
  func view(_ slot: UInt32) -> WorkloadView { view(connections.base + Int(slot)) }

  @inline(always)
  func view(_ connection: UnsafePointer<Connection>) -> WorkloadView {
    WorkloadView(connection, now: now, milliseconds: moment.milliseconds, statistics: statistics, isClosing: closes)
  }

  @inline(always)
  func hash(_ connection: UnsafePointer<Connection>) -> UInt32 {
    flowHash(connection.pointee.key)
  }
}

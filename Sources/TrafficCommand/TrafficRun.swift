import TCPEngine

/// Workers at work, and what is known of them afterwards. Used by one thread.
protocol TrafficRun: AnyObject {
  /// One to a worker.
  var links: [WorkerLink] { get }
  /// What the workers send over, in a few words.
  var wire: String { get }
  /// Nil: huge pages are no matter on this port.
  var hugePages: Bool? { get }
  /// What is not as it should be, though it works.
  var warnings: [String] { get set }

  /// Tells the workers what is due; called again after `restSeconds`, or a signal.
  func tend(stopSignals: Int)
  /// How long the workers need not be tended.
  var restSeconds: Double { get }
  /// Waits for the workers, who have left their loops, and takes stock. Once only.
  func conclude() -> RunEnd
}

extension TrafficRun {
  var hasEnded: Bool { links.allSatisfy(\.hasEnded) }

  /// Tends the workers until they have left, and says a line of them every second.
  func watch(_ signals: inout StopSignals, _ live: LiveView) {
    var live = live
    while !hasEnded {
      signals.wait(seconds: min(restSeconds, live.secondsToNextLine))
      tend(stopSignals: signals.count)
      live.tick()
    }
    live.end()
  }

  /// Says what has come up while the run goes on, and keeps it for the report.
  func warn(_ sentences: [String]) {
    for sentence in sentences { Console.complain("warning: \(sentence)") }
    warnings += sentences
  }
}

/// What is left of a run besides its statistics.
struct RunEnd: Sendable {
  var wasInterrupted = false
  var wasTimed = false
  /// What made the run impossible, in a sentence.
  var failure: String?
  /// Whom targets are reached through, and who has never answered.
  var unheardNeighbour: IPv4Address?
  var workers: [WorkerEnd] = []
  /// One, or a proxy's two; none in memory.
  var ports: [PortEnd] = []
  /// What the port sees to; the rest is done in software.
  var checksums: ChecksumOffloads = []
  var steering: SteeringChoice?
  /// Frames on their way from one worker to another.
  var betweenWorkers = 0
  /// Packet buffers that did not come back.
  /// Nil: that cannot be told.
  var lostBuffers: Int? = 0
}

/// A DPDK port at the end of a run.
struct PortEnd: Sendable {
  /// DPDK's name of its driver.
  var driver: String
  /// And what it is called in reports.
  var driverName: String
  /// Why it is this driver, where another was tried first.
  var choice: String?
  /// What the port itself counted; nil: it does not.
  var counts: PortCounts?

  init(_ device: DPDKDevice) {
    driver = device.driver
    driverName = device.driverName
    choice = device.choice
    counts = device.statistics.map { PortCounts($0) }
  }
}

struct PortCounts: Sendable {
  var received: UInt64
  var sent: UInt64
  var missed: UInt64
  var receiveErrors: UInt64
  var transmitErrors: UInt64
  var noBuffer: UInt64
}

/// What a worker leaves behind.
struct WorkerEnd: Sendable {
  var cpuSeconds = 0.0
  /// Connections, table entries and timers that were never given back.
  var slots = 0
  var flows = 0
  var timers = 0
  /// Frames that were still on the wire.
  var onWire = 0
  /// Nil: the wire has no faults.
  var faults: WireEnd?
}

/// What a faulty wire did, and what it still held back.
struct WireEnd: Sendable {
  private(set) var departed = FaultCounts()
  private(set) var arrived = FaultCounts()
  private var leaving = 0
  private var coming = 0

  /// Empties the wire.
  init<Base: PacketPort & ~Copyable>(_ port: inout FaultyPort<Base>) {
    (departed, arrived) = (port.departed, port.arrived)
    (leaving, coming) = port.held
    port.drain()
  }

  /// Frames that went out beyond those that were sent, and those that were received beyond those that came in; negative: fewer.
  var addedLeaving: Int { departed.duplicated - departed.lost - leaving }
  var addedComing: Int { arrived.duplicated - arrived.lost - coming }
}

extension RunEnd {
  /// What all workers' wires did; nil: they have no faults.
  var faults: FaultCounts? {
    let all = workers.compactMap { $0.faults }
    return all.isEmpty ? nil : all.reduce(FaultCounts()) { $0 + $1.departed + $1.arrived }
  }
}

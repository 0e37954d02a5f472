import ArgumentParser
import CPacket
import Configuration
import TCPEngine

/// `macswap`: the other end of a wire for a port without loopback.
struct MacswapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "macswap",
    abstract: "Send every frame back with its MAC addresses swapped, on a queue for each core.",
    usage: "\(programName) macswap [<options>]",
    discussion: """
      Ends with --duration, or by Ctrl-C, and says what was received and sent.

      Exit codes: 0, done; 2, the command line is wrong; 3, the port could not be had.
      """)

  @OptionGroup var flags: MacswapFlags

  func run() throws {
    let settings: TrafficSettings
    do { settings = try Configuration.load(file: nil, overrides: flags.overrides()) } catch {
      throw CommandFailure(.misconfigured, error.description)
    }
    guard !settings.port.isLooped else {
      throw CommandFailure(.misconfigured, "command line: macswap takes a port with others on its wire, give --interface, --vdev or --pci")
    }
    try MacswapRun(settings).perform()
  }
}

struct MacswapFlags: FlagGroup {
  @Option(name: [.customShort("i"), .long], parsing: .unconditional, help: .key("ports.interface")) var interface: String?
  @Option(parsing: .unconditional, help: .key("ports.driver")) var driver: String?
  @Option(parsing: .unconditional, help: .key("ports.vdev")) var vdev: String?
  @Option(parsing: .unconditional, help: .key("ports.pci")) var pci: String?
  @Option(parsing: .unconditional, help: .key("cores")) var cores: String?
  @Option(parsing: .unconditional, help: .key("engine.duration")) var duration: String?
  @Option(parsing: .unconditional, help: .key("ports.rxd")) var rxd: String?
  @Option(parsing: .unconditional, help: .key("ports.txd")) var txd: String?
  @Option(parsing: .unconditional, help: .key("ports.mtu")) var mtu: String?
  @Option(name: [.long, .customLong("mbuf-cnt")], parsing: .unconditional, help: .key("ports.pool_size")) var poolSize: String?
}

/// The reflector at work on every queue of a port.
private struct MacswapRun {
  private let settings: TrafficSettings
  private let console = Console(json: nil)

  init(_ settings: TrafficSettings) { self.settings = settings }

  func perform() throws {
    var signals = StopSignals()
    let basis = try RunBasis(settings)
    try MemoryNeed.check(basis, tables: 0)
    let port = try OpenPort(
      settings.port,
      OpenPort.Need(
        cores: basis.cores, buffersPerWorker: basis.buffersPerWorker, depth: basis.depth, memory: MemoryNeed.packets(basis)))
    let mac = settings.port.mac ?? port.device.mac
    let links = basis.cores.map { _ in WorkerLink() }
    let threads = basis.cores.indices.map { thread($0, basis, port, mac, links[$0]) }
    Cores.avoid(basis.cores)
    let cores = basis.cores.map(String.init).joined(separator: ",")
    console.say("macswap on \(port.name), MAC address \(mac), core \(cores)")
    let end =
      settings.engine.duration == 0 ? Ticks.max : tick_counter() + Ticks(Double(settings.engine.duration) / 1e9 * basis.ticksPerSecond)
    while signals.count == 0, tick_counter() < end { signals.wait(seconds: 0.02) }
    for link in links { link.send(.leave) }
    for thread in threads { thread.join() }
    report(links)
    if let lost = port.close(), lost != 0 { throw CommandFailure(.failed, "\(lost) packet buffers did not come back") }
  }

  private func thread(_ worker: Int, _ basis: RunBasis, _ port: OpenPort, _ mac: MACAddress, _ link: WorkerLink) -> JoinableThread {
    JoinableThread {
      _ = pin_thread(Int32(basis.cores[worker]))
      DPDK.registerThread()
      let queue = DPDKPort(
        port: port.device.port, queue: UInt16(worker), pool: port.pools[worker].pool, cacheSize: basis.settings.port.cacheSize)
      var worker = Worker(port: queue, engine: Reflector(mac: mac, link: link), clock: TickClock(), link: link)
      ReflectorLoop.run(&worker)
      // What was received by now goes back, as far as the wire takes it at once.
      worker.io.flush()
      worker.io.discard()
      worker.finished()
      DPDK.unregisterThread()
    }
  }

  private func report(_ links: [WorkerLink]) {
    func count(_ value: (WorkerStatistics) -> UInt64) -> String { NumberText.grouped(links.reduce(0) { $0 + value($1.statistics) }) }
    for (worker, link) in links.enumerated() where links.count > 1 {
      let (received, sent) = (link.statistics[.framesReceived], link.statistics[.framesSent])
      console.say("queue \(worker): received \(NumberText.grouped(received)) frames, sent \(NumberText.grouped(sent))")
    }
    console.say("received \(count { $0[.framesReceived] }) frames, \(count { $0[.bytesReceived] }) octets")
    console.say("sent \(count { $0[.framesSent] }) frames, \(count { $0[.bytesSent] }) octets")
    console.say(
      "too short \(count { $0[.frameTooShort] }), too long \(count { $0[.frameTooLong] }), refused by the port \(count { $0[.transmitRefused] }) times"
    )
  }
}

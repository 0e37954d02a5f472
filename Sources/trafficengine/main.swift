import CPacket
import Foundation
import TCPEngine

nonisolated(unsafe) var settings = TrafficSettings()
settings.targets = [Target(id: "self", address: settings.port.address, port: 80)]
if CommandLine.arguments.count > 1 { settings.testSize = Int(CommandLine.arguments[1])! }
if CommandLine.arguments.count > 2 { settings.engine.maxOpen = Int(CommandLine.arguments[2])! }
let huge = try DPDK.start(memory: 64 << 20)
let rate = measure_tick_rate(100)
nonisolated(unsafe) let pool = try DPDK.createPool(name: "p0", buffers: settings.port.poolSize, core: 1)
let port = try DPDK.startRing(name: "ring", depth: 1024, pools: [pool], receiveDescriptors: 1024, transmitDescriptors: 1024, core: 1)
let link = WorkerLink()
let thread = Thread {
  pin_thread(1)
  DPDK.registerThread()
  let share = EngineShare(settings, worker: 0, workers: 1, ticksPerSecond: rate, seed: 7)
  let engine = TrafficEngine(
    settings, share: share, workload: ExchangeWorkload(settings.engine), mac: settings.port.mac, link: link, start: tick_counter())
  var worker = Worker(
    port: DPDKPort(port: port, queue: 0, pool: pool, cacheSize: 256), engine: engine, clock: TickClock(), link: link)
  ExchangeLoops.run(&worker)
  print(worker.engine.inUse)
  worker.io.discard()
  worker.finished()
}
thread.start()
let s = link.statistics
var waited = 0
while s.attempts(.client) < settings.testSize || s[.openClients] + s[.openServers] > 0 {
  usleep(10000)
  waited += 1
  if waited > 1000 { break }
}
link.send(.leave)
while !link.hasEnded { usleep(1000) }
for role in Role.allCases {
  print(role, s.attempts(role), Outcome.allCases.map { "\($0.key)=\(s[role, $0])" }.filter { !$0.hasSuffix("=0") })
  print(SegmentCounter.allCases.map { "\($0.key)=\(s[role, $0])" }.filter { !$0.hasSuffix("=0") })
}
print(DropReason.allCases.map { "\($0.key)=\(s[$0])" }.filter { !$0.hasSuffix("=0") })
print(WorkerGauge.allCases.map { "\($0.key)=\(s[$0])" }.filter { !$0.hasSuffix("=0") })
let ticks = Double(s[.lastClose] - s[.firstOpen])
print("ticks/conn \(ticks / Double(settings.testSize)) cps \(Double(settings.testSize) / ticks * rate) rate \(rate) huge \(huge)")

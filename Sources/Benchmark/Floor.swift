import ArgumentParser
import CFloor
import CPacket
import Foundation
import TCPEngine

/// `trafficbench floor`: one run of the bare loop, on a ring device made as trafficengine makes its own.
struct Floor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "floor", abstract: "Runs the bare loop once and prints ticks per connection, as JSON.")

  @Option(help: "Connections to open.") var connections: UInt64 = 2_000_000
  @Option(help: "Connections open at a time.") var open: UInt32 = 256
  @Option(help: "The core to run on.") var core = defaultCore()
  @Flag(help: "As lean as it can be, instead of by DPDK's own calls.") var lean = false

  func run() throws {
    let buffers = 8_192
    let huge = try DPDK.start(memory: 64 << 20)
    nonisolated(unsafe) let pool = try DPDK.createPool(
      name: "floor", buffers: buffers, room: PortSettings().bufferRoom, core: core)
    let port = try DPDKDevice.ring(
      name: "ring", depth: 1_024, pools: [pool], DPDKDevice.Request(receive: 1_024, transmit: 1_024), core: core
    ).port
    let rate = measure_tick_rate(100)

    nonisolated(unsafe) var result = floor_result()
    nonisolated(unsafe) var failure: Int32 = 0
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [core, connections, open, lean] in
      pin_thread(Int32(core))
      DPDK.registerThread()
      failure = floor_run(port, pool, connections, open, lean ? FLOOR_LEAN : FLOOR_PLAIN, &result)
      DPDK.unregisterThread()
      done.signal()
    }
    done.wait()
    guard failure == 0 else { throw BenchError("the bare loop failed (\(failure)): see floor.h") }
    let ticks = Double(result.ticks) / Double(result.connections)
    let report: [String: Any] = [
      "cost": ["cycles_per_connection": ticks, "cycles_per_packet": Double(result.ticks) / Double(result.frames)],
      "rate": ["cps": rate / ticks], "tick_rate": rate, "connections": ["completed": result.connections], "huge_pages": huge,
    ]
    try print(String(decoding: JSONSerialization.data(withJSONObject: report, options: [.sortedKeys]), as: UTF8.self))
  }
}

/// The last core this process may use, as trafficengine chooses.
func defaultCore() -> Int { Cores.allowed.last ?? 0 }

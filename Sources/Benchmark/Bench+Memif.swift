import CFloor
import Foundation
import TCPEngine

/// Two processes, the client on one core, the server on another, joined by memif. A frame costs what its cache lines cost on their way between
/// the cores, and a virtual machine's cores are moved nearer and farther under it, within seconds: so each run waits until they are near.
extension Bench {
  private struct Held {
    var client: JSONDocument
    var server: JSONDocument
  }

  /// A line's round trip between cores that share a cache took 150 to 240 ticks, between others 870 to 990 (Zen 4, 2.6 GHz).
  private static var nearTicks: Double { 400 }
  private static var longestWait: Double { 30 }

  func memif() -> [Row] {
    let names = ["client", "server"].flatMap { ["\($0), a connection", "\($0), a packet"] }
    let rows =
      [Row(name: "memif, held for 10 s", unit: "connections/s", target: "more than 2,200,000")]
      + names.map { Row(name: "memif, \($0)", unit: "ticks", digits: 1) }
      + ["before", "after"].map { Row(name: "memif, a line from core to core and back, \($0)", unit: "ticks") }
    guard let other = Cores.allowed.first(where: { $0 != core }) else {
      return rows.map { Row(name: $0.name, unit: $0.unit, remark: "this process may use one core only") }
    }
    var blemish: String?
    var filled = fill(rows) { rows in
      rows[5].values.append(try awaitNearness(of: other))
      let held = try hold(client: core, server: other)
      rows[6].values.append(try roundTrip(to: other))
      rows[0].values.append(try number(held.client, "rate.cps"))
      for (index, end) in [held.client, held.server].enumerated() {
        rows[1 + 2 * index].values.append(try number(end, "cost.cycles_per_connection"))
        rows[2 + 2 * index].values.append(try number(end, "cost.cycles_per_packet"))
      }
      blemish = blemish ?? self.blemish(held)
    }
    let far = zip(filled[5].values, filled[6].values).count { max($0, $1) > Self.nearTicks }
    if far > 0 { filled[5].remark = "more than \(Int(Self.nearTicks)) before or after \(far) of \(filled[0].values.count) runs" }
    if let blemish, filled[0].remark == nil { filled[0].remark = blemish }
    return filled
  }

  /// The round trip when it is short, or after the longest wait.
  private func awaitNearness(of other: Int) throws -> Double {
    let deadline = Date(timeIntervalSinceNow: Self.longestWait)
    while true {
      let ticks = try roundTrip(to: other)
      if ticks <= Self.nearTicks || Date() > deadline { return ticks }
      Thread.sleep(forTimeInterval: 0.5)
    }
  }

  private func roundTrip(to other: Int) throws -> Double {
    let ticks = line_round_trip(Int32(core), Int32(other))
    guard ticks > 0 else { throw BenchError("cores \(core) and \(other) cannot be used at once") }
    return ticks
  }

  private func number(_ document: JSONDocument, _ path: String) throws -> Double {
    guard let number = document.number(path) else { throw BenchError("its report has no \(path)") }
    return number
  }

  private func hold(client: Int, server: Int) throws -> Held {
    let socket = FileManager.default.temporaryDirectory.appending(path: "trafficbench-\(getpid()).sock").path
    defer { try? FileManager.default.removeItem(atPath: socket) }
    func wire(_ role: String) -> [String] {
      ["run", "--json", "-", "--vdev", "net_memif0,role=\(role),socket=\(socket),socket-abstract=no,rsize=12", "--pool-size", "32768"]
    }
    let serving = try Background(engine, wire("server") + ["--ip", "10.0.0.1/16", "--cores", "\(server)"])
    try serving.wait(20) { FileManager.default.fileExists(atPath: socket) }
    let calling = try Child(
      engine,
      wire("client") + [
        "--ip", "10.0.0.2/16", "--clients", "10.0.1.1-10.0.1.64", "--target", "10.0.0.1:4000", "--port", "0", "--cores", "\(client)",
        "--test-size", "0", "--duration", "10s", "--max-open", "\(open)",
      ], tolerates: 1)
    return Held(client: calling.document, server: try serving.interrupt().document)
  }

  /// What was not as it should be in a run; nil: all was.
  private func blemish(_ held: Held) -> String? {
    for (name, end) in [("client", held.client), ("server", held.server)] {
      let failed = end.number("connections.failed") ?? .nan
      let dropped = end.number("drops.+") ?? .nan
      if failed != 0 || dropped != 0 { return "the \(name) had \(Int(failed)) failed connections and \(Int(dropped)) drops in a run" }
    }
    return nil
  }
}

import CFloor
import Foundation
import TCPEngine

/// Two processes, the client on one core, the server on another, joined by memif. A frame costs what its cache lines cost on their way between
/// the cores, and a virtual machine's cores are moved nearer and farther under it, within seconds: so each run waits until they are near, and those
/// that ended with far ones are told apart.
extension Bench {
  private struct Held {
    var client: JSONDocument
    var server: JSONDocument
  }

  /// A line's round trip between cores that share a cache took 150 to 240 ticks, between others 870 to 990 (Zen 4, 2.6 GHz).
  private static var nearTicks: Double { 400 }
  private static var longestWait: Double { 30 }

  /// A run: its figures in the order of the rows, and whether the cores were near before and after.
  private struct Sample {
    var figures: [Double]
    var isNear: Bool
  }

  func memif() -> [Row] {
    let names = ["client", "server"].flatMap { ["\($0), a connection", "\($0), a packet"] }
    let rows =
      [Row(name: "memif, held for 10 s", unit: "connections/s", target: "more than 2,200,000")]
      + names.map { Row(name: "memif, \($0)", unit: "ticks", digits: 1) }
      + ["before", "after"].map { Row(name: "memif, a line to the other core and back, \($0)", unit: "ticks") }
    guard let other = Cores.allowed.first(where: { $0 != core }) else {
      return rows.map { Row(name: $0.name, unit: $0.unit, remark: "this process may use one core only") }
    }
    var blemish: String?
    var samples: [Sample] = []
    // As many runs with near cores as there are to be of each row, among twice as many.
    var filled = fill(rows, rounds: 2 * runs) { _ in
      if samples.count(where: \.isNear) == runs { return }
      let before = try awaitNearness(of: other)
      let held = try hold(client: core, server: other)
      let after = try roundTrip(to: other)
      let costs = try [held.client, held.server].flatMap {
        [try number($0, "cost.cycles_per_connection"), try number($0, "cost.cycles_per_packet")]
      }
      let figures = [try number(held.client, "rate.cps")] + costs + [before, after]
      samples.append(Sample(figures: figures, isNear: max(before, after) <= Self.nearTicks))
      blemish = blemish ?? self.blemish(held)
    }
    let near = samples.filter(\.isNear)
    for sample in near.isEmpty ? samples : near {
      for (index, figure) in sample.figures.enumerated() { filled[index].values.append(figure) }
    }
    if filled[0].remark == nil { filled[0].remark = blemish ?? remark(near: near, of: samples) }
    return filled
  }

  private func remark(near: [Sample], of samples: [Sample]) -> String? {
    let far = samples.filter { !$0.isNear }.map { Int($0.figures[0]) }.sorted()
    guard let least = far.first, let most = far.last else { return nil }
    if near.isEmpty { return "the cores were near before and after none of these runs" }
    return "\(near.count) runs; with cores that were far before or after it \(far.count) others, \(least) to \(most)"
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

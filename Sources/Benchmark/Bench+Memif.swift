import Foundation
import TCPEngine

/// Two processes, the client on one core, the server on another, joined by memif.
extension Bench {
  private struct Held {
    var client: JSONDocument
    var server: JSONDocument
  }

  func memif() -> [Row] {
    let names = ["client", "server"].flatMap { ["\($0), a connection", "\($0), a packet"] }
    let rows =
      [Row(name: "memif, held for 10 s", unit: "connections/s", target: "more than 2,200,000")]
      + names.map { Row(name: "memif, \($0)", unit: "ticks", digits: 1) }
    guard let other = Cores.allowed.first(where: { $0 != core }) else {
      return rows.map { Row(name: $0.name, unit: $0.unit, remark: "this process may use one core only") }
    }
    var blemish: String?
    var filled = fill(rows) { rows in
      let held = try hold(client: core, server: other)
      rows[0].values.append(try number(held.client, "rate.cps"))
      for (index, end) in [held.client, held.server].enumerated() {
        rows[1 + 2 * index].values.append(try number(end, "cost.cycles_per_connection"))
        rows[2 + 2 * index].values.append(try number(end, "cost.cycles_per_packet"))
      }
      blemish = blemish ?? self.blemish(held)
    }
    if let blemish, filled[0].remark == nil { filled[0].remark = blemish }
    return filled
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

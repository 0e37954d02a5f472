import Foundation
import TCPEngine

/// Clients, proxy and servers on one core, joined by rings of 4,096 frames; the ticks are the proxy's turns alone, empty ones included.
extension Bench {
  private static let lastExchange = 21

  func proxy() -> [Row] { proxied() + proxiedOnTwoCores() + proxyMemory() }

  private func proxyRun(_ flags: [String] = [], connections count: Int? = nil) throws -> Child {
    try Child(
      own, ["proxy", "--connections", "\(count ?? connections)", "--open", "\(open)", "--core", "\(core)"] + flags, limit: 300)
  }

  /// What a middle costs: a connection of one exchange, and a packet more, which is the difference to connections of many exchanges.
  private struct Cost {
    let connection: Double
    let packet: Double
    let rate: Double
  }

  private func cost(_ flags: [String], packets: Double) throws -> Cost {
    let few = try proxyRun(flags)
    let many = try proxyRun(flags + ["--exchanges", "\(Self.lastExchange)"], connections: connections / 8)
    let connection = try few.number("cost.cycles_per_connection")
    return Cost(
      connection: connection, packet: (try many.number("cost.cycles_per_connection") - connection) / packets,
      rate: try few.number("rate.cps"))
  }

  /// The bare forwarders and the proxy in turn, and the ratios of each round.
  private func proxied() -> [Row] {
    fill([
      Row(name: "proxy: bare rewrite and forward", unit: "ticks/connection", digits: 1),
      Row(name: "proxy: delayed binding, seven frames a leg", unit: "ticks/connection", digits: 1, target: "at most 1,200"),
      Row(name: "proxy: to bare", unit: "", digits: 3),
      Row(name: "proxy: bare, a packet more", unit: "ticks/packet", digits: 1),
      Row(name: "proxy: a spliced packet more", unit: "ticks/packet", digits: 1, target: "at most 110"),
      Row(name: "proxy: to bare, a packet more", unit: "", digits: 3, target: "at most 1.6"),
      Row(name: "proxy: leanest rewrite and forward", unit: "ticks/connection", digits: 1),
      Row(name: "proxy: to leanest", unit: "", digits: 3),
      Row(name: "proxy: leanest, a packet more", unit: "ticks/packet", digits: 1),
      Row(name: "proxy: to leanest, a packet more", unit: "", digits: 3),
      Row(name: "proxy: clients, proxy and servers on a core", unit: "connections/s"),
    ]) { rows in
      // A request and its answer, each a packet.
      let packets = Double(2 * (Self.lastExchange - 1))
      let bare = try cost(["--floor"], packets: packets)
      let proxy = try cost([], packets: packets)
      let leanest = try cost(["--lean-floor"], packets: packets)
      let values = [
        bare.connection, proxy.connection, proxy.connection / bare.connection, bare.packet, proxy.packet, proxy.packet / bare.packet,
        leanest.connection, proxy.connection / leanest.connection, leanest.packet, proxy.packet / leanest.packet, proxy.rate,
      ]
      for (index, value) in values.enumerated() { rows[index].values.append(value) }
    }
  }

  /// A second core does the same at the same time.
  private func proxiedOnTwoCores() -> [Row] {
    let other = Cores.allowed.first { $0 != core }
    let row = Row(name: "proxy: two such cores to one", unit: "", digits: 3, target: "at least 1.8")
    guard let other else { return [Row(name: row.name, unit: "", remark: "this process may use one core only")] }
    return fill([row]) { rows in
      let alone = try proxyRun().number("rate.cps")
      let second = try Background(own, ["proxy", "--connections", "\(connections)", "--open", "\(open)", "--core", "\(other)"])
      let both = try proxyRun().number("rate.cps")
      guard let other = try second.end(within: 300).number("rate.cps") else { throw BenchError("the second core has reported no rate.cps") }
      rows[0].values.append((both + other) / alone)
    }
  }

  /// What the process has more with a proxy in the middle than without, while as many connections are open.
  private func proxyMemory() -> [Row] {
    fill([Row(name: "proxy: \(idle) open connections", unit: "octets/connection", digits: 1, target: "at most 192")], rounds: 1) { rows in
      let with = try proxyRun(["--held"], connections: idle).number("memory")
      let without = try proxyRun(["--held", "--alone"], connections: idle).number("memory")
      rows[0].values.append((with - without) / Double(idle))
    }
  }
}

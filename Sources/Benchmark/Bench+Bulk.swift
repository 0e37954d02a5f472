/// Octets instead of connections.
extension Bench {
  /// Both ends on one worker, over the ring.
  func bulk() -> [Row] { [1_500, 9_000].flatMap(bulk) }

  private func bulk(mtu: Int) -> [Row] {
    fill([
      Row(name: "bulk over the ring, MTU \(mtu)", unit: "Gbit/s", digits: 2),
      Row(name: "bulk over the ring, MTU \(mtu), both ends", unit: "ticks/octet", digits: 3),
    ]) { rows in
      let child = try Child(
        engine,
        [
          "run", "--json", "-", "--cores", "\(core)", "--workload", "bulk", "--test-size", "0", "--max-open", "4", "--duration", "3s",
          "--window", "1000000", "--mtu", "\(mtu)",
        ])
      let bits = try child.number("rate.goodput_up_bps")
      rows[0].values.append(bits / 1e9)
      rows[1].values.append(tickRate * 8 / bits)
    }
  }
}

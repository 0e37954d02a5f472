import CPacket
import Foundation
import TCPEngine

/// The rows, by topic. A row that cannot be measured has no values and says why; the others go on.
struct Bench {
  let runs: Int
  let connections: Int
  let open: Int
  let core: Int
  let idle: Int
  let engine: String
  let own: String
  let tickRate = measure_tick_rate(200)

  static let sequence =
    "SYN, SYN-ACK, ACK, 16 octets of request, 16 octets of response with FIN, FIN-ACK, ACK; "
    + "MSS, window scale and SACK-permitted on both SYNs"

  var processor: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map(String.init) ?? "unknown processor"
    return model.trimmingCharacters(in: .whitespaces)
  }

  var conditions: String {
    """
    \(processor), time-stamp counter at \(String(format: "%.1f", tickRate / 1e6)) MHz; one core (\(core)) unless said, net_ring of 1,024 frames,
    software checksums, both ends on one worker; \(connections) connections, \(open) at a time; \(runs) runs of each row
    frames: \(Self.sequence)
    """
  }

  func rows(of topic: Measure.Topic) -> [Row] {
    switch topic {
    case .load: load()
    case .timestamps: [cost("timestamps on", ["--timestamps"])]
    case .records: records()
    case .workers: workers()
    case .memory: memory()
    case .start: start()
    case .bulk: bulk()
    case .memif: memif()
    case .http: http()
    case .crowd: crowd()
    case .proxy: proxy()
    }
  }

  // MARK: Runs

  private func arguments(cores: String? = nil, factor: Int = 1) -> [String] {
    ["run", "--json", "-", "--cores", cores ?? "\(core)", "--test-size", "\(factor * connections)", "--max-open", "\(factor * open)"]
  }

  private func reference(_ flags: [String] = []) throws -> Child { try Child(engine, arguments() + flags) }

  private func floor(_ flags: [String] = []) throws -> Child {
    try Child(own, ["floor", "--connections", "\(connections)", "--open", "\(open)", "--core", "\(core)"] + flags)
  }

  /// Fills rows from as many rounds as there are runs, or as are given; after a failure all of them say why.
  func fill(_ rows: [Row], rounds: Int? = nil, _ measure: (inout [Row]) throws -> Void) -> [Row] {
    var rows = rows
    do { for _ in 0..<(rounds ?? runs) { try measure(&rows) } } catch {
      for index in rows.indices { rows[index].remark = index == 0 ? "\(error)" : "as above" }
    }
    return rows
  }

  // MARK: Rows

  /// The bare loops and the reference load in turn, and the ratios of each round.
  private func load() -> [Row] {
    var rows = fill([
      Row(name: "bare loop", unit: "ticks/connection", digits: 1),
      Row(name: "reference load", unit: "ticks/connection", digits: 1, target: "at most 900"),
      Row(name: "reference load, rate", unit: "connections/s"),
      Row(name: "reference load to bare loop", unit: "", digits: 3, target: "at most 1.5"),
      Row(name: "leanest loop", unit: "ticks/connection", digits: 1),
      Row(name: "reference load to leanest loop", unit: "", digits: 3),
    ]) { rows in
      let bare = try floor().number("cost.cycles_per_connection")
      let child = try reference()
      let ticks = try child.number("cost.cycles_per_connection")
      let leanest = try floor(["--lean"]).number("cost.cycles_per_connection")
      rows[0].values.append(bare)
      rows[1].values.append(ticks)
      rows[2].values.append(try child.number("rate.cps"))
      rows[3].values.append(ticks / bare)
      rows[4].values.append(leanest)
      rows[5].values.append(ticks / leanest)
    }
    // The bare loop is known: about 600 ticks at 2.3 GHz. A machine or a compiler that makes it dearer flatters the ratio.
    let limit = 650 * tickRate / 2.3e9
    if rows[0].median > 650 {
      let scaled = rows[0].median > limit ? "" : ", although not at this clock (\(Int(limit)) would be the same time)"
      rows[3].remark = "void: the bare loop took more than 650 ticks\(scaled)"
    }
    return rows
  }

  private func cost(_ name: String, _ flags: [String]) -> Row {
    fill([Row(name: name, unit: "ticks/connection", digits: 1)]) { rows in
      rows[0].values.append(try reference(flags).number("cost.cycles_per_connection"))
    }[0]
  }

  /// Without and with records in turn: to memory and to the disk that the temporary directory is on.
  private func records() -> [Row] {
    [("/dev/shm", "in memory"), (FileManager.default.temporaryDirectory.path, "on disk")].flatMap { directory, place in
      let file = directory + "/trafficbench-\(getpid()).records"
      defer { try? FileManager.default.removeItem(atPath: file) }
      return fill([
        Row(name: "records \(place)", unit: "ticks/connection", digits: 1),
        Row(name: "records \(place) to none", unit: "", digits: 3, target: "at most 1.15"),
      ]) { rows in
        let without = try reference().number("cost.cycles_per_connection")
        let with = try reference(["--detailed-records", "--records-file", file]).number("cost.cycles_per_connection")
        try? FileManager.default.removeItem(atPath: file)
        rows[0].values.append(with)
        rows[1].values.append(with / without)
      }
    }
  }

  /// One worker and two, in turn, each worker with the same share.
  private func workers() -> [Row] {
    let other = Cores.allowed.first { $0 != core }
    let rows = [
      Row(name: "two workers", unit: "connections/s"),
      Row(name: "two workers to one", unit: "", digits: 3, target: "at least 1.8"),
    ]
    guard let other else { return rows.map { Row(name: $0.name, unit: $0.unit, remark: "this process may use one core only") } }
    return fill(rows) { rows in
      let one = try reference().number("rate.cps")
      let two = try Child(engine, arguments(cores: "\(other),\(core)", factor: 2)).number("rate.cps")
      rows[0].values.append(two)
      rows[1].values.append(two / one)
    }
  }

  /// Connections that are established and do nothing. What one end costs is everything the process has while they are open, or what it has
  /// more than with a thousand of them, over the ends.
  private func memory() -> [Row] {
    var closed = true
    func held(_ count: Int) throws -> Double {
      let seconds = Double(5 + count / 100_000)
      let child = try Child(
        engine,
        [
          "run", "--json", "-", "--cores", "\(core)", "--test-size", "\(count)", "--max-open", "\(count)", "--pool-size", "3328",
          "--clients", "10.0.0.2-10.0.15.255", "--payload-size", "0", "--fin-by-client", "0", "--fin-by-server", "0",
          "--duration", "\(Int(seconds))s",
        ], tolerates: 1, memoryUntil: seconds)
      closed = closed && child.exitCode == 0
      let established = try child.number("counters.ack_of_syn_ack_received")
      guard established >= Double(count) else { throw BenchError("\(Int(established)) of \(count) connections were established") }
      return Double(child.peakMemory)
    }
    let few = 1_000
    let name = "\(idle) idle connections"
    var rows = fill(
      [
        Row(name: name + ", all memory", unit: "octets/end", digits: 1, target: "at most 128"),
        Row(name: name + ", growth", unit: "octets/end", digits: 1),
        Row(name: "\(few) idle connections, all memory", unit: "MiB", digits: 1),
      ]
    ) { rows in
      let most = try held(idle)
      let least = try held(few)
      rows[0].values.append(most / Double(2 * idle))
      rows[1].values.append((most - least) / Double(2 * (idle - few)))
      rows[2].values.append(least / 1_048_576)
    }
    if !closed, rows[0].remark == nil { rows[0].remark = "all were established, but not all were closed in the end (exit code 1)" }
    return rows
  }

  /// From the start of the process to the first SYN of the reference load, as its report says.
  private func start() -> [Row] {
    [("without huge pages", 0, ""), ("on huge pages", 128, "less than 2")].map { place, pages, target in
      let row = Row(name: "start to first SYN, " + place, unit: "s", digits: 3, target: target)
      guard let reserved = HugePages(exactly: pages) else {
        return fill([row]) { _ in throw BenchError("\(pages) huge pages were not to be had: not root, or in use, or no memory for them") }[
          0]
      }
      defer { reserved.restore() }
      return fill([row]) { rows in rows[0].values.append(try reference().number("start_to_first_syn_seconds")) }[0]
    }
  }
}

import ArgumentParser
import CPacket
import Foundation

/// `trafficbench measure`: every row, each of several runs, one process to a run.
struct Measure: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Measures every row; takes a quarter of an hour.")

  @Option(help: "Runs of each row, at least 5.") var runs = 7
  @Option(help: "Connections of a run.") var connections = 2_000_000
  @Option(help: "Connections open at a time, in the reference load and in the bare loop.") var open = 256
  @Option(help: "The core of rows with one worker.") var core = defaultCore()
  @Option(help: "The program to measure.") var engine = Bundle.main.executableURL!.deletingLastPathComponent().path + "/trafficengine"
  @Option(help: "Where the result goes, as JSON.") var json = "bench.json"
  @Option(help: "Idle connections of the memory row.") var idle = 1_000_000
  @Option(help: "Only these: \(Topic.allCases.map(\.rawValue).joined(separator: ", ")).") var only: [Topic] = []

  enum Topic: String, CaseIterable, ExpressibleByArgument {
    case load, timestamps, records, workers, memory, start, bulk, memif, http, crowd, proxy
  }

  func validate() throws {
    guard runs >= 5 else { throw ValidationError("--runs: at least 5, or the median says nothing") }
  }

  func run() throws {
    let bench = Bench(
      runs: runs, connections: connections, open: open, core: core, idle: idle, engine: engine,
      own: Bundle.main.executableURL!.path)
    print(bench.conditions + "\n\n" + Row.header)
    var rows: [Row] = []
    for topic in Topic.allCases where only.isEmpty || only.contains(topic) {
      let measured = bench.rows(of: topic)
      for row in measured { print(row.text) }
      fflush(nil)
      rows += measured
    }
    let document: [String: Any] = [
      "tick_rate": bench.tickRate, "cpu": bench.processor, "packet_sequence": Bench.sequence, "connections": connections, "open": open,
      "runs": runs, "rows": Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.json) }),
    ]
    try JSONSerialization.data(withJSONObject: document, options: [.sortedKeys, .prettyPrinted]).write(to: URL(filePath: json))
    print("\nwritten to \(json)")
    if rows.contains(where: { $0.values.isEmpty }) { throw ExitCode.failure }
  }
}

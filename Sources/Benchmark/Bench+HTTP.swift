import Foundation

/// Our http client beside wrk: both against the same nginx over the same veth, one after the other, each on one core.
extension Bench {
  func http() -> [Row] {
    ["af_packet", "af_xdp"].flatMap { driver in
      fill([
        Row(name: "http client of nginx, \(driver)", unit: "requests/s"),
        Row(name: "wrk, the same veth, \(driver)", unit: "requests/s"),
        Row(name: "http client to wrk, \(driver)", unit: "", digits: 3),
      ]) { rows in
        guard geteuid() == 0 else { throw BenchError("namespaces take root") }
        let child = try Child("/bin/bash", ["Scripts/bench-http", engine, driver, "\(core)"])
        if let problem = child.document.text("problem") { throw BenchError(problem) }
        let (ours, theirs) = (try child.number("ours"), try child.number("wrk"))
        rows[0].values.append(ours)
        rows[1].values.append(theirs)
        rows[2].values.append(ours / theirs)
      }
    }
  }
}

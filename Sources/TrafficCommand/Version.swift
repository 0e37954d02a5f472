import TCPEngine

/// Of both programs and of what they write.
let programVersion = "0.1.0"

/// The executable's own name, so that each program, and one with a workload of its own, speaks of itself.
var programName: String { CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "trafficengine" }

/// What `--version` says: "trafficengine 0.1.0, DPDK 22.11.11".
var versionText: String { "\(programName) \(programVersion), \(DPDK.version)" }

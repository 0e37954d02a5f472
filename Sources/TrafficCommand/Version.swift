import TCPEngine

/// Of both programs and of what they write.
let programVersion = "0.1.0"

/// What `--version` says: "trafficengine 0.1.0, DPDK 22.11.11".
var versionText: String { "trafficengine \(programVersion), \(DPDK.version)" }

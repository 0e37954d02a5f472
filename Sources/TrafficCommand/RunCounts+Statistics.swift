import TCPEngine

extension RunCounts {
  /// The counts of running workers. What has ended is read before what was attempted, so that none seems to have ended too early.
  init(_ links: [WorkerLink], stopSignals: Int) {
    self.stopSignals = stopSignals
    for link in links {
      let statistics = link.statistics
      openClients += statistics.openNow(.client)
      openServers += statistics.openNow(.server)
      attempted += statistics.attempts(.client)
      let first = statistics[.firstOpen]
      if first > 0 { firstOpen = min(firstOpen ?? first, first) }
    }
  }
}

extension WorkerStatistics {
  /// Connections of a role that were attempted and have not ended.
  func openNow(_ role: Role) -> UInt64 {
    let ended = Outcome.allCases.reduce(0) { $0 + self[role, $1] }
    let attempted = attempts(role)
    return attempted > ended ? attempted - ended : 0
  }
}

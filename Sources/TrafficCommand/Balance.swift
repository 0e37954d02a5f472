import TCPEngine

/// The sums that must come out even in every run, whatever happened in it.
extension RunSummary {
  /// What does not balance, a sentence each; empty when all does.
  var imbalances: [String] {
    workers.indices.flatMap { connectionImbalances($0) + frameImbalances($0) + leaks($0) } + portImbalances + handOverImbalances
      + dataImbalances + requestImbalances + bufferLeaks
  }

  private func connectionImbalances(_ worker: Int) -> [String] {
    Role.allCases.compactMap { role in
      let tally = workers[worker][role]
      if tally.balances { return nil }
      return "worker \(worker) attempted \(tally.attempted) \(role) connections, but \(tally.ended) ended"
    }
  }

  /// What was sent has arrived or was still on its way; a faulty wire tells what it took and added.
  private func frameImbalances(_ worker: Int) -> [String] {
    guard basis.settings.port.isLooped else { return [] }
    let end = end.workers[worker]
    let sent = Int(workers[worker][.framesSent]) + (end.faults?.addedLeaving ?? 0)
    let arrived = Int(workers[worker][.framesReceived]) + end.onWire
    if sent == arrived { return [] }
    return ["worker \(worker) sent \(sent) frames, but \(arrived) arrived or were on their way"]
  }

  private func leaks(_ worker: Int) -> [String] {
    let end = end.workers[worker]
    let left = [(end.slots, "connections"), (end.flows, "table entries"), (end.timers, "timers")].filter { $0.0 != 0 }
    return left.map { "worker \(worker) has \($0.0) \($0.1) left in use" }
  }

  private var portImbalances: [String] {
    guard let port = end.ports.first?.counts else { return [] }
    let onWire = end.workers.reduce(0) { $0 + $1.onWire }
    let faults = end.workers.compactMap { $0.faults }
    let sent = UInt64(Int(total[.framesSent]) + faults.reduce(0) { $0 + $1.addedLeaving })
    let received = UInt64(Int(total[.framesReceived]) + onWire - faults.reduce(0) { $0 + $1.addedComing })
    var imbalances: [String] = []
    // Some drivers count what they could not send, the interface being down, others give it back.
    if port.sent != sent, port.sent + port.transmitErrors != sent {
      imbalances.append("the workers sent \(sent) frames, but the port \(port.sent)")
    }
    if port.received != received { imbalances.append("the workers received \(received) frames, but the port \(port.received)") }
    return imbalances
  }

  private var handOverImbalances: [String] {
    HandOverBalance.problem(handed: total[.steeredElsewhere], taken: total[.steeredHere], left: end.betweenWorkers).map { [$0] } ?? []
  }

  /// When every connection completed at both ends, each received what the other sent.
  private var dataImbalances: [String] {
    let (client, server) = (total[.client], total[.server])
    guard client.attempted == server.attempted, client.failed == 0, server.failed == 0 else { return [] }
    return [(client, server, "clients", "servers"), (server, client, "servers", "clients")].compactMap { from, to, senders, receivers in
      if from[.payloadBytesSent] == to[.payloadBytesReceived] { return nil }
      return "the \(senders) sent \(from[.payloadBytesSent]) octets, but the \(receivers) received \(to[.payloadBytesReceived])"
    }
  }

  /// When every connection completed, each request had its response; and where the servers are ours, they received each.
  private var requestImbalances: [String] {
    let (client, server) = (total[.client], total[.server])
    guard basis.settings.engine.workload == .http, client.failed == 0 else { return [] }
    let sent = total[.requestsSent]
    if sent != total[.responsesReceived] {
      return ["the clients made \(sent) requests, but received \(total[.responsesReceived]) responses"]
    }
    guard client.attempted == server.attempted, server.failed == 0, basis.settings.port.isLooped else { return [] }
    let received = total[.requestsReceived] + total[.badRequests]
    return sent == received ? [] : ["the clients made \(sent) requests, but the servers received \(received)"]
  }

  private var bufferLeaks: [String] {
    guard let lost = end.lostBuffers, lost != 0 else { return [] }
    return ["\(lost) packet buffers did not come back"]
  }
}

/// Frames that workers have handed to one another.
enum HandOverBalance {
  /// Nil: none was lost, or came from nowhere.
  static func problem(handed: UInt64, taken: UInt64, left: Int) -> String? {
    let found = taken + UInt64(left)
    return handed == found ? nil : "the workers handed over \(handed) frames, but took or left \(found)"
  }
}

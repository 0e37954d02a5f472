import TCPEngine

/// How a run is judged: its exit status, and the reason when it is not a success.
struct Verdict {
  let balanced: Bool
  let imbalances: [String]
  private(set) var reason: String?

  var status: ExitStatus { reason == nil ? .success : .failed }

  init(_ summary: RunSummary) {
    imbalances = summary.imbalances
    balanced = imbalances.isEmpty
    reason =
      summary.end.failure ?? Self.imbalance(imbalances) ?? Self.interruption(summary) ?? Self.failures(summary) ?? Self.shortfall(summary)
      ?? Self.refusals(summary) ?? summary.written.problem ?? Self.records(summary)
  }

  /// Something else went wrong, which is the reason if there is no other.
  mutating func add(_ problem: String) { reason = reason ?? problem }

  private static func imbalance(_ imbalances: [String]) -> String? {
    imbalances.first.map { "sums do not balance: \($0)" + (imbalances.count > 1 ? " (and \(imbalances.count - 1) more)" : "") }
  }

  /// A run without an end of its own is ended by a signal, and that is as it should be; so it is with a run that only serves, which may
  /// have been told how long at most.
  private static func interruption(_ summary: RunSummary) -> String? {
    guard summary.end.wasInterrupted else { return nil }
    let tally = summary.total.judged
    if tally.failed > 0 { return "interrupted: \(count(tally.failed)) of \(count(tally.attempted)) connections did not complete" }
    if let total = summary.basis.total, tally.attempted < total {
      return "interrupted: only \(count(tally.attempted)) of \(count(total)) connections were attempted"
    }
    if summary.basis.settings.engine.duration > 0, summary.basis.total == nil, !summary.end.wasTimed,
      !summary.basis.settings.targets.isEmpty
    {
      return "interrupted before its duration was over"
    }
    return nil
  }

  private static func failures(_ summary: RunSummary) -> String? {
    let tally = summary.total.judged
    guard tally.failed > 0 else { return nil }
    let kinds = Outcome.allCases.filter { $0 != .completed && tally[$0] > 0 }
    let list = kinds.map { "\(count(tally[$0])) \($0.key)" }.joined(separator: ", ")
    return "\(count(tally.failed)) of \(count(tally.attempted)) connections did not complete (\(list))"
  }

  /// Fewer attempts than there should have been.
  private static func shortfall(_ summary: RunSummary) -> String? {
    guard !summary.basis.settings.targets.isEmpty else { return nil }
    let attempted = summary.total[.client].attempted
    if attempted == 0 { return "no connection was attempted" + silence(summary) }
    guard let total = summary.basis.total, attempted < total, !summary.end.wasTimed else { return nil }
    return "only \(count(attempted)) of \(count(total)) connections were attempted"
  }

  /// Why nothing could be, if that is because those that are asked for by ARP have not answered yet.
  private static func silence(_ summary: RunSummary) -> String {
    guard let hop = summary.end.unheardNeighbour, let device = summary.basis.settings.port.device, summary.total[.arpRequestsSent] > 0
    else { return "" }
    return ": no ARP reply from \(hop) on \(device) so far, give its MAC address (targets.mac) or a longer duration, or mend the link"
  }

  /// Responses that say that something was not found, or not in order.
  private static func refusals(_ summary: RunSummary) -> String? {
    let tally = summary.total
    guard tally.refusals > 0, !summary.basis.settings.http.acceptAnyStatus else { return nil }
    let list = (400..<tally.statuses.count).filter { tally.statuses[$0] > 0 }.map { "\(count(tally.statuses[$0])) of \($0)" }
    return "\(count(tally.refusals)) of \(count(tally[.responsesReceived])) responses had a status of 400 or above "
      + "(\(list.joined(separator: ", "))); http.accept_any_status lets them pass"
  }

  private static func records(_ summary: RunSummary) -> String? {
    RecordBalance.problem(
      lost: summary.total[.recordsLost], made: summary.total[.recordsWritten],
      written: summary.basis.settings.engine.detailedRecords ? summary.written.records.count : nil)
  }

  private static func count(_ value: UInt64) -> String { NumberText.grouped(value) }
}

/// Records that workers made, and those in the file.
enum RecordBalance {
  /// - Parameter written: nil: none were asked for.
  /// - Returns: nil: they are the same.
  static func problem(lost: UInt64, made: UInt64, written: Int?) -> String? {
    if lost > 0 {
      return "\(NumberText.grouped(lost)) connection records were lost: the disk is too slow (records_sample makes them fewer)"
    }
    guard let written, made != UInt64(written) else { return nil }
    return "\(NumberText.grouped(made)) connection records were made, but \(written) written"
  }
}

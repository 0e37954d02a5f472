import Histogram
import TCPEngine

/// A point of a latency's distribution that is reported.
struct LatencyPoint {
  let key: String
  let heading: String
  /// Nil: the largest value.
  private let percentile: Double?

  static let all = [
    LatencyPoint(key: "p50", heading: "p50", percentile: 50), LatencyPoint(key: "p90", heading: "p90", percentile: 90),
    LatencyPoint(key: "p99", heading: "p99", percentile: 99), LatencyPoint(key: "p999", heading: "p99.9", percentile: 99.9),
    LatencyPoint(key: "max", heading: "max", percentile: nil),
  ]

  /// Nanoseconds; nil when nothing was measured.
  func value(_ histogram: Histogram<UInt64>) -> UInt64? {
    if histogram.totalCount == 0 { return nil }
    guard let percentile else { return histogram.max }
    return min(histogram.valueAtPercentile(percentile), histogram.max)
  }
}

extension Anomaly {
  /// All that are counted.
  static var counted: [Anomaly] { allCases.filter { $0 != .none } }

  /// The key in JSON: snake_case.
  var key: String {
    "\(self)".reduce(into: "") { key, character in
      if character.isUppercase { key += "_" }
      key += character.lowercased()
    }
  }

  /// What it counts, in one line.
  var text: String {
    switch self {
    case .none: ""
    case .duplicate: "repeats what was received"
    case .outOfOrder: "lies beyond what is expected next"
    case .outsideWindow: "lies outside the window"
    case .acknowledgmentUnacceptable: "acknowledges what was never sent"
    case .acknowledgmentMissing: "without an acknowledgment"
    case .synUnexpected: "a SYN on an open connection"
    case .resetUnproven: "a RST in the window, but not where it is proven"
    case .resetOutsideWindow: "a RST outside the window"
    case .timestampOld: "older than the last timestamp"
    case .timestampMissing: "without the timestamp agreed on"
    }
  }
}

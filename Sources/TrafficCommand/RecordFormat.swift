import TCPEngine

/// How connections are written, one to a line.
protocol RecordFormat<Row> {
  associatedtype Row
  /// Writes what comes before the first connection.
  func begin(_ text: inout TextBuffer)
  /// Writes a connection, line end included.
  func write(_ row: Row, _ time: RunTime, to text: inout TextBuffer)
}

/// A state that a connection was in.
enum StateKey {
  /// `synReceived` -> `syn_received`, by raw value.
  private static let keys = TCPState.allCases.map { state in
    "\(state)".map { $0.isUppercase ? "_" + $0.lowercased() : $0.isNumber ? "_\($0)" : String($0) }.joined()
  }

  static func of(_ state: TCPState) -> String { keys[Int(state.rawValue)] }
}

/// The outcomes' keys, by raw value.
enum OutcomeKey {
  private static let keys = Outcome.allCases.map(\.key)

  static func of(_ outcome: Outcome) -> String { keys[Int(outcome.rawValue)] }
}

extension ConnectionRecord {
  /// The states it was in, and when it entered them: nanoseconds since `start`, a time of the run in ticks.
  func timeline(since start: UInt64, _ time: RunTime) -> [(key: String, nanoseconds: UInt64)] {
    let first: TCPState = role == .client ? .synSent : .synReceived
    return ([(first, 0)] + course.history).map { state, ticks in
      (StateKey.of(state), time.nanoseconds(during: course.opened &+ ticks &- start))
    }
  }
}

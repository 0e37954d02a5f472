import TCPEngine

/// A proxy's records: of each connection one, with both legs.
struct ProxyRecords: RecordKind {
  func add(_ record: ProxyRecord) -> ProxyRecord? { record }
  consuming func rest() -> [ProxyRecord] { [] }
  static func hasFailed(_ row: ProxyRecord) -> Bool { row.outcome != .completed }
  static var csv: any RecordFormat<ProxyRecord> { ProxyCSVFormat() }
  static var jsonLines: any RecordFormat<ProxyRecord> { ProxyJSONFormat() }
  typealias Sums = ProxyRecordSums
}

extension ProxyRecord: FileRecord {
  static var magic: String { "TCPEPRX1" }

  private static let outcomeOffset = MemoryLayout<ProxyRecord>.offset(of: \.outcome)!
  private static let countOffset = MemoryLayout<ProxyRecord>.offset(of: \.stepCount)!
  private static let stepsOffset = MemoryLayout<ProxyRecord>.offset(of: \.steps)!

  static func isSound(at place: UnsafeRawPointer) -> Bool {
    let count = place.load(fromByteOffset: countOffset, as: UInt8.self)
    let steps = place.loadUnaligned(fromByteOffset: stepsOffset, as: UInt32.self)
    return ProxyOutcome(rawValue: place.load(fromByteOffset: outcomeOffset, as: UInt8.self)) != nil && count <= maximumSteps
      && (0..<Int(count)).allSatisfy { ProxyStep(rawValue: step($0, steps)) != nil }
  }

  private static func step(_ index: Int, _ steps: UInt32) -> UInt8 { UInt8(steps >> UInt32(index * 4) & 15) }

  /// The steps after the client's SYN, and when: ticks since then.
  var history: [(step: ProxyStep, ticks: UInt64)] {
    (0..<min(Int(stepCount), Self.maximumSteps)).compactMap { index in
      ProxyStep(rawValue: Self.step(index, steps)).map { ($0, times[index].ticks) }
    }
  }

  /// From the choice of the first server until one has taken the connection; nil: none did.
  var bindingTicks: UInt64? {
    let history = history
    guard let chosen = history.first(where: { $0.step == .connecting }),
      let taken = history.last(where: { $0.step == .delivering || $0.step == .replaying })
        ?? history.first(where: { $0.step == .spliced }), taken.ticks >= chosen.ticks
    else { return nil }
    return taken.ticks - chosen.ticks
  }

  /// What a column says that has no value where there is none.
  var ruleNumber: UInt8? { rule == .max ? nil : rule }
  var groupNumber: UInt8? { group == .max ? nil : group }
  var targetNumber: UInt16? { target == .max ? nil : target }
  var hasServerLeg: Bool { serverPort != 0 }
}

extension ProxyStep {
  var key: StaticString {
    switch self {
    case .request: "request"
    case .connecting: "connecting"
    case .replaying: "replaying"
    case .delivering: "delivering"
    case .spliced: "spliced"
    case .closing: "closing"
    case .dismissing: "dismissing"
    case .over: "over"
    }
  }
}

extension TextBuffer {
  fileprivate mutating func append(_ number: (some UnsignedInteger & FixedWidthInteger)?, orElse absence: StaticString) {
    if let number { append(number) } else { append(absence) }
  }
}

/// Comma-separated values with a line of names first (RFC 4180). What there is none of is empty.
struct ProxyCSVFormat: RecordFormat {
  private static let columns = [
    "client_address", "client_port", "listen_address", "listen_port", "source_address", "source_port", "server_address", "server_port",
    "opened_ns", "outcome", "steps", "rule", "group", "target", "tries", "binding_ns", "segments_to_server", "bytes_to_server",
    "segments_to_client", "bytes_to_client", "repeated_by_client", "repeated_by_server", "client_initial", "proxy_initial",
    "server_initial", "worker",
  ]

  func begin(_ text: inout TextBuffer) {
    text.append(Self.columns.joined(separator: ","))
    text.append("\r\n")
  }

  func write(_ row: ProxyRecord, _ time: RunTime, to text: inout TextBuffer) {
    write(row.clientAddress, row.clientPort, to: &text)
    write(row.listenAddress, row.listenPort, to: &text)
    if row.hasServerLeg {
      write(row.sourceAddress, row.sourcePort, to: &text)
      write(row.serverAddress, row.serverPort, to: &text)
    } else {
      text.append(",,,,")
    }
    text.append(time.nanoseconds(at: row.opened))
    text.append(",")
    text.append(row.outcome.key)
    text.append(",")
    for (index, step) in row.history.enumerated() {
      if index > 0 { text.append(">") }
      text.append(step.step.key)
      text.append("@")
      text.append(time.nanoseconds(during: step.ticks))
    }
    text.append(",")
    text.append(row.ruleNumber, orElse: "")
    text.append(",")
    text.append(row.groupNumber, orElse: "")
    text.append(",")
    text.append(row.targetNumber, orElse: "")
    text.append(",")
    text.append(row.tries)
    text.append(",")
    text.append(row.bindingTicks.map { time.nanoseconds(during: $0) }, orElse: "")
    let counts: [UInt64] = [
      UInt64(row.segmentsToServer), row.bytesToServer, UInt64(row.segmentsToClient), row.bytesToClient, UInt64(row.repeatedByClient),
      UInt64(row.repeatedByServer), UInt64(row.clientInitial.rawValue), UInt64(row.proxyInitial.rawValue),
      UInt64(row.serverInitial.rawValue), UInt64(row.worker),
    ]
    for count in counts {
      text.append(",")
      text.append(count)
    }
    text.append("\r\n")
  }

  private func write(_ address: IPv4Address, _ port: UInt16, to text: inout TextBuffer) {
    text.append(address)
    text.append(",")
    text.append(port)
    text.append(",")
  }
}

/// JSON lines: an object to a connection. What there is none of is null.
struct ProxyJSONFormat: RecordFormat {
  func begin(_ text: inout TextBuffer) {}

  func write(_ row: ProxyRecord, _ time: RunTime, to text: inout TextBuffer) {
    text.append("{\"client\":")
    write(row.clientAddress, row.clientPort, to: &text)
    text.append(",\"listen\":")
    write(row.listenAddress, row.listenPort, to: &text)
    text.append(",\"source\":")
    if row.hasServerLeg { write(row.sourceAddress, row.sourcePort, to: &text) } else { text.append("null") }
    text.append(",\"server\":")
    if row.hasServerLeg { write(row.serverAddress, row.serverPort, to: &text) } else { text.append("null") }
    text.append(",\"opened_ns\":")
    text.append(time.nanoseconds(at: row.opened))
    text.append(",\"outcome\":\"")
    text.append(row.outcome.key)
    text.append("\",\"steps\":[")
    for (index, step) in row.history.enumerated() {
      text.append(index == 0 ? "{\"step\":\"" : ",{\"step\":\"")
      text.append(step.step.key)
      text.append("\",\"at_ns\":")
      text.append(time.nanoseconds(during: step.ticks))
      text.append("}")
    }
    text.append("],\"rule\":")
    text.append(row.ruleNumber, orElse: "null")
    text.append(",\"group\":")
    text.append(row.groupNumber, orElse: "null")
    text.append(",\"target\":")
    text.append(row.targetNumber, orElse: "null")
    text.append(",\"tries\":")
    text.append(row.tries)
    text.append(",\"binding_ns\":")
    text.append(row.bindingTicks.map { time.nanoseconds(during: $0) }, orElse: "null")
    let counts: [(StaticString, UInt64)] = [
      (",\"segments_to_server\":", UInt64(row.segmentsToServer)), (",\"bytes_to_server\":", row.bytesToServer),
      (",\"segments_to_client\":", UInt64(row.segmentsToClient)), (",\"bytes_to_client\":", row.bytesToClient),
      (",\"repeated_by_client\":", UInt64(row.repeatedByClient)), (",\"repeated_by_server\":", UInt64(row.repeatedByServer)),
      (",\"client_initial\":", UInt64(row.clientInitial.rawValue)), (",\"proxy_initial\":", UInt64(row.proxyInitial.rawValue)),
      (",\"server_initial\":", UInt64(row.serverInitial.rawValue)), (",\"worker\":", UInt64(row.worker)),
    ]
    for (name, count) in counts {
      text.append(name)
      text.append(count)
    }
    text.append("}\n")
  }

  private func write(_ address: IPv4Address, _ port: UInt16, to text: inout TextBuffer) {
    text.append("{\"address\":\"")
    text.append(address)
    text.append("\",\"port\":")
    text.append(port)
    text.append("}")
  }
}

/// The sums of many connections' records: those of the report, when every connection was recorded.
struct ProxyRecordSums: RecordRowSums {
  private var records: UInt64 = 0
  private var outcomes = [UInt64](repeating: 0, count: ProxyOutcome.allCases.count)
  private var segmentsToServer: UInt64 = 0
  private var segmentsToClient: UInt64 = 0
  private var bytesToServer: UInt64 = 0
  private var bytesToClient: UInt64 = 0
  private var repeatedByClient: UInt64 = 0
  private var repeatedByServer: UInt64 = 0
  private var tries: UInt64 = 0

  mutating func add(_ row: ProxyRecord) {
    records += 1
    outcomes[Int(row.outcome.rawValue)] += 1
    segmentsToServer += UInt64(row.segmentsToServer)
    segmentsToClient += UInt64(row.segmentsToClient)
    bytesToServer &+= row.bytesToServer
    bytesToClient &+= row.bytesToClient
    repeatedByClient += UInt64(row.repeatedByClient)
    repeatedByServer += UInt64(row.repeatedByServer)
    tries += UInt64(row.tries)
  }

  /// One JSON object, on lines.
  func write(to text: inout TextBuffer) {
    let values: [(String, UInt64)] = [
      ("records", records), ("tries", tries), ("segments_to_server", segmentsToServer), ("bytes_to_server", bytesToServer),
      ("segments_to_client", segmentsToClient), ("bytes_to_client", bytesToClient), ("repeated_by_client", repeatedByClient),
      ("repeated_by_server", repeatedByServer),
    ]
    text.append("{\n")
    for (name, value) in values { text.append("  \"\(name)\": \(value),\n") }
    let lines = ProxyOutcome.allCases.map { "    \"\($0.key)\": \(outcomes[Int($0.rawValue)])" }
    text.append("  \"outcomes\": {\n" + lines.joined(separator: ",\n") + "\n  }\n}\n")
  }
}

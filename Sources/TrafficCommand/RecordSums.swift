import TCPEngine

/// The sums of many connections' records, per role: those of the report, when every connection was recorded.
struct RecordSums: RecordRowSums {
  struct Ends {
    var records: UInt64 = 0
    var joined: UInt64 = 0
    var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    var packetsSent: UInt64 = 0
    var packetsReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var retransmissions: UInt64 = 0

    mutating func add(_ end: ConnectionRecord, isJoined: Bool) {
      records += 1
      if isJoined { joined += 1 }
      outcomes[Int(end.outcome.rawValue)] += 1
      packetsSent += UInt64(end.course.packetsSent)
      packetsReceived += UInt64(end.course.packetsReceived)
      bytesSent &+= end.course.bytesSent
      bytesReceived &+= end.course.bytesReceived
      retransmissions += UInt64(end.course.retransmissions)
    }

    /// Names and values, as in JSON.
    var values: [(String, UInt64)] {
      [
        ("records", records), ("joined", joined), ("unjoined", records - joined), ("payload_packets_sent", packetsSent),
        ("payload_packets_received", packetsReceived), ("payload_bytes_sent", bytesSent), ("payload_bytes_received", bytesReceived),
        ("retransmissions", retransmissions),
      ]
    }
  }

  private(set) var client = Ends()
  private(set) var server = Ends()

  mutating func add(_ connection: RecordedConnection) {
    if let end = connection.client { client.add(end, isJoined: connection.isJoined) }
    if let end = connection.server { server.add(end, isJoined: connection.isJoined) }
  }

  /// One JSON object, on lines.
  func write(to text: inout TextBuffer) {
    text.append("{\n")
    write("client", client, to: &text)
    text.append(",\n")
    write("server", server, to: &text)
    text.append("\n}\n")
  }

  private func write(_ role: String, _ ends: Ends, to text: inout TextBuffer) {
    text.append("  \"\(role)\": {\n")
    for (name, value) in ends.values { text.append("    \"\(name)\": \(value),\n") }
    text.append("    \"outcomes\": {\n")
    let outcomes = Outcome.allCases.map { "      \"\($0.key)\": \(ends.outcomes[Int($0.rawValue)])" }
    text.append(outcomes.joined(separator: ",\n"))
    text.append("\n    }\n  }")
  }
}

import TCPEngine

/// Comma-separated values with a line of names first (RFC 4180). No value needs quotes; those of an end without record are empty.
struct CSVRecordFormat: RecordFormat {
  private static let connectionColumns = ["id", "client_address", "client_port", "server_address", "server_port", "opened_ns"]
  private static let endColumns = [
    "outcome", "states", "payload_packets_sent", "payload_bytes_sent", "payload_packets_received", "payload_bytes_received",
    "retransmissions", "worker",
  ]
  private static let emptyEnd = String(repeating: ",", count: endColumns.count)

  func begin(_ text: inout TextBuffer) {
    let columns = Self.connectionColumns + Self.endColumns.map { "client_" + $0 } + Self.endColumns.map { "server_" + $0 }
    text.append(columns.joined(separator: ","))
    text.append("\r\n")
  }

  func write(_ connection: RecordedConnection, _ time: RunTime, to text: inout TextBuffer) {
    if connection.id != 0 { text.appendHexadecimal(connection.id) }
    text.append(",")
    text.append(connection.clientAddress)
    text.append(",")
    text.append(connection.clientPort)
    text.append(",")
    text.append(connection.serverAddress)
    text.append(",")
    text.append(connection.serverPort)
    text.append(",")
    text.append(time.nanoseconds(at: connection.opened))
    write(connection.client, connection.opened, time, to: &text)
    write(connection.server, connection.opened, time, to: &text)
    text.append("\r\n")
  }

  private func write(_ end: ConnectionRecord?, _ start: UInt64, _ time: RunTime, to text: inout TextBuffer) {
    guard let end else { return text.append(Self.emptyEnd) }
    text.append(",")
    text.append(OutcomeKey.of(end.outcome))
    text.append(",")
    for (index, state) in end.timeline(since: start, time).enumerated() {
      if index > 0 { text.append(">") }
      text.append(state.key)
      text.append("@")
      text.append(state.nanoseconds)
    }
    text.append(",")
    text.append(end.course.packetsSent)
    text.append(",")
    text.append(end.course.bytesSent)
    text.append(",")
    text.append(end.course.packetsReceived)
    text.append(",")
    text.append(end.course.bytesReceived)
    text.append(",")
    text.append(end.course.retransmissions)
    text.append(",")
    text.append(end.worker)
  }
}

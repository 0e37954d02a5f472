import TCPEngine

/// JSON lines: an object to a connection. An end without record is null.
struct JSONRecordFormat: RecordFormat {
  func begin(_ text: inout TextBuffer) {}

  func write(_ connection: RecordedConnection, _ time: RunTime, to text: inout TextBuffer) {
    text.append("{\"id\":")
    if connection.id == 0 {
      text.append("null")
    } else {
      text.append("\"")
      text.appendHexadecimal(connection.id)
      text.append("\"")
    }
    text.append(",\"client_address\":\"")
    text.append(connection.clientAddress)
    text.append("\",\"client_port\":")
    text.append(connection.clientPort)
    text.append(",\"server_address\":\"")
    text.append(connection.serverAddress)
    text.append("\",\"server_port\":")
    text.append(connection.serverPort)
    text.append(",\"opened_ns\":")
    text.append(time.nanoseconds(at: connection.opened))
    text.append(",\"client\":")
    write(connection.client, connection.opened, time, to: &text)
    text.append(",\"server\":")
    write(connection.server, connection.opened, time, to: &text)
    text.append("}\n")
  }

  private func write(_ end: ConnectionRecord?, _ start: UInt64, _ time: RunTime, to text: inout TextBuffer) {
    guard let end else { return text.append("null") }
    text.append("{\"outcome\":\"")
    text.append(OutcomeKey.of(end.outcome))
    text.append("\",\"states\":[")
    for (index, state) in end.timeline(since: start, time).enumerated() {
      text.append(index == 0 ? "{\"state\":\"" : ",{\"state\":\"")
      text.append(state.key)
      text.append("\",\"at_ns\":")
      text.append(state.nanoseconds)
      text.append("}")
    }
    text.append("],\"payload_packets_sent\":")
    text.append(end.course.packetsSent)
    text.append(",\"payload_bytes_sent\":")
    text.append(end.course.bytesSent)
    text.append(",\"payload_packets_received\":")
    text.append(end.course.packetsReceived)
    text.append(",\"payload_bytes_received\":")
    text.append(end.course.bytesReceived)
    text.append(",\"retransmissions\":")
    text.append(end.course.retransmissions)
    text.append(",\"worker\":")
    text.append(end.worker)
    text.append("}")
  }
}

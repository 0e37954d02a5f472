import TCPEngine

/// A connection as far as records tell of it: both its ends, or one.
struct RecordedConnection {
  var client: ConnectionRecord?
  var server: ConnectionRecord?

  /// One end alone.
  init(_ end: ConnectionRecord) {
    if end.role == .client { client = end } else { server = end }
  }

  /// Both ends, in any order.
  init(_ end: ConnectionRecord, _ other: ConnectionRecord) {
    (client, server) = end.role == .client ? (end, other) : (other, end)
  }

  var isJoined: Bool { client != nil && server != nil }

  /// One of its ends did not complete.
  var hasFailed: Bool { [client, server].contains { $0.map { $0.outcome != .completed } ?? false } }

  /// When the first of its ends opened, in ticks.
  var opened: UInt64 { min(client?.course.opened ?? .max, server?.course.opened ?? .max) }

  // Each end knows itself best: between them, addresses may have been rewritten.
  var clientAddress: IPv4Address { client?.key.destination ?? server!.key.source }
  var clientPort: UInt16 { client?.key.destinationPort ?? server!.key.sourcePort }
  var serverAddress: IPv4Address { server?.key.destination ?? client!.key.source }
  var serverPort: UInt16 { server?.key.destinationPort ?? client!.key.sourcePort }

  /// The id that the payload carried, as far as an end got to know it; 0: none.
  var id: UInt64 {
    let clients = client?.course.id ?? 0
    return clients != 0 ? clients : server?.course.id ?? 0
  }
}

/// Finds the two ends of each connection among records that come in any order.
///
/// By id where both have one; else by 4-tuple and the client's initial sequence number. The ends of a connection come soon after one
/// another, so only those that wait for the other one take memory.
struct EndJoiner {
  /// What both ends know of a connection from its first segment on.
  private struct Tuple: Hashable {
    let clientAddress: IPv4Address
    let serverAddress: IPv4Address
    let clientPort: UInt16
    let serverPort: UInt16
    let clientsInitial: UInt32

    init(_ end: ConnectionRecord) {
      if end.role == .client {
        (clientAddress, clientPort) = (end.key.destination, end.key.destinationPort)
        (serverAddress, serverPort) = (end.key.source, end.key.sourcePort)
        clientsInitial = end.initialSend.rawValue
      } else {
        (clientAddress, clientPort) = (end.key.source, end.key.sourcePort)
        (serverAddress, serverPort) = (end.key.destination, end.key.destinationPort)
        clientsInitial = end.initialReceive.rawValue
      }
    }
  }

  private var waitingByID: [UInt64: ConnectionRecord] = [:]
  private var waitingByTuple: [Tuple: ConnectionRecord] = [:]
  /// Ends like one that was waiting already: the same SYN that arrived twice, for one.
  private var surplus: [ConnectionRecord] = []

  /// The connection of this end, if the other one came before.
  mutating func add(_ end: ConnectionRecord) -> RecordedConnection? {
    let tuple = Tuple(end)
    let sameID = end.course.id == 0 ? nil : waitingByID[end.course.id].flatMap { $0.role != end.role ? $0 : nil }
    // An id may come twice in a very long file; the tuple then tells. Where addresses are rewritten on the way, the id alone must do.
    let sameTuple = waitingByTuple[tuple].flatMap { $0.role != end.role ? $0 : nil }
    if let other = sameID, Tuple(other) == tuple || sameTuple == nil {
      waitingByID[end.course.id] = nil
      return RecordedConnection(end, other)
    }
    if let other = sameTuple {
      waitingByTuple[tuple] = nil
      return RecordedConnection(end, other)
    }
    wait(end, tuple)
    return nil
  }

  private mutating func wait(_ end: ConnectionRecord, _ tuple: Tuple) {
    if end.course.id != 0, waitingByID[end.course.id] == nil {
      waitingByID[end.course.id] = end
    } else if waitingByTuple[tuple] == nil {
      waitingByTuple[tuple] = end
    } else {
      surplus.append(end)
    }
  }

  /// Those that still wait when all have come, in the order of their opening: joined where only one end knows the id, else alone.
  consuming func rest() -> [RecordedConnection] {
    var rest = surplus.map { RecordedConnection($0) }
    for end in waitingByID.values {
      let tuple = Tuple(end)
      if let other = waitingByTuple[tuple], other.role != end.role {
        waitingByTuple[tuple] = nil
        rest.append(RecordedConnection(end, other))
      } else {
        rest.append(RecordedConnection(end))
      }
    }
    rest += waitingByTuple.values.map { RecordedConnection($0) }
    return rest.sorted { Self.order($0) < Self.order($1) }
  }

  private static func order(_ connection: RecordedConnection) -> (UInt64, UInt32, UInt16, UInt64) {
    (connection.opened, connection.clientAddress.rawValue, connection.clientPort, connection.id)
  }
}

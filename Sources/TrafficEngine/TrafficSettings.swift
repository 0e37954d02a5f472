/// Everything a run is told, validated: what the configuration file and the flags come to. Defaults are the reference load.
public struct TrafficSettings: Sendable, Equatable {
  /// The cores that workers run on, one each. Empty: the last core this process may use.
  public var cores: [Int] = []
  /// Connections to attempt, all workers together. 0: until `duration` ends or the run is interrupted.
  public var testSize = 2_000_000
  public var port = PortSettings()
  public var engine = EngineSettings()
  public var http = HTTPSettings()
  public var bulk = BulkSettings()
  public var targets: [Target] = []
  public var faults = Faults()
  public var output = OutputSettings()

  public init() {}
}

/// The TCP roles. Totals (`cpsLimit`, `maxOpen`) are over all workers.
public struct EngineSettings: Sendable, Equatable {
  /// What connections say.
  public var workload = WorkloadKind.exchange
  /// Where the server role listens; nil: where the workload's servers usually do. Empty: no server role.
  public var serverPorts: [ClosedRange<UInt16>]?
  /// Where the server role listens.
  public var ports: [ClosedRange<UInt16>] {
    get { serverPorts ?? [workload.defaultPort...workload.defaultPort] }
    set { serverPorts = newValue }
  }
  public var tcp = TCPParameters()
  /// The MSS that was given, and then that of `tcp`; nil: as much as the MTU takes.
  public var mss: UInt16? {
    didSet { if let mss { tcp.maximumSegmentSize = mss } }
  }
  /// Connections opened per second; 0: as fast as they are completed.
  public var cpsLimit = 0
  /// Client connections open at a time.
  public var maxOpen = 256
  /// The number that was given, and then `maxOpen`; nil: as many as suit the roles.
  public var openLimit: Int? {
    didSet { if let openLimit { maxOpen = openLimit } }
  }
  /// Payloads sent after which the client closes; 0: it does not.
  public var finByClient = 0
  /// Payloads received after which the server closes; 0: it does not.
  public var finByServer = 1
  /// Octets of a payload that the client sends; 0: it sends none.
  public var payloadSize = 16
  /// Octets of the server's answer to a payload; 0: it does not answer.
  public var responseSize = 16
  /// Milliseconds that a client lets pass between an answer and its next payload or request.
  public var thinkTime = 0
  /// Compare each octet received with what the workload's other end sends; nil: yes, unless the port is an interface.
  public var verifyPayload: Bool?
  /// Nanoseconds after which no more connections are opened and the open ones are closed; 0: no limit.
  public var duration: UInt64 = 0
  /// Nanoseconds over which the rate grows to `cpsLimit`.
  public var ramp: UInt64 = 0
  /// Seed of the run; nil: from the system's randomness.
  public var seed: UInt64?
  /// Connections that TIME-WAIT is remembered for, per worker; the oldest gives way.
  public var timeWaitPool = 4096
  /// Connections that can recover from losses, or have more in flight than the initial window, at a time, per worker.
  public var recoveryPool = 16_384
  public var congestionControl = CongestionAlgorithm.cubic
  /// Write a record of each end of each connection.
  public var detailedRecords = false

  public init() {}

  /// The first port where the server role listens; 0: there is no server role. Setting it leaves only that one.
  public var port: UInt16 {
    get { ports.first?.lowerBound ?? 0 }
    set { ports = newValue == 0 ? [] : [newValue...newValue] }
  }
}

/// The workloads of `trafficengine`.
public enum WorkloadKind: String, Sendable, CaseIterable {
  case exchange
  case http
  case bulk

  /// Where its servers listen; of those that are no protocol's, a port that no dissector claims.
  public var defaultPort: UInt16 { self == .http ? 80 : 4000 }
}

/// The http workload.
public struct HTTPSettings: Sendable, Equatable {
  public var method = "GET"
  public var path = "/"
  /// Nil: the target's address, with its port unless that is 80.
  public var host: String?
  /// Further fields, each "Name: value".
  public var headers: [String] = []
  /// Requests on a connection, one after the other; 0: as many as the run has time for.
  public var requests = 1
  /// Octets of the body of a request; 0: none.
  public var requestBodySize = 0
  /// Statuses of 400 and above do not fail the run.
  public var acceptAnyStatus = false
  /// Octets of the body of the server's response.
  public var bodySize = 1_024
  /// Octets of a chunk of it; 0: no chunks, Content-Length.
  public var chunkSize = 0

  public init() {}

  /// The largest body that this program sends.
  public static var largestBody: Int { HTTPBody.largest }

  /// Octets that a response's body takes on the wire, the lines of its chunks included.
  public var sentBodySize: Int { chunkSize == 0 ? bodySize : HTTPChunks.length(of: bodySize, size: chunkSize) }
}

/// The bulk workload.
public struct BulkSettings: Sendable, Equatable {
  public enum Direction: String, Sendable, CaseIterable {
    /// Client to server.
    case up
    /// Server to client.
    case down
    case both
  }

  public var direction = Direction.up
  /// Octets that a sender sends on a connection; 0: until the run ends.
  public var size = 0

  public init() {}
}

/// A server that the client role connects to.
public struct Target: Sendable, Equatable {
  public var id: String
  public var address: IPv4Address
  /// Nil: the port's own on a looped wire; asked for by ARP on an interface.
  public var mac: MACAddress?
  /// 0: not said; configuration puts the workload's usual port there.
  public var port: UInt16

  public init(id: String, address: IPv4Address, mac: MACAddress? = nil, port: UInt16) {
    self.id = id
    self.address = address
    self.mac = mac
    self.port = port
  }
}

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

/// The port, one queue pair of it to a worker.
public struct PortSettings: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// DPDK's ring device: queue i transmits to queue i.
    case ring
    /// The in-memory port with the manual clock: one worker, deterministic, any speed.
    case memory
  }

  public var kind = Kind.ring
  /// A Linux interface to use instead.
  public var interface: String?
  /// How that interface is had.
  public var driver = InterfaceDriver.automatic
  /// A virtual device of DPDK's to use instead, with its arguments.
  public var vdev: String?
  /// A PCI device to use instead.
  public var pci: String?
  /// Where frames for other networks than our own go.
  public var gateway: IPv4Address?
  /// Frames that a receive and a transmit queue hold. On a ring both are the same queue: the larger of the two counts.
  public var receiveDescriptors = 1024
  public var transmitDescriptors = 1024
  /// Packet buffers, all queues together.
  public var poolSize = 8192
  /// Buffers that each worker keeps at hand.
  public var cacheSize = 256
  /// Use the port's checksum offload where it has one; software otherwise.
  public var checksumOffload = false
  /// Bits of the TCP port that tell the worker it belongs to.
  public var dstPortMask: UInt16 = 0xe000
  public var flowSteering = FlowSteering.port
  /// Nil: the port's own, or `loopedMAC`.
  public var mac: MACAddress?
  /// A Linux interface whose MAC address is taken instead of `mac`.
  public var linuxInterface: String?
  /// A TAP interface that we make: it is given what is not ours, and what the kernel sends through it goes out. Nil: none.
  public var kernelInterface: String?
  /// The network namespace that it is made in; nil: our own.
  public var namespace: String?
  /// Our own network: the server role's address and the prefix length.
  public var address = IPv4Address(0x0a00_0001)
  public var prefixLength = 16
  /// Addresses of the server role besides `address`.
  public var servers: [AddressRange] = []
  /// Addresses the client role uses, first to last, in ranges.
  public var clients: [AddressRange] = [AddressRange(first: IPv4Address(0x0a00_0002), last: IPv4Address(0x0a00_0ffe))]

  public init() {}

  /// The MAC address on a wire that has nobody else on it.
  public static var loopedMAC: MACAddress { MACAddress(0x02_00_00_00_00_01) }

  /// Whether what is sent comes back to us.
  public var isLooped: Bool { device == nil }

  /// The port's name where there are others on the wire; nil on a looped one.
  public var device: String? { interface ?? vdev.map { String($0.prefix { $0 != "," }) } ?? pci }

  /// Whether each worker has addresses of its own.
  var steersByAddress: Bool { flowSteering == .address && !isLooped }

  /// The client addresses of each worker, where each has its own.
  public func addressShares(workers: Int) throws(SteeringError) -> AddressShares {
    try AddressShares(
      clients.map { $0.first...$0.last }, try AddressSteering(own: address, prefixLength: prefixLength, workers: workers))
  }

  /// The last of the addresses that are the workers' own: with steering by address each has one.
  public func lastOwnAddress(_ workers: Int) -> IPv4Address {
    steersByAddress ? IPv4Address(address.rawValue + UInt32(max(workers, 1) - 1)) : address
  }

  /// The addresses that are ours, whichever worker has them.
  func ourAddresses(workers: Int) -> [AddressRange] { [AddressRange(first: address, last: lastOwnAddress(workers))] + clients }

  /// Whether an address lies in our own network.
  public func isOnLink(_ other: IPv4Address) -> Bool {
    (other.rawValue ^ address.rawValue) >> UInt32(32 - prefixLength) == 0
  }
}

extension PortSettings {
  /// Whom frames to an address are sent to: itself, or the gateway.
  func nextHop(to address: IPv4Address) -> IPv4Address { isOnLink(address) ? address : gateway ?? address }
}

/// How arriving connections find their worker.
public enum FlowSteering: String, Sendable, CaseIterable {
  /// By bits of the destination port.
  case port = "Port"
  /// By destination address, one to a worker.
  case address = "Ip"
}

/// Addresses from `first` to `last`, both included.
public struct AddressRange: Sendable, Hashable, BitwiseCopyable {
  public var first: IPv4Address
  public var last: IPv4Address

  public init(first: IPv4Address, last: IPv4Address) {
    self.first = first
    self.last = last
  }

  public var count: Int { Int(last.rawValue) - Int(first.rawValue) + 1 }
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
  /// Connections opened per second; 0: as fast as they are completed.
  public var cpsLimit = 0
  /// Client connections open at a time.
  public var maxOpen = 256
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

/// Where results go besides the terminal.
public struct OutputSettings: Sendable, Equatable {
  /// Report as JSON; "-" is the standard output.
  public var json: String?
  /// Capture file, and how many frames of it; 0: all.
  public var pcap: String?
  public var pcapCount = 0
  public var recordsFile = "trafficengine.records"
  /// One connection in this many is recorded, and every failed one.
  public var recordsSample = 1

  public init() {}
}

/// A host's TCP: sockets, their connections, and the packets that wait to be sent. The C interface (tcpstack.h) says what the calls do.
final class Stack {
  let settings: StackSettings
  var now: Moment
  /// By descriptor.
  var sockets: [Socket?]
  var listeners: [UInt16: Socket] = [:]
  var connections: [PairKey: Socket] = [:]
  var timeWaits: [PairKey: TimeWait] = [:]
  /// When each TIME-WAIT ends, in order of entry.
  var timeWaitEnds: [PairKey: UInt64] = [:]
  let initialSequence: InitialSequence
  var nextPort: UInt16
  var output = PacketQueue()
  /// An Ethernet header of zeros and the packet behind it: what the frame parser reads.
  let frame: UnsafeMutableRawPointer
  static let frameSize = Ethernet.headerLength + 65_535
  var challenges: RateLimit
  /// Packets that were ignored.
  var ignored: UInt64 = 0

  init(_ settings: StackSettings, now: UInt64) {
    self.settings = settings
    self.now = Self.moment(now)
    sockets = Array(repeating: nil, count: settings.maximumSockets)
    var random = SeededRandom(seed: settings.seed)
    initialSequence = InitialSequence(key0: random.next(), key1: random.next())
    nextPort = 32_768 + UInt16(random.next() % 28_000)
    challenges = RateLimit(perSecond: 1_000, seed: random.next())
    frame = .allocate(byteCount: Self.frameSize, alignment: 16)
    frame.initializeMemory(as: UInt8.self, repeating: 0, count: Self.frameSize)
    frame.store(networkOrder(Ethernet.typeIPv4), at: Ethernet.typeOffset)
  }

  deinit { frame.deallocate() }

  static func moment(_ microseconds: UInt64) -> Moment {
    // From 1 on: it is also the timestamps' clock, and 0 stands for none that was received.
    Moment(milliseconds: UInt32(truncatingIfNeeded: microseconds / 1_000) &+ 1, microseconds: microseconds)
  }

  func socket(_ descriptor: Int32) -> Socket? {
    guard descriptor >= 0, Int(descriptor) < sockets.count else { return nil }
    return sockets[Int(descriptor)]
  }

  /// The largest segment that fits the MTU without options.
  var largestSegment: UInt16 { settings.mtu - UInt16(IPv4.headerLength + TCPHeader.length) }
}

/// What `tcpstack_configuration` comes to.
struct StackSettings {
  var address: UInt32
  var mtu: UInt16 = 1_500
  var maximumSockets = 256
  var seed: UInt64 = 0
  var receiveBuffer = 131_072
  var sendBuffer = 131_072
  var timestamps = true
  var windowScaling = true
  var sack = true
  var algorithm = CongestionAlgorithm.cubic
  var windowScale: UInt8?
  var initialSegments: UInt32 = 10
  var minimumRTO: UInt32 = 200
  var restartsAfterIdle = true
  var timeWait: UInt32 = 60_000

  /// Octets; every window up to it can be written (RFC 7323 2.3: 2^30).
  var largestBuffer: Int { 1 << 28 }
}

/// Addresses and ports of a connection, as a key.
struct PairKey: Hashable {
  let addresses: UInt64
  let ports: UInt32

  init(_ key: FlowKey) {
    addresses = key.addresses
    ports = key.ports
  }
}

/// Packets that wait to be fetched, in order.
struct PacketQueue {
  private var packets: [[UInt8]] = []
  private var first = 0

  var isEmpty: Bool { first == packets.count }
  var next: [UInt8]? { isEmpty ? nil : packets[first] }

  mutating func append(_ packet: [UInt8]) { packets.append(packet) }

  mutating func removeFirst() {
    packets[first] = []
    first += 1
    if first == packets.count {
      packets.removeAll(keepingCapacity: true)
      first = 0
    }
  }
}

/// Options of sockets, with Linux's levels, names and values.
extension Stack {
  private enum Level {
    static let socket: Int32 = 1
    static let tcp: Int32 = 6
  }

  private enum SocketOption {
    static let reuseAddress: Int32 = 2
    static let type: Int32 = 3
    static let error: Int32 = 4
    static let sendBuffer: Int32 = 7
    static let receiveBuffer: Int32 = 8
    static let keepAlive: Int32 = 9
    static let linger: Int32 = 13
    static let reusePort: Int32 = 15
    static let isListening: Int32 = 30
  }

  private enum TCPOption {
    static let noDelay: Int32 = 1
    static let maximumSegment: Int32 = 2
    static let cork: Int32 = 3
    static let keepIdle: Int32 = 4
    static let keepInterval: Int32 = 5
    static let keepCount: Int32 = 6
    static let synCount: Int32 = 7
    static let finWait2: Int32 = 8
    static let info: Int32 = 11
    static let quickAcknowledgments: Int32 = 12
    static let congestion: Int32 = 13
    static let userTimeout: Int32 = 18
  }

  func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: UnsafeRawBufferPointer) -> Int32 {
    guard let socket = socket(descriptor) else { return -Errno.badDescriptor }
    if level == Level.tcp, name == TCPOption.congestion { return setCongestion(socket, value) }
    guard value.count >= 4 else { return -Errno.invalid }
    let number = value.loadUnaligned(as: Int32.self)
    switch (level, name) {
    case (Level.socket, SocketOption.linger):
      guard value.count >= 8 else { return -Errno.invalid }
      socket.options.linger = number != 0 ? value.loadUnaligned(fromByteOffset: 4, as: Int32.self) : nil
      return 0
    case (Level.socket, _): return setSocketOption(socket, name, number)
    case (Level.tcp, _): return setTCPOption(socket, name, number)
    default: return -Errno.noProtocolOption
    }
  }

  private func setSocketOption(_ socket: Socket, _ name: Int32, _ number: Int32) -> Int32 {
    switch name {
    case SocketOption.reuseAddress, SocketOption.reusePort: socket.options.reuseAddress = number != 0
    case SocketOption.keepAlive:
      socket.options.keepAlive = number != 0
      if socket.kind == .connection { restartKeepAlive(socket) }
    case SocketOption.sendBuffer:
      socket.options.sendBuffer = 2 * min(max(Int(number), 2_304), settings.largestBuffer)
      if socket.kind == .connection { socket.outgoing.resize(socket.options.sendBuffer, keeping: socket.outgoing.count) }
    case SocketOption.receiveBuffer:
      socket.options.receiveBuffer = min(max(Int(number), 1_152), settings.largestBuffer)
      if socket.kind == .connection, socket.isCold { resizeIncoming(socket) }
    default: return -Errno.noProtocolOption
    }
    return 0
  }

  /// What was offered to the peer still fits.
  private func resizeIncoming(_ socket: Socket) {
    let offered = Int(socket.connection.pointee.coldWindow(socket.recovery))
    socket.incoming.resize(socket.options.receiveBuffer, keeping: socket.incoming.count + offered)
  }

  private func setTCPOption(_ socket: Socket, _ name: Int32, _ number: Int32) -> Int32 {
    switch name {
    case TCPOption.noDelay:
      socket.options.noDelay = number != 0
      // It overrides a cork this once (tcp(7)).
      if socket.kind == .connection, number != 0 {
        socket.moreFollows = false
        uncork(socket)
      }
    case TCPOption.cork:
      socket.options.cork = number != 0
      if socket.kind == .connection {
        socket.moreFollows = false
        push(socket)
      }
    case TCPOption.maximumSegment:
      guard number >= 88, number <= 32_767 else { return -Errno.invalid }
      socket.options.maximumSegment = UInt16(number)
    case TCPOption.keepIdle:
      guard number >= 1, number <= 32_767 else { return -Errno.invalid }
      socket.options.keepIdle = number
      if socket.keepAliveDue != .max { restartKeepAlive(socket) }
    case TCPOption.keepInterval:
      guard number >= 1, number <= 32_767 else { return -Errno.invalid }
      socket.options.keepInterval = number
    case TCPOption.keepCount:
      guard number >= 1, number <= 127 else { return -Errno.invalid }
      socket.options.keepCount = number
    case TCPOption.synCount:
      guard number >= 1, number <= 127 else { return -Errno.invalid }
      socket.options.synCount = UInt8(min(number, 31))
    case TCPOption.finWait2: socket.options.finWait2 = number < 0 ? 0 : (number == 0 ? 60 : min(number, 120))
    case TCPOption.userTimeout:
      guard number >= 0 else { return -Errno.invalid }
      socket.options.userTimeout = UInt32(number)
    case TCPOption.quickAcknowledgments:
      socket.isInteractive = number == 0
      if number != 0 {
        socket.quick = max(socket.quick, 16)
        if socket.kind == .connection, socket.isCold, socket.recovery.pointee.acknowledgmentDue != .max { acknowledge(socket) }
      }
    default: return -Errno.noProtocolOption
    }
    return 0
  }

  private func setCongestion(_ socket: Socket, _ value: UnsafeRawBufferPointer) -> Int32 {
    switch String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) {
    case "cubic": socket.options.algorithm = .cubic
    case "reno", "newreno": socket.options.algorithm = .newReno
    default: return -2  // ENOENT, as Linux says
    }
    if socket.kind == .connection, socket.isCold { socket.recovery.pointee.algorithm = socket.options.algorithm }
    return 0
  }

  /// The value's octets, or the negative of an errno value.
  func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> (Int32, [UInt8]) {
    guard let socket = socket(descriptor) else { return (-Errno.badDescriptor, []) }
    let options = socket.options
    var number: Int32
    switch (level, name) {
    case (Level.socket, SocketOption.error):
      number = socket.error
      socket.error = 0
    case (Level.socket, SocketOption.type): number = 1  // SOCK_STREAM
    case (Level.socket, SocketOption.isListening): number = socket.kind == .listener ? 1 : 0
    case (Level.socket, SocketOption.reuseAddress), (Level.socket, SocketOption.reusePort): number = options.reuseAddress ? 1 : 0
    case (Level.socket, SocketOption.keepAlive): number = options.keepAlive ? 1 : 0
    case (Level.socket, SocketOption.sendBuffer): number = Int32(clamping: options.sendBuffer)
    case (Level.socket, SocketOption.receiveBuffer): number = Int32(clamping: options.receiveBuffer * 2)
    case (Level.socket, SocketOption.linger): return (0, octets(options.linger != nil ? 1 : 0) + octets(options.linger ?? 0))
    case (Level.tcp, TCPOption.noDelay): number = options.noDelay ? 1 : 0
    case (Level.tcp, TCPOption.cork): number = options.cork ? 1 : 0
    case (Level.tcp, TCPOption.maximumSegment): number = segmentSize(socket)
    case (Level.tcp, TCPOption.keepIdle): number = options.keepIdle
    case (Level.tcp, TCPOption.keepInterval): number = options.keepInterval
    case (Level.tcp, TCPOption.keepCount): number = options.keepCount
    case (Level.tcp, TCPOption.synCount): number = Int32(options.synCount)
    case (Level.tcp, TCPOption.finWait2): number = options.finWait2
    case (Level.tcp, TCPOption.userTimeout): number = Int32(bitPattern: options.userTimeout)
    case (Level.tcp, TCPOption.quickAcknowledgments): number = socket.isInteractive ? 0 : 1
    case (Level.tcp, TCPOption.congestion): return (0, Array((options.algorithm == .cubic ? "cubic" : "reno").utf8) + [0])
    case (Level.tcp, TCPOption.info): return (0, information(socket))
    default: return (-Errno.noProtocolOption, [])
    }
    return (0, octets(number))
  }

  private func segmentSize(_ socket: Socket) -> Int32 {
    if socket.kind == .connection, socket.hasConnected { return Int32(socket.connection.pointee.segmentSize) }
    return socket.options.maximumSegment != 0 ? Int32(socket.options.maximumSegment) : 536
  }

  private func octets(_ number: Int32) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

  /// Linux's `struct tcp_info`: what is known of it, zeros elsewhere.
  private func information(_ socket: Socket) -> [UInt8] {
    var info = [UInt8](repeating: 0, count: 232)
    func put(_ value: UInt32, at offset: Int) {
      info.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt32.self) }
    }
    info[0] = linuxState(socket)
    func putLong(_ value: UInt64, at offset: Int) {
      info.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt64.self) }
    }
    guard socket.kind == .connection, socket.isCold else { return info }
    let connection = socket.connection.pointee
    var recovery = socket.recovery.pointee
    let size = max(1, UInt32(connection.segmentSize))
    func segments(_ octets: UInt32) -> UInt32 { (octets + size - 1) / size }
    info[1] =
      switch recovery.phase {
      case .open: recovery.sacked + recovery.duplicateOctets > 0 ? 1 : 0
      case .reduction: 2
      case .recovery: 3
      case .loss: 4
      }
    info[2] = connection.retransmits
    info[4] = connection.retransmits
    let flags = connection.flags
    info[5] = (flags.has(.timestamps) ? 1 : 0) | (flags.has(.sackPermitted) ? 2 : 0) | (flags.has(.windowScale) ? 4 : 0)
    info[6] = connection.scales
    put(UInt32(recovery.backedOffTimeout(connection.retransmits, socket.parameters)), at: 8)
    put(40_000, at: 12)
    put(size, at: 16)
    put(socket.peerSegment, at: 20)
    put(recovery.count, at: 24)
    put(segments(recovery.sacked + recovery.duplicateOctets), at: 28)
    put(segments(recovery.lost), at: 32)
    put(segments(recovery.resent), at: 36)
    put(UInt32(settings.mtu), at: 60)
    put(recovery.smoothedRTT, at: 68)
    put(recovery.rttVariance, at: 72)
    put(recovery.slowStartThreshold == .max ? 0x7fff_ffff : recovery.slowStartThreshold / size, at: 76)
    put(recovery.congestionWindow / size, at: 80)
    put(UInt32(socket.parameters.pointee.maximumSegmentSize), at: 84)
    put(max(3, recovery.reorderingDegree), at: 88)
    put(UInt32(clamping: (now.microseconds - socket.recovery.pointee.lastSent) / 1_000), at: 44)
    put(UInt32(clamping: (now.microseconds - socket.lastReceived) / 1_000), at: 52)
    putLong(socket.busy.read(now.microseconds), at: 168)
    putLong(socket.limitedByPeer.read(now.microseconds), at: 176)
    put(socket.unsent, at: 144)
    put(recovery.minimumRTT, at: 148)
    put(connection.sendWindow, at: 228)
    return info
  }

  /// The state's number in Linux.
  private func linuxState(_ socket: Socket) -> UInt8 {
    switch socket.kind {
    case .fresh, .closed: return 7
    case .listener: return 10
    case .connection: break
    }
    return switch socket.connection.pointee.state {
    case .established: 1
    case .synSent: 2
    case .synReceived: 3
    case .finWait1: 4
    case .finWait2: 5
    case .timeWait: 6
    case .closed: 7
    case .closeWait: 8
    case .lastAck: 9
    case .closing: 11
    }
  }
}

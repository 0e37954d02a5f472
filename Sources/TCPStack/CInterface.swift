import CTCPStack

// The functions of tcpstack.h, which documents them.

private func stack(_ pointer: OpaquePointer) -> Stack {
  Unmanaged<Stack>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
}

/// A `size_t`, which Swift takes for signed.
private func size(_ count: Int) -> Int { count < 0 ? .max : count }

@c(tcpstack_create)
public func createStack(_ configuration: UnsafePointer<tcpstack_configuration>?, _ now: UInt64) -> OpaquePointer? {
  guard let configuration, let settings = StackSettings(configuration.pointee), now <= Stack.lastTime else { return nil }
  return OpaquePointer(Unmanaged.passRetained(Stack(settings, now: now)).toOpaque())
}

@c(tcpstack_destroy)
public func destroyStack(_ pointer: OpaquePointer?) {
  guard let pointer else { return }
  Unmanaged<Stack>.fromOpaque(UnsafeRawPointer(pointer)).release()
}

@c(tcpstack_packet_in)
public func packetIn(_ pointer: OpaquePointer, _ packet: UnsafeRawPointer, _ length: Int, _ now: UInt64) -> Int32 {
  let stack = stack(pointer)
  stack.advance(now)
  return stack.packetIn(packet, count: length) ? 0 : -Errno.invalid
}

@c(tcpstack_packet_out)
public func packetOut(_ pointer: OpaquePointer, _ packet: UnsafeMutableRawPointer, _ room: Int) -> Int {
  let stack = stack(pointer)
  guard let next = stack.output.next, next.count <= size(room) else { return 0 }
  next.withUnsafeBytes { packet.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  stack.output.removeFirst()
  return next.count
}

@c(tcpstack_next_deadline)
public func nextDeadline(_ pointer: OpaquePointer) -> UInt64 { stack(pointer).nextDeadline }

@c(tcpstack_advance)
public func advance(_ pointer: OpaquePointer, _ now: UInt64) { stack(pointer).advance(now) }

@c(tcpstack_socket)
public func openSocket(_ pointer: OpaquePointer) -> Int32 { stack(pointer).openSocket() }

@c(tcpstack_bind)
public func bindSocket(_ pointer: OpaquePointer, _ socket: Int32, _ address: UInt32, _ port: UInt16) -> Int32 {
  stack(pointer).bind(socket, address, port)
}

@c(tcpstack_listen)
public func listenOn(_ pointer: OpaquePointer, _ socket: Int32, _ backlog: Int32) -> Int32 { stack(pointer).listen(socket, backlog) }

@c(tcpstack_accept)
public func acceptConnection(
  _ pointer: OpaquePointer, _ socket: Int32, _ address: UnsafeMutablePointer<UInt32>?, _ port: UnsafeMutablePointer<UInt16>?
) -> Int32 {
  let (descriptor, accepted) = stack(pointer).accept(socket)
  if let accepted {
    address?.pointee = accepted.connection.pointee.remoteAddress.rawValue
    port?.pointee = accepted.connection.pointee.remotePort
  }
  return descriptor
}

@c(tcpstack_connect)
public func connectSocket(_ pointer: OpaquePointer, _ socket: Int32, _ address: UInt32, _ port: UInt16) -> Int32 {
  stack(pointer).connect(socket, address, port)
}

@c(tcpstack_send)
public func sendOctets(_ pointer: OpaquePointer, _ socket: Int32, _ octets: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int64 {
  let more: Int32 = 0x8000  // MSG_MORE
  guard let octets = octets ?? (count == 0 ? UnsafeRawPointer(bitPattern: 1) : nil) else { return -Int64(Errno.badAddress) }
  return Int64(stack(pointer).send(socket, octets, size(count), more: flags & more != 0))
}

@c(tcpstack_receive)
public func receiveOctets(
  _ pointer: OpaquePointer, _ socket: Int32, _ octets: UnsafeMutableRawPointer?, _ count: Int, _ flags: Int32
) -> Int64 {
  let peek: Int32 = 2  // MSG_PEEK
  guard let octets = octets ?? (count == 0 ? UnsafeMutableRawPointer(bitPattern: 1) : nil) else { return -Int64(Errno.badAddress) }
  return Int64(stack(pointer).receive(socket, octets, size(count), peek: flags & peek != 0))
}

@c(tcpstack_shutdown)
public func shutdownSocket(_ pointer: OpaquePointer, _ socket: Int32, _ how: Int32) -> Int32 {
  // SHUT_RD, SHUT_WR, SHUT_RDWR
  stack(pointer).shutdown(socket, read: how == 0 || how == 2, write: how == 1 || how == 2)
}

@c(tcpstack_close)
public func closeSocket(_ pointer: OpaquePointer, _ socket: Int32) -> Int32 { stack(pointer).close(socket) }

@c(tcpstack_poll)
public func pollSocket(_ pointer: OpaquePointer, _ socket: Int32) -> Int32 { stack(pointer).poll(socket) }

@c(tcpstack_local_name)
public func localName(
  _ pointer: OpaquePointer, _ socket: Int32, _ address: UnsafeMutablePointer<UInt32>?, _ port: UnsafeMutablePointer<UInt16>?
) -> Int32 {
  guard let socket = stack(pointer).socket(socket) else { return -Errno.badDescriptor }
  address?.pointee = socket.localAddress
  port?.pointee = socket.localPort
  return 0
}

@c(tcpstack_remote_name)
public func remoteName(
  _ pointer: OpaquePointer, _ socket: Int32, _ address: UnsafeMutablePointer<UInt32>?, _ port: UnsafeMutablePointer<UInt16>?
) -> Int32 {
  guard let socket = stack(pointer).socket(socket) else { return -Errno.badDescriptor }
  guard socket.kind == .connection, socket.hasConnected else { return -Errno.notConnected }
  address?.pointee = socket.connection.pointee.remoteAddress.rawValue
  port?.pointee = socket.connection.pointee.remotePort
  return 0
}

@c(tcpstack_set_option)
public func setSocketOption(
  _ pointer: OpaquePointer, _ socket: Int32, _ level: Int32, _ name: Int32, _ value: UnsafeRawPointer?, _ length: UInt32
) -> Int32 {
  stack(pointer).setOption(socket, level, name, UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : Int(length)))
}

@c(tcpstack_get_option)
public func socketOption(
  _ pointer: OpaquePointer, _ socket: Int32, _ level: Int32, _ name: Int32, _ value: UnsafeMutableRawPointer?,
  _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  guard let value, let length else { return -Errno.invalid }
  let (result, octets) = stack(pointer).option(socket, level, name)
  guard result == 0 else { return result }
  // As getsockopt(2) does: what does not fit is cut off.
  let count = min(octets.count, Int(length.pointee))
  octets.withUnsafeBytes { if count > 0 { value.copyMemory(from: $0.baseAddress!, byteCount: count) } }
  length.pointee = UInt32(count)
  return 0
}

extension StackSettings {
  /// Nil: something in it is impossible.
  init?(_ given: tcpstack_configuration) {
    guard given.address != 0, given.mtu == 0 || given.mtu >= 68, given.window_scale <= 14 else { return nil }
    address = given.address
    seed = given.seed
    if given.mtu != 0 { mtu = given.mtu }
    if given.maximum_sockets != 0 { maximumSockets = Int(given.maximum_sockets) }
    if given.receive_buffer != 0 { receiveBuffer = min(Int(given.receive_buffer), largestBuffer) }
    if given.send_buffer != 0 { sendBuffer = min(Int(given.send_buffer), largestBuffer) }
    timestamps = given.without_timestamps == 0
    windowScaling = given.without_window_scale == 0
    sack = given.without_sack == 0
    restartsAfterIdle = given.without_idle_restart == 0
    switch Int32(given.congestion_control) {
    case TCPSTACK_CONGESTION_CUBIC: algorithm = .cubic
    case TCPSTACK_CONGESTION_NEWRENO: algorithm = .newReno
    default: return nil
    }
    if given.window_scale != 0 { windowScale = UInt8(given.window_scale) }
    if given.initial_window != 0 { initialSegments = given.initial_window }
    if given.minimum_rto != 0 { minimumRTO = max(1, given.minimum_rto / 1_000) }
    if given.time_wait != 0 { timeWait = max(1, given.time_wait / 1_000) }
  }
}

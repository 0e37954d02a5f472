/// Which shift of windows clients are told before their server is known (RFC 7323 2.2): unless it is given, the largest that a server was last seen
/// with. Where all servers say the same, windows pass as they are; a server that says less still gets no narrower window than its own.
extension ProxyEngine {
  /// Before any server was seen: Linux's, with the buffers that it has by itself.
  static var usualScale: UInt8 { 7 }

  /// A server has answered a SYN that offered to scale windows, and does so.
  @inline(__always)
  mutating func noteScale(_ scale: UInt8, ofServer server: Int) {
    if routes.base[server].scale != scale { learnScale(scale, ofServer: server) }
  }

  @inline(never)
  private mutating func learnScale(_ scale: UInt8, ofServer server: Int) {
    routes.base[server].scale = scale
    guard parameters.windowScale == nil else { return }
    var largest = scale
    for index in 0..<routes.count where routes[index].scale != ServerRoute.unknownScale { largest = max(largest, routes[index].scale) }
    offeredScale = largest
  }
}

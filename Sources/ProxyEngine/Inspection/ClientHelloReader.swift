/// What a ClientHello says of the server it is meant for.
public struct ClientHello: BitwiseCopyable {
  /// A part of it, as far as it has come.
  public enum Part: BitwiseCopyable {
    case needMore
    case absent
    case present(StreamText)
  }

  /// The name of the server (RFC 6066 3).
  public var serverName = Part.needMore
  /// The protocols on offer: each an octet that says how long it is, and its name (RFC 7301 3.1).
  public var protocols = Part.needMore

  /// Whether this protocol is on offer.
  func offers(_ name: RuleText) -> Reading<Bool> {
    switch protocols {
    case .needMore: return .needMore
    case .absent: return .different
    case .present(let list):
      var octets = list.walk()
      var left = list.count
      while left > 0 {
        let length = Int(octets.next())
        left &-= length &+ 1
        var isSame = length == name.count
        for at in 0..<length where octets.next() != (at < name.count ? name.start.octet(at) : 0) { isSame = false }
        if isSame { return .found(true) }
      }
      return .different
    }
  }
}

/// Reads the ClientHello that a TLS connection begins with (RFC 8446 4.1.2, RFC 5246 7.4.1.2), decrypting nothing. Work: a few steps an extension.
///
/// A stream is TLS when it begins with the record of a handshake, and this with a ClientHello: after 11 octets. What the hello says is told as
/// soon as it is there, without waiting for the rest; where the hello breaks its own lengths, no more is found.
public enum ClientHelloReader {
  @inline(never)
  public static func read(_ bytes: UnsafeRawPointer, count: Int) -> Reading<ClientHello> {
    var octets = HandshakeOctets(bytes, count: count)
    var left = 0
    let start = readStart(&octets, &left)
    guard start >= 0 else { return start == HandshakeOctets.needMore ? .needMore : .different }
    var hello = ClientHello()
    var answer = skipToExtensions(&octets, &left)
    while answer >= 0, left > 0 { answer = readExtension(&octets, &left, &hello) }
    // To its end, or to where it is no hello any more: what was not said will not be.
    if answer != HandshakeOctets.needMore { hello.end() }
    return .found(hello)
  }

  // The functions below answer below zero where they cannot go on; `left` is what is left of the message, later of the extensions.

  /// Type, length, and version of the message.
  @inline(__always)
  private static func readStart(_ octets: inout HandshakeOctets, _ left: inout Int) -> Int {
    let type = octets.next()
    guard type >= 0 else { return type }
    guard type == 1 else { return HandshakeOctets.different }
    let high = octets.next()
    guard high >= 0 else { return high }
    let low = octets.next16()
    guard low >= 0 else { return low }
    left = high &<< 16 | low
    let version = octets.next16()
    guard version >= 0 else { return version }
    left &-= 2
    return version &>> 8 == 3 && left >= 0 ? 0 : HandshakeOctets.different
  }

  @inline(__always)
  private static func skipToExtensions(_ octets: inout HandshakeOctets, _ left: inout Int) -> Int {
    var answer = skip(32, &octets, &left)  // random
    if answer >= 0 { answer = skipVector(1, 0...32, &octets, &left) }  // session
    if answer >= 0 { answer = skipVector(2, 2...65_534, &octets, &left) }  // cipher suites
    if answer >= 0 { answer = skipVector(1, 1...255, &octets, &left) }  // compression methods
    // A hello from before extensions ends here (RFC 5246 7.4.1.2).
    guard answer >= 0, left > 0 else { return answer }
    guard left >= 2 else { return HandshakeOctets.different }
    answer = octets.next16()
    guard answer >= 0 else { return answer }
    left &-= 2
    return answer == left ? 0 : HandshakeOctets.different
  }

  @inline(__always)
  private static func skip(_ count: Int, _ octets: inout HandshakeOctets, _ left: inout Int) -> Int {
    left &-= count
    return left < 0 ? HandshakeOctets.different : octets.skip(count)
  }

  /// A vector: its length in one octet or two, and so many octets.
  @inline(__always)
  private static func skipVector(
    _ lengthOctets: Int, _ lengths: ClosedRange<Int>, _ octets: inout HandshakeOctets, _ left: inout Int
  ) -> Int {
    left &-= lengthOctets
    guard left >= 0 else { return HandshakeOctets.different }
    let length = lengthOctets == 1 ? octets.next() : octets.next16()
    guard length >= 0 else { return length }
    guard lengths.contains(length) else { return HandshakeOctets.different }
    return skip(length, &octets, &left)
  }

  // MARK: Extensions

  private static var serverName: Int { 0 }
  private static var applicationLayerProtocols: Int { 16 }

  @inline(__always)
  private static func readExtension(_ octets: inout HandshakeOctets, _ left: inout Int, _ hello: inout ClientHello) -> Int {
    guard left >= 4 else { return HandshakeOctets.different }
    let type = octets.next16()
    guard type >= 0 else { return type }
    let length = octets.next16()
    guard length >= 0 else { return length }
    left &-= 4 &+ length
    guard left >= 0 else { return HandshakeOctets.different }
    // Of two of a kind, which must not be (RFC 8446 4.2), the first counts.
    if type == serverName, hello.isOpen(hello.serverName) { return readServerName(length, &octets, &hello) }
    if type == applicationLayerProtocols, hello.isOpen(hello.protocols) { return readProtocols(length, &octets, &hello) }
    return octets.skip(length)
  }

  /// ServerNameList (RFC 6066 3): the first name that is a host's.
  @inline(never)
  private static func readServerName(_ length: Int, _ octets: inout HandshakeOctets, _ hello: inout ClientHello) -> Int {
    guard length >= 2 else { return HandshakeOctets.different }
    let list = octets.next16()
    guard list >= 0 else { return list }
    var left = length &- 2
    guard list == left else { return HandshakeOctets.different }
    while left > 0 {
      guard left >= 3 else { return HandshakeOctets.different }
      let type = octets.next()
      guard type >= 0 else { return type }
      let length = octets.next16()
      guard length >= 0 else { return length }
      left &-= 3 &+ length
      guard left >= 0, length > 0 else { return HandshakeOctets.different }
      if type == 0 {
        var name = StreamText.none
        let answer = octets.text(length, &name)
        guard answer >= 0 else { return answer }
        hello.serverName = .present(name)
        return octets.skip(left)
      }
      let answer = octets.skip(length)
      guard answer >= 0 else { return answer }
    }
    return 0
  }

  /// ProtocolNameList (RFC 7301 3.1): its lengths are checked here, so that it can be walked.
  @inline(never)
  private static func readProtocols(_ length: Int, _ octets: inout HandshakeOctets, _ hello: inout ClientHello) -> Int {
    guard length >= 2 else { return HandshakeOctets.different }
    let list = octets.next16()
    guard list >= 0 else { return list }
    guard list == length &- 2 else { return HandshakeOctets.different }
    var names = StreamText.none
    let answer = octets.text(list, &names)
    guard answer >= 0 else { return answer }
    var walk = names.walk()
    var left = list
    while left > 0 {
      let length = Int(walk.next())
      left &-= length &+ 1
      guard length > 0, left >= 0 else { return HandshakeOctets.different }
      for _ in 0..<length { _ = walk.next() }
    }
    hello.protocols = .present(names)
    return 0
  }
}

extension ClientHello {
  @inline(__always)
  fileprivate func isOpen(_ part: Part) -> Bool {
    if case .needMore = part { true } else { false }
  }

  @inline(__always)
  fileprivate mutating func end() {
    if isOpen(serverName) { serverName = .absent }
    if isOpen(protocols) { protocols = .absent }
  }
}

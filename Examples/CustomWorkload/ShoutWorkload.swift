import TCPEngine

/// A workload of one's own: the server speaks first.
///
///     server: READY\n
///     client: connection 5f3a01c2 ......\n
///     server: CONNECTION 5F3A01C2 ......\n    and closes
///
/// A workload is a value without state of its own; each connection has a `State`, which is this workload's to define. What is sent is
/// asked for octet by octet (`write`), as often as TCP needs it: it must be a function of connection, state and place. What arrives comes in
/// order, each octet once, but cut anywhere (`receive`).
struct ShoutWorkload: Workload {
  /// Texts that take neither memory nor a lock when used.
  private static var banner: StaticString { "READY\n" }
  private static var words: StaticString { "connection " }
  private static let digits: UInt32 = 8
  private static var bannerLength: UInt32 { UInt32(banner.utf8CodeUnitCount) }
  private static var wordsLength: UInt32 { UInt32(words.utf8CodeUnitCount) }
  private static var newline: UInt8 { 0x0a }

  /// What is kept of a connection.
  struct State: BitwiseCopyable {
    /// The number that its line is made of.
    var number: UInt32 = 0
    /// The whole line has come.
    var isComplete = false
  }

  /// The client picks a number that differs from connection to connection; the server learns it from the line.
  func begin(_ view: WorkloadView) -> State {
    var state = State()
    if view.role == .client { state.number = view.connection.pointee.initialSend.rawValue }
    return state
  }

  /// How far our stream has come into being: the client's line waits for the banner, the server's answer for the line.
  func progress(_ view: WorkloadView, _ state: inout State) -> StreamProgress {
    switch view.role {
    case .client:
      return StreamProgress(end: view.received >= Self.bannerLength ? Self.lineLength(state.number) : 0, finish: view.peerClosed)
    case .server:
      let answer = state.isComplete ? Self.lineLength(state.number) : 0
      return StreamProgress(end: Self.bannerLength + answer, finish: state.isComplete || view.peerClosed)
    }
  }

  func write(_ view: WorkloadView, _ state: State, offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    for index in 0..<count {
      let place = offset &+ UInt32(truncatingIfNeeded: index)
      bytes.storeBytes(of: Self.octet(of: view.role, state.number, place), toByteOffset: index, as: UInt8.self)
    }
  }

  /// An outcome when the octets are not what they should be: the connection is reset and counted as `payload_mismatch`.
  func receive(_ view: WorkloadView, _ state: inout State, offset: UInt32, bytes: UnsafeRawPointer, count: Int) -> Outcome? {
    for index in 0..<count {
      let place = offset &+ UInt32(truncatingIfNeeded: index)
      let octet = bytes.load(fromByteOffset: index, as: UInt8.self)
      switch view.role {
      case .client:
        guard octet == Self.octet(of: .server, state.number, place) else { return .payloadMismatch }
      case .server:
        if place >= Self.wordsLength, place < Self.wordsLength + Self.digits {
          guard let digit = Self.value(ofDigit: octet) else { return .payloadMismatch }
          state.number = state.number << 4 | digit
        } else {
          guard octet == Self.octet(of: .client, state.number, place) else { return .payloadMismatch }
          if octet == Self.newline { state.isComplete = true }
        }
      }
    }
    return nil
  }

  /// No id is carried: records are joined by addresses, ports and sequence numbers.
  func identifier(_ view: WorkloadView, _ state: State, firstBytes: UnsafeRawPointer?, count: Int) -> UInt64 { 0 }

  // MARK: The streams, as functions of number and place

  /// Words, digits, a space, 0 to 63 points, a newline.
  private static func lineLength(_ number: UInt32) -> UInt32 { wordsLength + digits + 2 + number % 64 }

  private static func octet(of role: Role, _ number: UInt32, _ place: UInt32) -> UInt8 {
    if role == .client { return lineOctet(number, place) }
    if place < bannerLength { return banner.utf8Start[Int(place)] }
    let octet = lineOctet(number, place - bannerLength)
    return octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet
  }

  private static func lineOctet(_ number: UInt32, _ place: UInt32) -> UInt8 {
    if place < wordsLength { return words.utf8Start[Int(place)] }
    if place < wordsLength + digits {
      let digit = UInt8(truncatingIfNeeded: number >> (28 - 4 * (place - wordsLength)) & 15)
      return digit < 10 ? 0x30 + digit : 0x57 + digit
    }
    if place == wordsLength + digits { return 0x20 }
    return place == lineLength(number) - 1 ? newline : 0x2e
  }

  private static func value(ofDigit octet: UInt8) -> UInt32? {
    switch octet {
    case 0x30...0x39: UInt32(octet - 0x30)
    case 0x61...0x66: UInt32(octet - 0x57)
    default: nil
    }
  }
}

#if !FUZZING
  @testable import TCPEngine
#endif

/// Octets as what a client sends first. Read in one go, and in every shorter piece: what is said of a piece must hold of the whole; nothing beyond
/// the piece is read (the address sanitizer sees to that); and rules decide the same whichever way the octets come.
enum InspectionFuzz {
  static func http(_ input: UnsafeRawBufferPointer) -> String? {
    consistent(input, httpRules) { bytes, count in
      guard case .found(let line) = HTTPRequestReader.readLine(bytes, count: count) else { return nil }
      if line.method.end > count || line.path.end > count || line.fields > count { return "beyond the request line" }
      if line.method.isEmpty { return "no method" }
      if case .found(let host) = HTTPRequestReader.readHost(bytes, count: count, line), host.end > count { return "beyond the host" }
      guard case .found(let field) = HTTPConnectionField.read(bytes, count: count) else { return nil }
      return field.value.end > count || field.fields > count ? "beyond the head" : nil
    }
  }

  static func clientHello(_ input: UnsafeRawBufferPointer) -> String? {
    consistent(input, tlsRules) { bytes, count in
      guard case .found(let hello) = ClientHelloReader.read(bytes, count: count) else { return nil }
      for part in [hello.serverName, hello.protocols] {
        guard case .present(let text) = part else { continue }
        if text.count > count { return "a text longer than the hello" }
        var walk = text.walk()
        for _ in 0..<text.count { _ = walk.next() }
      }
      return nil
    }
  }

  static func ldap(_ input: UnsafeRawBufferPointer) -> String? {
    consistent(input, ldapRules) { bytes, count in
      if case .found(let response) = LDAPBindResponse.read(bytes, count: count), response.length > 65_535 { return "a response too long" }
      guard case .found(let request) = LDAPReader.read(bytes, count: count) else { return nil }
      if request.name.end > count { return "a name beyond the request" }
      if request.operation != .search, request.length > count { return "told before all of it is there" }
      if request.isAnonymous, !request.name.isEmpty { return "anonymous with a name" }
      let name = request.name.text(in: bytes)
      let itself = RuleText(start: name.start, count: name.count, isGiven: true, isSuffix: false)
      return DNSuffix.matches(name, itself) ? nil : "a DN does not match itself"
    }
  }

  // MARK: Rules

  private static let httpRules = rules([
    .prefix(Array("GET /p".utf8)), .http(method: "POST", host: nil, path: nil), .http(method: nil, host: "a.b", path: "/x"),
    .http(method: nil, host: "*.b", path: nil), .http(method: nil, host: nil, path: "/"),
  ])

  private static let tlsRules = rules([
    .prefix([0x16, 3, 3]), .tls(serverName: "a", alpn: "h2"), .tls(serverName: "*.b", alpn: nil), .tls(serverName: nil, alpn: "h"),
    .tls(serverName: nil, alpn: nil),
  ])

  private static let ldapRules = rules([
    .prefix([0x30, 0x05]), .ldapBind(dn: "cn=a,dc=b"), .ldapBind(dn: "dc=b"), .ldapSearch(base: "dc=b"), .ldapStartTLS, .ldapBind(dn: nil),
  ])

  /// Each goes to a group of its own, by whatever key it has.
  private static func rules(_ matches: [RuleSettings.Match]) -> RuleSet {
    let settings = matches.enumerated().map { number, match in
      let key: PayloadKey? =
        switch match {
        case .http: number % 2 == 0 ? .host : .path
        case .tls: .serverName
        case .ldapBind: .bindDN
        case .ldapSearch: .baseDN
        default: nil
        }
      let closes = if case .http = match { number % 2 == 0 } else { false }
      return RuleSettings(match: match, verdict: .group(number), key: key, closesAfterResponse: closes)
    }
    do { return try RuleSet(settings) } catch { fatalError("\(error)") }
  }

  private static func consistent(
    _ input: UnsafeRawBufferPointer, _ rules: RuleSet, _ read: (UnsafeRawPointer, Int) -> String?
  ) -> String? {
    var first = BindingDecision.needMore
    var last = BindingDecision.needMore
    for count in 0...input.count {
      // Just as long as the piece, so that a reader that goes too far is found out.
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
      defer { piece.deallocate() }
      piece.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
      guard let bytes = piece.baseAddress.map({ UnsafeRawPointer($0) }) ?? input.baseAddress else { return nil }
      if let problem = read(bytes, count) { return "\(count) octets: \(problem)" }
      last = decide(rules, bytes, count, isWhole: false)
      if first == .needMore { first = last }
      if last != first { return "\(count) octets: \(last) after \(first)" }
      if decide(rules, bytes, count, isWhole: true) == .needMore { return "\(count) octets: more is wanted of what is whole" }
    }
    return nil
  }

  private static func decide(_ rules: RuleSet, _ bytes: UnsafeRawPointer, _ count: Int, isWhole: Bool) -> BindingDecision {
    rules.decide(FirstRequest(start: bytes, count: count, clientAddress: 1, clientPort: 1, isWhole: isWhole))
  }
}

/// A first request as rules ask about it: each protocol is read when it is first asked for, and once.
struct Inspection: BitwiseCopyable {
  /// What a rule says.
  enum Answer: BitwiseCopyable {
    case needMore
    case different
    /// Key: the hash of the rule's part of the payload; 0: it names none, or there is none.
    case matches(key: UInt32)
    /// It depends on what the client asks after an anonymous bind of LDAP.
    case followsBind(consumed: UInt16, messageID: UInt32)
  }

  /// How far a protocol, or a part of it, has been read.
  enum Progress: UInt8, BitwiseCopyable {
    case unread
    case needMore
    case different
    case told
  }

  private let request: FirstRequest
  private var http = Progress.unread
  private var host = Progress.unread
  private var tls = Progress.unread
  private var ldap = Progress.unread
  private var httpLine = HTTPRequestLine.none
  /// Of HTTP or TLS, as rules know it.
  private var name = StreamText.none
  private var hello = ClientHello()
  private var ldapRequest = LDAPRequest(length: 0, messageID: 0)
  private var dn = DNSuffix.Name()

  @inline(__always)
  init(_ request: FirstRequest) { self.request = request }

  @inline(__always)
  mutating func answer(_ rule: UnsafePointer<CompiledRule>) -> Answer {
    switch rule.pointee.kind {
    case .any: .matches(key: 0)
    case .prefix: prefix(rule)
    case .http: http(rule)
    case .tls: tls(rule)
    case .ldapBind, .ldapSearch, .ldapStartTLS: ldap(rule)
    }
  }

  @inline(__always)
  private func prefix(_ rule: UnsafePointer<CompiledRule>) -> Answer {
    switch BytePrefix.read(request.start, count: request.count, rule.pointee.text) {
    case .needMore: .needMore
    case .different: .different
    case .found: .matches(key: 0)
    }
  }

  /// What there is to say without the thing itself.
  @inline(__always)
  private static func answer(_ progress: Progress) -> Answer { progress == .needMore ? .needMore : .different }

  // MARK: HTTP

  @inline(__always)
  private mutating func http(_ rule: UnsafePointer<CompiledRule>) -> Answer {
    if http == .unread { readHTTP() }
    guard http == .told else { return Self.answer(http) }
    if rule.pointee.method.isGiven, !httpLine.method.text(in: request.start).equals(rule.pointee.method) { return .different }
    if rule.pointee.second.isGiven, !httpLine.path.text(in: request.start).begins(with: rule.pointee.second) { return .different }
    if rule.pointee.text.isGiven || rule.pointee.key == .host {
      if host == .unread { readHost() }
      guard host == .told else { return Self.answer(host) }
      if rule.pointee.text.isGiven, !HostName.matches(name, rule.pointee.text) { return .different }
    }
    switch rule.pointee.key {
    case .host: return .matches(key: HostName.hash(name))
    case .path: return .matches(key: KeyHash.of(httpLine.path.text(in: request.start)))
    default: return .matches(key: 0)
    }
  }

  /// Whether no more of an HTTP request's fields can come.
  var hasWholeHead: Bool { !HTTPConnectionField.read(request.start, count: request.count).isOpen }

  @inline(never)
  private mutating func readHTTP() {
    switch HTTPRequestReader.readLine(request.start, count: request.count) {
    case .needMore: http = .needMore
    case .different: http = .different
    case .found(let line):
      http = .told
      httpLine = line
    }
  }

  @inline(never)
  private mutating func readHost() {
    switch HTTPRequestReader.readHost(request.start, count: request.count, httpLine) {
    case .needMore: host = .needMore
    case .different: host = .different
    case .found(let range):
      host = .told
      name = HostName.withoutRoot(range.text(in: request.start))
    }
  }

  // MARK: TLS

  @inline(__always)
  private mutating func tls(_ rule: UnsafePointer<CompiledRule>) -> Answer {
    if tls == .unread { readTLS() }
    guard tls == .told else { return Self.answer(tls) }
    // What differs in one part differs, whatever the other part will be.
    let offer = rule.pointee.second.isGiven ? hello.offers(rule.pointee.second) : .found(true)
    let name = serverName(rule)
    switch (offer, name) {
    case (.different, _), (_, .different): return .different
    case (.needMore, _): return .needMore
    default: return name
    }
  }

  @inline(__always)
  private func serverName(_ rule: UnsafePointer<CompiledRule>) -> Answer {
    guard rule.pointee.text.isGiven || rule.pointee.key == .serverName else { return .matches(key: 0) }
    switch hello.serverName {
    case .needMore: return .needMore
    case .absent: return rule.pointee.text.isGiven ? .different : .matches(key: 0)
    case .present:
      if rule.pointee.text.isGiven, !HostName.matches(name, rule.pointee.text) { return .different }
      return .matches(key: rule.pointee.key == .serverName ? HostName.hash(name) : 0)
    }
  }

  @inline(never)
  private mutating func readTLS() {
    switch ClientHelloReader.read(request.start, count: request.count) {
    case .needMore: tls = .needMore
    case .different: tls = .different
    case .found(let found):
      tls = .told
      hello = found
      if case .present(let text) = found.serverName { name = HostName.withoutRoot(text) }
    }
  }

  // MARK: LDAP

  @inline(__always)
  private mutating func ldap(_ rule: UnsafePointer<CompiledRule>) -> Answer {
    if ldap == .unread { readLDAP() }
    guard ldap == .told else { return Self.answer(ldap) }
    switch (rule.pointee.kind, ldapRequest.operation) {
    case (.ldapStartTLS, .startTLS): return .matches(key: 0)
    case (.ldapBind, .bind), (.ldapSearch, .search):
      if rule.pointee.text.isGiven, !dn.isBelow(rule.pointee.text, depth: Int(rule.pointee.depth)) { return .different }
      return .matches(key: rule.pointee.key != nil ? dn.hash : 0)
    case (.ldapSearch, .bind) where ldapRequest.isAnonymous:
      return .followsBind(consumed: UInt16(truncatingIfNeeded: ldapRequest.length), messageID: ldapRequest.messageID)
    default: return .different
    }
  }

  @inline(never)
  private mutating func readLDAP() {
    switch LDAPReader.read(request.start, count: request.count) {
    case .needMore: ldap = .needMore
    case .different: ldap = .different
    case .found(let found):
      ldap = .told
      ldapRequest = found
      dn = DNSuffix.Name(found.name.text(in: request.start))
    }
  }
}

import TCPEngine

/// An entry of `[[rules]]` while it is read.
struct ProxyRuleDraft: Sendable {
  /// What a rule can match without saying more of it.
  enum Subject: String, Sendable, CaseIterable {
    case any
    case http
    case tls
    case ldapBind = "ldap_bind"
    case ldapSearch = "ldap_search"
    case ldapStartTLS = "ldap_starttls"
  }

  var match: Subject?
  var prefix: String?
  var prefixHex: [UInt8]?
  var method: String?
  var host: String?
  var path: String?
  var serverName: String?
  var alpn: String?
  var bindDN: String?
  var baseDN: String?
  var group: String?
  var target: String?
  var reset: Bool?
  var key: PayloadKey?
  var closesAfterResponse: Bool?

  static let keys: [Key<ProxyRuleDraft>] = [
    key(
      "match", \.match, ValueFormat.word,
      "What a first request is: anything, nothing too, or one of a protocol; not needed where a key of the protocol is given."),
    key("prefix", \.prefix, ValueFormat.some, "Text that it begins with."),
    key("prefix_hex", \.prefixHex, ValueFormat.octets, "The same in hexadecimal."),
    key("method", \.method, ValueFormat.method, "HTTP/1.x: its method."),
    key("host", \.host, ValueFormat.hostName, "HTTP/1.x: its host, without port; \"*.example.net\" is every name below example.net."),
    key("path", \.path, ValueFormat.pathBeginning, "HTTP/1.x: how its path begins."),
    key("sni", \.serverName, ValueFormat.hostName, "TLS: the server's name; as a host."),
    key("alpn", \.alpn, ValueFormat.some, "TLS: a protocol that the client offers."),
    key("bind_dn", \.bindDN, ValueFormat.some, "LDAP: the name that binds is this one or lies below it."),
    key(
      "base_dn", \.baseDN, ValueFormat.some, "LDAP: the first search begins here or below; the proxy answers an anonymous bind before it."),
    key("group", \.group, ValueFormat.name, "Group that such a connection goes to."),
    key("target", \.target, ValueFormat.name, "Id of the target that it goes to."),
    key("reset", \.reset, ValueFormat.boolean, "It is reset."),
    key("key", \.key, ValueFormat.word, "What consistent_hash goes by; without it, by the client's address."),
    key(
      "close_after_response", \.closesAfterResponse, ValueFormat.boolean,
      "HTTP/1.x: the server is asked to close with its first response, so that the next request is a connection of its own."),
  ]

  private static func key<Value>(
    _ name: String, _ property: WritableKeyPath<ProxyRuleDraft, Value?> & Sendable, _ format: ValueFormat<Value>, _ summary: String
  ) -> Key<ProxyRuleDraft> {
    Key("rules.\(name)", property, format.optional, summary, flags: [])
  }
}

extension ValueFormat where Value == String {
  /// A name that a client asks for; its port is another matter, and would never be found in it. An IPv6 address has its colons in brackets.
  static var hostName: Self {
    parsed(
      "a host's name without port (such as www.example.net, or *.example.net for every name below)",
      { text in
        let colons = text.hasPrefix("[") ? text.drop { $0 != "]" } : text[...]
        return (1...255).contains(text.utf8.count) && !colons.contains(":") ? text : nil
      },
      written: { $0 })
  }

  /// A rule looks at nothing behind the path.
  static var pathBeginning: Self {
    let path = path
    return parsed(
      "how a path begins, without query (such as /images/)",
      { text in
        guard !text.contains("?"), !text.contains("#") else { return nil }
        return try? path.parse(text)
      },
      written: { $0 })
  }
}

extension ValueFormat where Value == [UInt8] {
  /// Octets, two digits each.
  static var octets: Self {
    parsed(
      "octets in hexadecimal (such as 16 03 01)",
      { text in RuleSettings.octets(hexadecimal: text).flatMap { $0.isEmpty ? nil : $0 } },
      written: { octets in octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ") })
  }
}

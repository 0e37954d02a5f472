/// Which rules leave nothing for others.
extension RuleSettings.Match {
  /// Whether nothing is left for another one that is asked later. Only what is sure.
  public func takesAll(of later: Self) -> Bool {
    switch (self, later) {
    case (.any, _): true
    case (.prefix(let this), .prefix(let that)): that.starts(with: this)
    case (.http(let method, let host, let path), .http(let laterMethod, let laterHost, let laterPath)):
      takes(method, laterMethod, ==) && takes(host, laterHost, isName) && takes(path, laterPath) { $1.hasPrefix($0) }
    case (.tls(let name, let alpn), .tls(let laterName, let laterALPN)): takes(name, laterName, isName) && takes(alpn, laterALPN, ==)
    case (.ldapBind(let dn), .ldapBind(let that)), (.ldapSearch(let dn), .ldapSearch(let that)): takes(dn, that, isBelow)
    case (.ldapStartTLS, .ldapStartTLS): true
    default: false
    }
  }

  /// - Parameter covers: whether the first text's rule takes all of the second's.
  private func takes(_ text: String?, _ later: String?, _ covers: (String, String) -> Bool) -> Bool {
    guard let text else { return true }
    return later.map { covers(text, $0) } ?? false
  }

  private func isName(_ name: String, _ later: String) -> Bool {
    let (name, later) = (Self.normal(name), Self.normal(later))
    return name == later || name.hasPrefix("*.") && later.hasSuffix(name.dropFirst())
  }

  /// As names are compared: small letters, and no dot at the end.
  private static func normal(_ name: String) -> String {
    let name = name.lowercased()
    return name.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
  }

  private func isBelow(_ dn: String, _ later: String) -> Bool {
    let (dn, later) = (DistinguishedName.parts(dn), DistinguishedName.parts(later))
    return later.suffix(dn.count) == dn[...]
  }
}

extension DistinguishedName {
  /// Its names, the highest last, as they are compared; none when it is empty.
  fileprivate static func parts(_ text: String) -> [[Int]] {
    let octets = Array(text.utf8)
    return octets.withUnsafeBytes { octets in
      guard let start = octets.baseAddress else { return [] }
      var name = DistinguishedName(start, count: octets.count)
      var parts: [[Int]] = [[]]
      while true {
        let octet = name.next()
        if octet < 0 { return parts }
        if octet == separator | Int(comma) { parts.append([]) } else { parts[parts.count - 1].append(octet) }
      }
    }
  }
}

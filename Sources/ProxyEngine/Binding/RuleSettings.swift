/// A rule as a user says it.
public struct RuleSettings: Sendable, Equatable {
  /// What the first request must be. All that is given must match.
  public enum Match: Sendable, Equatable {
    /// Anything, nothing too.
    case any
    /// It begins with these octets.
    case prefix([UInt8])
    /// HTTP/1.x. Host: a name, or `*.` and the end of one; path: how it begins.
    case http(method: String?, host: String?, path: String?)
    /// A TLS ClientHello. Server name: as a host; ALPN: a protocol that the client offers.
    case tls(serverName: String?, alpn: String?)
    /// An LDAP bind whose DN is this one or lies below it; any bind when there is none.
    case ldapBind(dn: String?)
    /// An LDAP search whose base is this DN or lies below it; any search when there is none. The proxy answers an anonymous bind before it.
    case ldapSearch(base: String?)
    /// An LDAP client that wants TLS before anything else.
    case ldapStartTLS
  }

  /// What becomes of a connection that matches.
  public enum Verdict: Sendable, Equatable {
    case group(Int)
    case target(Int)
    case reset
  }

  public var match: Match
  public var verdict: Verdict
  /// What a group with a consistent hash goes by. Nil: the client's address.
  public var key: PayloadKey?
  /// HTTP: the server is asked to close with its first response.
  public var closesAfterResponse: Bool

  public init(match: Match, verdict: Verdict, key: PayloadKey? = nil, closesAfterResponse: Bool = false) {
    self.match = match
    self.verdict = verdict
    self.key = key
    self.closesAfterResponse = closesAfterResponse
  }
}

/// A part of the first request that servers are chosen by.
public enum PayloadKey: String, Sendable, CaseIterable, BitwiseCopyable {
  /// HTTP: the host, without port.
  case host
  /// HTTP: the path, without query.
  case path
  /// TLS: the server's name.
  case serverName = "sni"
  /// LDAP: who binds.
  case bindDN = "bind_dn"
  /// LDAP: where the search begins.
  case baseDN = "base_dn"
}

/// Why rules cannot be used.
public struct RuleError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Which rule, from 1; 0: all of them.
  public let rule: Int
  public let text: String

  public var description: String { rule == 0 ? text : "rule \(rule): \(text)" }
}

extension RuleSettings {
  /// Octets as text in hexadecimal says them: pairs of digits, which spaces and colons may part. Nil: not so.
  public static func octets(hexadecimal text: String) -> [UInt8]? {
    var octets: [UInt8] = []
    var high: UInt8?
    for character in text.unicodeScalars {
      if high == nil, character == " " || character == ":" { continue }
      guard character.isASCII, let digit = Character(character).hexDigitValue else { return nil }
      if let first = high {
        octets.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    return high == nil ? octets : nil
  }
}

/// A rule in the form in which it is asked.
struct CompiledRule: BitwiseCopyable, @unchecked Sendable {
  enum Kind: UInt8, BitwiseCopyable {
    case any
    case prefix
    case http
    case tls
    case ldapBind
    case ldapSearch
    case ldapStartTLS
  }

  enum Verdict: UInt8, BitwiseCopyable {
    case group
    case target
    case reset
  }

  let kind: Kind
  let verdict: Verdict
  /// Of the group or target.
  let number: UInt16
  /// Names that a DN is made of.
  let depth: UInt16
  let key: PayloadKey?
  let closes: Bool
  /// Prefix, host, server name, or DN.
  let text: RuleText
  let method: RuleText
  /// Path or ALPN.
  let second: RuleText
}

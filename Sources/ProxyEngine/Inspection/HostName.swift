/// The name of a host as rules know it: case does not count (RFC 9110 4.2.3, RFC 6066 3), nor does the dot of the root at its end.
enum HostName {
  static func withoutRoot(_ text: StreamText) -> StreamText {
    guard text.count > 1, text.last == 0x2e else { return text }
    return text.prefix(text.count &- 1)
  }

  /// Whether a name (without root) is the rule's, or, where the rule's began with `*`, ends as the rule's does and is longer.
  @inline(__always)
  static func matches(_ name: StreamText, _ rule: RuleText) -> Bool {
    guard rule.isSuffix ? name.count > rule.count : name.count == rule.count else { return false }
    return name.ends(withLowercase: rule)
  }

  /// The same for all ways to write a name; 0 of an empty one.
  @inline(never)
  static func hash(_ name: StreamText) -> UInt32 {
    guard name.count > 0 else { return 0 }
    var hash = KeyHash()
    var octets = name.walk()
    for _ in 0..<name.count { hash.add(octets.next().lowercase) }
    return hash.value
  }
}

/// Whether a DN is another or lies below it.
enum DNSuffix {
  /// A DN that suffixes are compared with. Work: once over its octets when it is made, and once more for each number of names that suffixes have,
  /// as long as those with as many follow each other.
  struct Name: BitwiseCopyable {
    private let start: UnsafeRawPointer
    private let count: Int
    private let depth: Int
    /// Where the DN begins that is so many names above.
    private var above = 0
    private var ancestor = 0

    @inline(__always)
    init() {
      start = StreamText.none.start
      count = 0
      depth = 0
    }

    /// Of a text in one piece.
    init(_ text: StreamText) {
      start = text.start
      count = text.count
      depth = DistinguishedName.depth(text.start, count: text.count)
    }

    /// Whether it is a suffix of `depth` names, or below it.
    @inline(never)
    mutating func isBelow(_ suffix: RuleText, depth suffixDepth: Int) -> Bool {
      guard depth >= suffixDepth else { return false }
      if above != depth &- suffixDepth {
        above = depth &- suffixDepth
        ancestor = DistinguishedName.ancestor(start, count: count, above: above)
      }
      var own = DistinguishedName(start, count: count, from: ancestor)
      var other = DistinguishedName(suffix.start, count: suffix.count)
      while true {
        let octet = own.next()
        if octet != other.next() { return false }
        if octet < 0 { return true }
      }
    }

    /// The same for all ways to write a DN; 0 of an empty one.
    var hash: UInt32 {
      var octets = DistinguishedName(start, count: count)
      var octet = octets.next()
      guard octet >= 0 else { return 0 }
      var hash = KeyHash()
      while octet >= 0 {
        // A separator is told apart from the same character in a value.
        if octet > 0xff { hash.add(0) }
        hash.add(UInt8(truncatingIfNeeded: octet))
        octet = octets.next()
      }
      return hash.value
    }
  }

  /// Whether a DN is another or lies below it.
  static func matches(_ name: StreamText, _ suffix: RuleText) -> Bool {
    var name = Name(name)
    return name.isBelow(suffix, depth: DistinguishedName.depth(suffix.start, count: suffix.count))
  }
}

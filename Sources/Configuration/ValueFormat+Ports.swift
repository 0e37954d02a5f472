/// TCP ports: a number, or a text with numbers and ranges.
extension ValueFormat where Value == [ClosedRange<UInt16>] {
  /// Ports where the server role listens; the number 0 is none of them.
  static var tcpPorts: Self {
    ports(
      "a TCP port from 0 to 65,535, or a list of ports and ranges from 1 on (such as 80,8080,9000-9009), each port once", mayBeEmpty: true)
  }

  /// The same, but at least one.
  static var listeningPorts: Self {
    ports("a TCP port from 1 to 65,535, or a list of ports and ranges (such as 80,8080,9000-9009), each port once", mayBeEmpty: false)
  }

  private static func ports(_ meaning: String, mayBeEmpty: Bool) -> Self {
    Self(
      type: "integer or string", typeName: meaning,
      node: { text in wholeNumber(text).map(TOMLNode.integer) ?? .text(text) },
      decode: { (node) throws(Mismatch) in
        switch node {
        case .integer(let number):
          guard let port = UInt16(exactly: number), mayBeEmpty || port > 0 else { throw Mismatch(found: "\(number)", needed: meaning) }
          return port == 0 ? [] : [port...port]
        case .text(let text):
          guard let ranges = ranges(text) else { throw Mismatch(found: "'\(text)'", needed: meaning) }
          return ranges
        default: throw Mismatch(found: node.typeName, needed: "an integer or a string")
        }
      },
      literal: { ranges in
        if ranges.isEmpty { return "0" }
        if ranges.count == 1, ranges[0].count == 1 { return "\(ranges[0].lowerBound)" }
        let texts = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        return quoted(texts.joined(separator: ","))
      })
  }

  /// Nil: the text is no such list.
  private static func ranges(_ text: String) -> Value? {
    var ranges: Value = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
      guard (1...2).contains(ends.count), let first = wholeNumber(ends[0]).flatMap(UInt16.init(exactly:)),
        let last = wholeNumber(ends[ends.count - 1]).flatMap(UInt16.init(exactly:)), first > 0, first <= last
      else { return nil }
      let range = first...last
      guard !ranges.contains(where: { $0.overlaps(range) }) else { return nil }
      ranges.append(range)
    }
    return ranges
  }
}

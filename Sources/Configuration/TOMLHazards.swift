/// Finds what ends the process in the parser, instead of being refused: table headers whose name begins with what no key can begin with (`[.a]`,
/// `[[=]]`), a brace that closes an array (`[}`), line separators of Unicode's in an array, and keys of so many parts that tables within tables take all of the stack.
struct TOMLHazards {
  private let octets: [UInt8]
  private var at = 0
  /// What has opened the arrays and inline tables that are open.
  private var open: [UInt8] = []
  /// Dots since a key, or a value, could have begun.
  private var dots = 0

  private static let mostDots = 64

  private var reason: String {
    if dots > Self.mostDots { return "Error while parsing key: more than \(Self.mostDots) parts" }
    guard open.last == UInt8(ascii: "[") else { return "Error while parsing table header: expected a key" }
    let found = octet(at) == UInt8(ascii: "}") ? "'}'" : "what only strings and comments may have in them"
    return "Error while parsing array: expected a value or ']', saw \(found)"
  }

  /// Where the first of these is, by line and column, and what it is; nil: there is none before whatever else may be wrong.
  static func broken(_ text: String) -> (line: Int, column: Int, reason: String)? {
    var hazards = TOMLHazards(octets: Array(text.utf8))
    guard let place = hazards.broken() else { return nil }
    let before = hazards.octets[..<place]
    let lineStart = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    let column = String(decoding: hazards.octets[lineStart..<place], as: UTF8.self).unicodeScalars.count + 1
    return (before.count { $0 == newline } + 1, column, hazards.reason)
  }

  private init(octets: [UInt8]) {
    self.octets = octets
    // A byte order mark is no part of the first line.
    if octets.starts(with: [0xef, 0xbb, 0xbf]) { at = 3 }
  }

  /// What stands in `open` for a bracket of a header.
  private static let header = UInt8(ascii: "]")
  private static let newline = UInt8(ascii: "\n")

  private func octet(_ place: Int) -> UInt8? { place < octets.count ? octets[place] : nil }

  private mutating func broken() -> Int? {
    var isLineStart = true
    while let octet = octet(at) {
      switch octet {
      case Self.newline:
        isLineStart = true
        dots = 0
      case UInt8(ascii: " "), UInt8(ascii: "\t"): break
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if isLineStart, open.isEmpty, octet == UInt8(ascii: "[") {
          if let place = brokenHeader() { return place }
        } else {
          open.append(octet)
        }
        isLineStart = false
        dots = 0
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if octet == UInt8(ascii: "}"), open.last == UInt8(ascii: "[") { return at }
        _ = open.popLast()
        isLineStart = false
      case UInt8(ascii: "#"):
        skipLine()
        continue
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        skipString(octet)
        isLineStart = false
        continue
      case UInt8(ascii: "="), UInt8(ascii: ","):
        isLineStart = false
        dots = 0
      case UInt8(ascii: "."):
        isLineStart = false
        dots += 1
        if dots > Self.mostDots { return at }
      default:
        if octet > 127, open.last == UInt8(ascii: "[") { return at }
        isLineStart = false
      }
      at += 1
    }
    return nil
  }

  /// At the first bracket of a header; goes to the last octet before its name.
  private mutating func brokenHeader() -> Int? {
    var place = at + 1
    let isArray = octet(place) == UInt8(ascii: "[")
    if isArray { place += 1 }
    while let octet = octet(place), octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") { place += 1 }
    guard let first = octet(place) else { return nil }
    switch first {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "]"):
      break
    case UInt8(ascii: "[") where !isArray: break
    default: return place
    }
    // The brackets that close it are not of an array.
    open += [UInt8](repeating: Self.header, count: isArray ? 2 : 1)
    at = place - 1
    return nil
  }

  private mutating func skipLine() {
    while let octet = octet(at), octet != Self.newline { at += 1 }
  }

  /// From its first quote to behind its last.
  private mutating func skipString(_ quote: UInt8) {
    let isLong = octet(at + 1) == quote && octet(at + 2) == quote
    let isBasic = quote == UInt8(ascii: "\"")
    at += isLong ? 3 : 1
    while let octet = octet(at) {
      if isBasic, octet == UInt8(ascii: "\\") {
        at += 2
      } else if octet == quote, !isLong {
        at += 1
        return
      } else if octet == quote, self.octet(at + 1) == quote, self.octet(at + 2) == quote {
        at += 3
        // Up to two quotes before the last three are part of it.
        for _ in 0..<2 where self.octet(at) == quote { at += 1 }
        return
      } else if octet == Self.newline, !isLong {
        return
      } else {
        at += 1
      }
    }
  }
}

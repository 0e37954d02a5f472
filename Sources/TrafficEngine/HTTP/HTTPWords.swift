/// The words of HTTP/1.1 that matter here, matched letter by letter, in whatever pieces they arrive: candidates that do not have the letter
/// at its place drop out, and whoever is left when the word ends is the word.
struct HTTPWords: BitwiseCopyable, @unchecked Sendable {
  /// Words, a bit each.
  typealias Candidates = UInt16

  static var contentLength: Candidates { 1 }
  static var transferEncoding: Candidates { 2 }
  static var connection: Candidates { 4 }
  static var expect: Candidates { 8 }
  static var host: Candidates { 16 }
  static var names: Candidates { 31 }
  static var chunked: Candidates { 32 }
  static var close: Candidates { 64 }
  static var keepAlive: Candidates { 128 }
  static var continue100: Candidates { 256 }
  static var tokens: Candidates { 480 }
  static var get: Candidates { 512 }
  static var head: Candidates { 1_024 }
  static var post: Candidates { 2_048 }
  static var methods: Candidates { 3_584 }

  /// In the order of their bits. Methods alone are case-sensitive (RFC 9110 9.1).
  private static var texts: [String] {
    [
      "content-length", "transfer-encoding", "connection", "expect", "host", "chunked", "close", "keep-alive", "100-continue", "GET",
      "HEAD", "POST",
    ]
  }

  /// One more than the length of the longest word: no candidate gets there.
  static var longest: UInt8 { 18 }

  /// For each place, 256 octets: the words that have the octet there. After them, for each length, the words that are so long.
  private let table: UnsafePointer<Candidates>
  private static var lengths: Int { (Int(longest) &+ 1) &* 256 }

  /// Makes the table. It is never given back: workloads point to it as long as the process lives.
  init() {
    let table = UnsafeMutablePointer<Candidates>.allocate(capacity: Self.lengths + Int(Self.longest) + 1)
    table.initialize(repeating: 0, count: Self.lengths + Int(Self.longest) + 1)
    for (index, text) in Self.texts.enumerated() {
      let word: Candidates = 1 << Candidates(index)
      for (place, octet) in text.utf8.enumerated() {
        table[place * 256 + Int(octet)] |= word
        if word & Self.methods == 0, octet >= 0x61, octet <= 0x7a { table[place * 256 + Int(octet) - 32] |= word }
      }
      table[Self.lengths + text.utf8.count] |= word
    }
    self.table = UnsafePointer(table)
  }

  /// The candidates that have this octet at this place (at most `longest`).
  @inline(always)
  func narrowed(_ candidates: Candidates, _ place: UInt8, _ octet: UInt8) -> Candidates {
    candidates & table[Int(place) &* 256 &+ Int(octet)]
  }

  /// The candidates that end here.
  @inline(always)
  func ended(_ candidates: Candidates, _ length: UInt8) -> Candidates { candidates & table[Self.lengths &+ Int(length)] }
}

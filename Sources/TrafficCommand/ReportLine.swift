/// Lines of what people read, 80 columns wide.
enum ReportLine {
  static var width: Int { 80 }

  /// A name, a count, and what it counts; the text goes on below itself.
  static func named(_ name: String, _ value: UInt64, _ text: String) -> String {
    let head = "  \(name.left(23)) \(NumberText.grouped(value).right(13))  "
    return wrapped(text, after: head)
  }

  /// A sentence broken between words; a word that is wider than a line stays whole.
  ///
  /// - Parameter head: what the first line begins with; the others are indented as far.
  static func wrapped(_ text: String, after head: String = "") -> String {
    var lines = [""]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if head.count + line.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return head + lines.joined(separator: "\n" + String(repeating: " ", count: head.count))
  }
}

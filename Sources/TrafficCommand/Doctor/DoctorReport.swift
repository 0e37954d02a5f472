import Foundation

/// All findings, and what they come to.
struct DoctorReport: Encodable {
  let findings: [Finding]

  /// What is missing that the reference load needs.
  var lacks: [Finding] { findings.filter { $0.status == .missing && $0.isNeeded } }

  /// The reference load can run here.
  var isReady: Bool { lacks.isEmpty }

  enum CodingKeys: String, CodingKey {
    case ready
    case findings
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(isReady, forKey: .ready)
    try container.encode(findings, forKey: .findings)
  }

  /// As one JSON object.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// As lines of 80 columns at most; only a command is never broken.
  func text() -> String {
    var lines: [String] = []
    for finding in findings {
      let head = Self.padded(finding.status.rawValue, 9) + Self.padded(finding.topic, 15)
      let wrapped = Self.wrapped(finding.text, width: 80 - head.count)
      lines.append(head + wrapped[0])
      lines += wrapped.dropFirst().map { Self.padded("", head.count) + $0 }
      lines += finding.commands.map { Self.padded("", 9) + "$ " + $0 }
    }
    lines.append("")
    lines += Self.wrapped(conclusion, width: 80)
    return lines.joined(separator: "\n")
  }

  private var conclusion: String {
    if isReady { return "The reference load can run here." }
    return "The reference load cannot run here, for want of: \(lacks.map(\.topic).joined(separator: ", "))."
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Lines of whole words; at least one.
  private static func wrapped(_ text: String, width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

import Configuration
import Foundation
import Testing

/// Files as users write them with mistakes, and those that `make fuzz` has found to reach something of their own.
@Suite struct ConfigurationReplayTests {
  private static func texts(in directory: String, ending: String = "") throws -> [String] {
    let files = try FileManager.default.contentsOfDirectory(at: Repository.root.appending(path: directory), includingPropertiesForKeys: nil)
    return try files.filter { $0.lastPathComponent.hasSuffix(ending) }.sorted { $0.path < $1.path }.map {
      String(decoding: try Data(contentsOf: $0), as: UTF8.self)
    }
  }

  @Test func corpusIsTakenWell() throws {
    let texts = try Self.texts(in: "Tests/Corpus/configuration")
    #expect(texts.count >= 10, "the corpus is gone")
    for text in texts { #expect(ConfigurationProperty.problem(text) == nil, "\(text)") }
  }

  /// What looks like a broken header is none in a string, a comment or an array.
  @Test(arguments: [
    "a = \"\"\"\n[.x]\n\\\"[=]\"\"\"\"\"\n[b]\nc = 1", "a = '''\n[.x]\n'' [=]\n'''\n[b]\nc = 1",
    "a = [\n [\"[\"], # [.\n ['['],\n]\n[ \"b\" ]\nc = 1", "# [.a]\n[[b]] # [.c]\nc = { d = [ {e = \"]\"} ] }\n  ['.'.f]",
  ])
  func whatIsNoHeaderIsLeftAlone(_ text: String) {
    let error = #expect(throws: ConfigurationError.self) { try Configuration.parse(text, name: "f.toml") }
    #expect(error?.description.contains("is not a known key") == true, "\(error?.description ?? "")")
  }

  /// The examples with one to three slips: a line lost, doubled, moved into another table, its value that of another one, a letter changed.
  @Test(arguments: 1...8) func slipsAreTakenWell(_ seed: UInt64) throws {
    let examples = try Self.texts(in: "Examples", ending: ".toml").map { $0.split(separator: "\n", omittingEmptySubsequences: false) }
    #expect(examples.count >= 5)
    let all = examples.joined().filter { $0.contains("=") }
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    func below(_ bound: Int) -> Int {
      state = (state ^ state >> 31) &* 0xbf58_476d_1ce4_e5b9 &+ 0x94d0_49bb_1331_11eb
      return Int((state >> 33) % UInt64(bound))
    }
    for _ in 0..<60 {
      var lines = examples[below(examples.count)]
      for _ in 0...below(3) {
        let place = below(lines.count)
        let other = all[below(all.count)]
        switch below(6) {
        case 0: lines.remove(at: place)
        case 1: lines.insert(lines[place], at: below(lines.count))
        case 2: lines.insert(other, at: place)
        case 3:
          if let key = lines[place].split(separator: "=").first, let value = other.split(separator: "=", maxSplits: 1).last {
            lines[place] = "\(key)=\(value)"
          }
        case 4:
          var scalars = Array(lines[place].unicodeScalars)
          if !scalars.isEmpty { scalars[below(scalars.count)] = ["\"", "0", "-", "x", "[", "\u{7}", "é", "."][below(8)] }
          lines[place] = Substring(String(String.UnicodeScalarView(scalars)))
        default: lines[place] = lines[place].prefix(below(lines[place].count + 1))
        }
      }
      let text = lines.joined(separator: "\n")
      #expect(ConfigurationProperty.problem(text) == nil, "\(text)")
    }
  }
}

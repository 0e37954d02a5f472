import Foundation
import TCPEngine
import Testing

@testable import TrafficCommand

/// Every name that a script can meet in a report is explained in Documentation/Report.md, with the program's own words.
@Suite struct ReportDocumentationTests {
  private static let page: String = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return (try? String(contentsOf: root.appendingPathComponent("Documentation/Report.md"), encoding: .utf8)) ?? ""
  }()

  private func expect(_ key: String, _ text: String) { #expect(Self.page.contains("| `\(key)` | \(text) |"), "\(key)") }

  @Test func everyNameIsExplained() {
    for name in Outcome.allCases { expect(name.key, name.text) }
    for name in SegmentCounter.allCases { expect(name.key, name.text) }
    for name in DropReason.allCases { expect(name.key, name.text) }
    for name in Latency.allCases { expect(name.key, name.text) }
    for name in HTTPCounter.allCases { expect(name.key, name.text) }
    for name in WorkerGauge.allCases { expect(name.key, name.text) }
    for name in Anomaly.counted { expect(name.key, name.text) }
  }

  @Test func noNameIsExplainedThatIsNotThere() {
    let known =
      Outcome.allCases.map(\.key) + SegmentCounter.allCases.map(\.key) + DropReason.allCases.map(\.key) + Latency.allCases.map(\.key)
      + WorkerGauge.allCases.map(\.key) + HTTPCounter.allCases.map(\.key) + Anomaly.counted.map(\.key)
    let names = Self.page.components(separatedBy: "## Outcomes")[1].split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(names.count == known.count)
    for name in names { #expect(known.contains(String(name.split(separator: "`")[1])), "\(name)") }
  }
}

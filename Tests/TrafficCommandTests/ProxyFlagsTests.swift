import ArgumentParser
import Configuration
import Testing

@testable import TrafficCommand

@Suite struct ProxyFlagsTests {
  @Test func everyKeyHasItsFlags() throws {
    let keys = ProxyKey.all.filter { $0.type != "boolean" && !$0.flags.isEmpty }.sorted { $0.flags[0] < $1.flags[0] }
    let values = keys.indices.map { "-\($0)" }
    let words = zip(keys, values).flatMap { [$0.flags[0], $1] }
    let arrived = try ProxyFlags.parse(words).overrides().sorted { $0.flag < $1.flag }
    #expect(arrived == zip(keys, values).map { Override($0.flags[0], $1) })
  }

  @Test func everyFlagHasItsKey() {
    let known = Set(ProxyKey.all.flatMap(\.flags) + [Override.targetFlag])
    let lines = ProxyFlags.helpMessage(columns: 400).split(separator: "\n").filter { $0.hasPrefix("  -") && !$0.hasPrefix("  -h") }
    let shown = lines.flatMap { line in
      line.dropFirst(2).prefix { $0 != "<" && $0 != "[" }.split(separator: ",").map { word in
        String(word.drop { $0 == " " }.prefix { $0 != " " })
      }
    }
    #expect(Set(shown) == known)
  }
}

import ArgumentParser
import Configuration
import Testing

@testable import TrafficCommand

@Suite struct SettingsFlagsTests {
  /// What arrives for these words, in a fixed order.
  private func overrides(_ words: [String]) throws -> [Override] {
    try SettingsFlags.parse(words).overrides().sorted { $0.flag < $1.flag }
  }

  /// All flags at once, as each parse takes long without optimisation. Whether a value arrives does not depend on what it is: each is told
  /// apart from the others', and looks like a flag.
  @Test func everyKeyHasItsFlags() throws {
    let keys = SettingsKey.all.filter { $0.type != "boolean" }.sorted { $0.flags[0] < $1.flags[0] }
    let values = keys.indices.map { "-\($0)" }
    let expected = zip(keys, values).map { Override($0.flags[0], $1) }
    #expect(try overrides(zip(keys, values).flatMap { [$0.flags[0], $1] }) == expected)
    #expect(try overrides(zip(keys, values).flatMap { [$0.flags[$0.flags.count - 1], $1] }) == expected)
    #expect(keys.allSatisfy { $0.flags.count <= 2 })
  }

  @Test func booleansAreAlsoPlainFlags() throws {
    let flags = SettingsKey.all.filter { $0.type == "boolean" }.map { $0.flags[0] }.sorted()
    #expect(flags.count == 7)
    #expect(try overrides(flags) == flags.map { Override($0, "true") })
    #expect(try overrides(flags.flatMap { [$0, "false"] }) == flags.map { Override($0, "false") })
    #expect(try overrides(flags.map { "--no-" + $0.dropFirst(2) }) == flags.map { Override($0, "false") })
  }

  @Test func everyFlagHasItsKey() {
    let known = Set(SettingsKey.all.flatMap(\.flags) + [Override.targetFlag])
    let lines = SettingsFlags.helpMessage(columns: 400).split(separator: "\n").filter { $0.hasPrefix("  -") && !$0.hasPrefix("  -h") }
    let shown = lines.flatMap { line in
      line.dropFirst(2).prefix { $0 != "<" && $0 != "[" }.split(separator: ",").map { word in
        String(word.drop { $0 == " " }.prefix { $0 != " " })
      }
    }
    #expect(Set(shown) == known)
  }

  @Test func repeatedFlagsKeepTheirOrder() throws {
    let flags = try SettingsFlags.parse(["--target", "10.0.0.1:80", "--port", "memory", "--target", "10.0.0.1:81", "--port", "8080"])
    #expect(
      flags.overrides() == [
        Override("--target", "10.0.0.1:80"), Override("--target", "10.0.0.1:81"), Override("--port", "memory"), Override("--port", "8080"),
      ])
  }

  @Test func noFlagNoOverride() throws {
    #expect(try SettingsFlags.parse([]).overrides().isEmpty)
  }

  @Test func helpSaysUnitDefaultAndRange() {
    let help = SettingsFlags.helpMessage(columns: 400)
    #expect(help.contains("(connections/s, from 0 to 100,000,000; default: 0)"))
  }

  @Test func aForgottenValueIsNoticed() throws {
    let overrides = try SettingsFlags.parse(["--cps-limit", "--max-open"]).overrides()
    let error = #expect(throws: ConfigurationError.self) { try Configuration.load(file: nil, overrides: overrides) }
    #expect(error?.description == "--cps-limit: its value is missing before '--max-open', add it")
  }
}

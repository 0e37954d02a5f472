import Configuration
import Foundation
import TCPEngine
import Testing

@Suite struct DocumentationTests {
  private static func load(_ example: String) throws -> TrafficSettings {
    try Configuration.load(file: Repository.root.appendingPathComponent("Examples/\(example).toml").path)
  }

  @Test func everyExampleLoads() throws {
    let examples = try Repository.examples { !$0.hasPrefix("proxy-") }
    #expect(examples.count >= 6)
    for example in examples { _ = try Self.load(example) }
  }

  @Test func theReferenceIsTheDefaultWithEveryKey() throws {
    var reference = try Self.load("reference")
    #expect(reference.cores == [0])
    reference.cores = []
    let defaults = try Configuration.load(file: nil)
    #expect(reference == defaults)
    let lines = try Repository.text("Examples/reference.toml").split(separator: "\n")
    for key in SettingsKey.all {
      #expect(lines.contains { $0.hasPrefix("\(key.name) = ") || $0.hasPrefix("# \(key.name) = ") }, "\(key.path)")
    }
  }

  @Test func examplesSetWhatTheyAreNamedFor() throws {
    #expect(try Self.load("paced").engine.cpsLimit == 50_000)
    #expect(try Self.load("paced").engine.duration == 5_000_000_000)
    #expect(try Self.load("idle-million").engine.maxOpen == 1_000_000)
    #expect(try Self.load("two-cores").cores == [0, 1])
    #expect(try Self.load("faulty-wire").faults.corrupt > 0)
    #expect(try Self.load("many-payloads").engine.finByClient > 1)
  }

  @Test func theTableOfKeysIsCurrent() throws {
    #expect(try Repository.text("Documentation/Configuration.md").contains("\n\n" + SettingsKey.markdownTable + "\n"))
  }

  @Test func keysAndFlagsAreUnique() {
    let paths = SettingsKey.all.map(\.path)
    let flags = SettingsKey.all.flatMap(\.flags) + [Override.targetFlag]
    #expect(Set(paths).count == paths.count)
    #expect(Set(flags).count == flags.count)
  }
}

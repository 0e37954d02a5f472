import Configuration
import Foundation
import Testing

@Suite struct FileTests {
  private func sentence(_ path: String) -> String? {
    #expect(throws: ConfigurationError.self) { try Configuration.load(file: path) }?.description
  }

  private func withFile(_ content: Data, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).toml").path
    try content.write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test func missing() {
    #expect(sentence("/nowhere/run.toml") == "/nowhere/run.toml: there is no such file, check its name")
    #expect(sentence("") == "command line: the configuration file's name is empty, give a name or leave it out")
  }

  @Test func directory() {
    #expect(sentence("/tmp") == "/tmp: is a directory, give a file in it")
  }

  /// A process's own memory is a file that even root cannot read from its beginning.
  @Test func unreadable() {
    #expect(sentence("/proc/self/mem") == "/proc/self/mem: cannot be read (Input/output error), check the file and its permissions")
    #expect(
      sentence("/etc/hostname/run.toml") == "/etc/hostname/run.toml: cannot be read (Not a directory), check the file and its permissions")
  }

  @Test func endless() {
    #expect(sentence("/dev/zero") == "/dev/zero: is larger than 1 MiB, this is no configuration file")
  }

  @Test func notText() throws {
    try withFile(Data([0x61, 0xff, 0x3d])) { path in #expect(sentence(path) == "\(path): is not UTF-8 text, save it in UTF-8") }
    try withFile(Data([0x61, 0x00, 0x3d])) { path in
      #expect(sentence(path) == "\(path): has a zero octet in it, this is no TOML file")
    }
  }

  @Test func emptyIsAllDefaults() throws {
    try withFile(Data()) { path in
      let (empty, defaults) = (try Configuration.load(file: path), try Configuration.load(file: nil))
      #expect(empty == defaults)
    }
  }

  @Test func mistakesNameTheFile() throws {
    try withFile(Data("test_sise = 5".utf8)) { path in
      #expect(sentence(path) == "\(path): test_sise is not a known key, did you mean 'test_size'?")
    }
  }

  /// Whatever they are called, and whether or not they are there yet.
  @Test func filesThatAreWrittenAreDifferentOnes() throws {
    let manager = FileManager.default
    let directory = manager.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try manager.createDirectory(atPath: directory + "/d", withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: directory) }
    let (file, link) = (directory + "/run.toml", directory + "/link")
    try manager.createSymbolicLink(atPath: link, withDestinationPath: directory)
    func outputs(_ json: String, _ pcap: String) throws -> String? {
      try Data("[output]\njson = \"\(directory)/\(json)\"\npcap = \"\(directory)/\(pcap)\"".utf8).write(to: URL(fileURLWithPath: file))
      do { _ = try Configuration.load(file: file) } catch { return error.problem.replacing(directory, with: "") }
      return nil
    }
    func one(_ first: String, _ second: String) -> String {
      "output.json is '/\(first)' and output.pcap is '/\(second)', and these are one file: give them different names"
    }
    #expect(try outputs("a", "./a") == one("a", "./a"))
    #expect(try outputs("d/a", "link/d//a") == one("d/a", "link/d//a"))
    #expect(try outputs("a", "d/a") == nil && outputs("none/a", "a") == nil)
    #expect(
      try outputs("d/../run.toml", "a")
        == "output.json is '/d/../run.toml', which is this file and would be overwritten: give it another name")
    // Links to what is not there yet.
    try manager.createSymbolicLink(atPath: directory + "/b", withDestinationPath: "c")
    try manager.createSymbolicLink(atPath: directory + "/c", withDestinationPath: directory + "/a")
    try manager.createSymbolicLink(atPath: directory + "/round", withDestinationPath: "round")
    #expect(try outputs("a", "b") == one("a", "b"))
    #expect(try outputs("link/b", "c") == one("link/b", "c"))
    #expect(try outputs("b", "d/a") == nil && outputs("round", "b") == nil)
    try Data().write(to: URL(fileURLWithPath: directory + "/a"))
    #expect(try outputs("a", "link/a") == one("a", "link/a"))
    // Devices take what comes.
    try Data("[output]\njson = \"/dev/null\"\npcap = \"/dev/../dev/null\"".utf8).write(to: URL(fileURLWithPath: file))
    #expect(throws: Never.self) { try Configuration.load(file: file) }
  }
}

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
}

import Foundation
import Testing

@testable import TrafficCommand

@Suite struct OutputFileTests {
  private func write(_ text: String, _ file: OutputFile) {
    #expect(Array(text.utf8).withUnsafeBytes { file.write($0) }.errorNumber == 0)
  }

  @Test func whatIsWrittenTakesThePlaceOfWhatWasThere() throws {
    let directory = try TestDirectory()
    try directory.write("longer than before", to: "there")
    for name in ["there", "new"] {
      let file = try OutputFile(path: directory.file(name))
      write("a", file)
      write("b", file)
      #expect(file.finish() == 0)
      #expect(try directory.octets(name) == Array("ab".utf8))
    }
  }

  /// A run that could not start.
  @Test func whatIsNeverWrittenSpoilsNothing() throws {
    let directory = try TestDirectory()
    try directory.write("the last run's", to: "there")
    for name in ["there", "new"] {
      let file = try OutputFile(path: directory.file(name))
      #expect(FileManager.default.fileExists(atPath: file.path))
      #expect(file.finish() == 0)
    }
    #expect(try directory.octets("there") == Array("the last run's".utf8))
    #expect(!FileManager.default.fileExists(atPath: directory.file("new")))
    do { _ = try OutputFile(path: directory.file("forgotten")) }
    #expect(!FileManager.default.fileExists(atPath: directory.file("forgotten")))
  }

  @Test func aLinkToWhatIsNotThereYet() throws {
    let directory = try TestDirectory()
    try FileManager.default.createSymbolicLink(atPath: directory.file("link"), withDestinationPath: directory.file("target"))
    let file = try OutputFile(path: directory.file("link"))
    write("a", file)
    #expect(file.finish() == 0)
    #expect(try directory.octets("target") == [97])
  }
}

import Foundation

/// A directory of its own for a test's files; gone with it.
final class TestDirectory {
  let path = FileManager.default.temporaryDirectory.path + "/tcpengine-" + UUID().uuidString

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func octets(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file(name)))) }

  /// Writes a file, and creates the directories it lies in.
  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  func write(_ octets: [UInt8], to name: String) throws {
    let url = URL(fileURLWithPath: file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(octets).write(to: url)
  }

  /// What is written to the descriptor that `body` is given, and what it returns.
  func output<Result>(_ body: (Int32) throws -> Result) throws -> (text: String, result: Result) {
    let name = "output-" + UUID().uuidString
    let descriptor = open(file(name), O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    let result = try body(descriptor)
    return (String(decoding: try octets(name), as: UTF8.self), result)
  }
}

/// A channel at a fixed address.
func allocated<Channel: ~Copyable>(_ channel: consuming Channel) -> UnsafeMutablePointer<Channel> {
  let place = UnsafeMutablePointer<Channel>.allocate(capacity: 1)
  place.initialize(to: channel)
  return place
}

func release<Channel: ~Copyable>(_ place: UnsafeMutablePointer<Channel>) {
  place.deinitialize(count: 1)
  place.deallocate()
}

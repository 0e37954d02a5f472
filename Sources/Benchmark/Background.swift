import Foundation

/// A program that runs beside what is measured, until it is told to end.
final class Background {
  private let process = Process()
  private let output: URL
  private let words: URL
  private let command: String

  /// Starts it.
  init(_ program: String, _ arguments: [String]) throws {
    command = ([program] + arguments).joined(separator: " ")
    let place = FileManager.default.temporaryDirectory.appending(path: "trafficbench-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    (output, words) = (place.appendingPathExtension("out"), place.appendingPathExtension("err"))
    for file in [output, words] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: words)
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw BenchError("\(program) does not start; run make build first") }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for file in [output, words] { try? FileManager.default.removeItem(at: file) }
  }

  /// What it has said so far.
  var said: String { (try? String(contentsOf: words, encoding: .utf8)) ?? "" }

  /// Peak resident memory plus reserved huge pages.
  var memory: Int { Child.memory(of: process.processIdentifier) }

  /// Waits until a condition holds.
  ///
  /// - Throws: BenchError when it does not within `limit` seconds, or the program has ended.
  func wait(_ limit: Double, until holds: () -> Bool) throws {
    let clock = ContinuousClock()
    let start = clock.now
    while !holds() {
      guard process.isRunning else { throw BenchError("it ended too early (\(lastWords)): \(command)") }
      guard clock.now - start < .seconds(limit) else { throw BenchError("not ready after \(Int(limit)) s: \(command)") }
      usleep(20_000)
    }
  }

  /// Ends it as Ctrl-C does. Returns what it printed, and the seconds until it had ended.
  func interrupt(limit: Double = 60) throws -> (document: JSONDocument, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    kill(process.processIdentifier, SIGINT)
    while process.isRunning, clock.now - start < .seconds(limit) { usleep(5_000) }
    guard !process.isRunning else { throw BenchError("not ended \(Int(limit)) s after SIGINT: \(command)") }
    return (try document(), (clock.now - start) / .seconds(1))
  }

  /// Waits for its own end. Returns what it printed.
  func end(within limit: Double) throws -> JSONDocument {
    let clock = ContinuousClock()
    let start = clock.now
    while process.isRunning, clock.now - start < .seconds(limit) { usleep(5_000) }
    guard !process.isRunning else { throw BenchError("not ended after \(Int(limit)) s: \(command)") }
    return try document()
  }

  private func document() throws -> JSONDocument {
    guard let document = try? JSONDocument(Data(contentsOf: output)) else { throw BenchError("no report (\(lastWords)): \(command)") }
    return document
  }

  private var lastWords: String { said.split(separator: "\n").last.map(String.init) ?? "it said nothing" }
}

import Foundation

/// A run of a program to its end, within a time.
struct Child {
  /// What it printed.
  var document: JSONDocument
  var seconds: Double
  /// The most memory it had at once, in octets: resident, and on reserved huge pages.
  var peakMemory = 0
  let exitCode: Int32

  /// Runs `program` and reads the JSON it prints.
  ///
  /// - Parameters:
  ///   - tolerates: the largest exit code that is no failure.
  ///   - memoryUntil: seconds after which its memory is not looked at any more.
  /// - Throws: BenchError when the program does not end within `limit` seconds, fails, or prints no JSON.
  init(_ program: String, _ arguments: [String], limit: Double = 120, tolerates: Int32 = 0, memoryUntil: Double = 1_000_000) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = FileManager.default.temporaryDirectory.appending(path: "trafficbench-\(getpid())")
    let words = output.appendingPathExtension("err")
    for file in [output, words] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    defer { for file in [output, words] { try? FileManager.default.removeItem(at: file) } }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: words)
    process.standardInput = FileHandle.nullDevice

    let command = ([program] + arguments).joined(separator: " ")
    let clock = ContinuousClock()
    let start = clock.now
    do { try process.run() } catch { throw BenchError("\(program) does not start; run make build first") }
    while process.isRunning {
      if clock.now - start < .seconds(memoryUntil) { peakMemory = max(peakMemory, Self.memory(of: process.processIdentifier)) }
      if clock.now - start > .seconds(limit) {
        kill(process.processIdentifier, SIGKILL)
        throw BenchError("not ended after \(Int(limit)) s: \(command)")
      }
      usleep(20_000)
    }
    exitCode = process.terminationStatus
    seconds = (clock.now - start) / .seconds(1)
    guard process.terminationReason == .exit, process.terminationStatus <= tolerates else {
      let said = (try? String(contentsOf: words, encoding: .utf8))?.split(separator: "\n").last ?? "it said nothing"
      throw BenchError("exit code \(exitCode) (\(said)): \(command)")
    }
    guard let document = try? JSONDocument(Data(contentsOf: output)) else { throw BenchError("no JSON on its standard output: \(command)") }
    self.document = document
  }

  /// A number of what it printed.
  func number(_ path: String) throws -> Double {
    guard let number = document.number(path) else { throw BenchError("its report has no \(path)") }
    return number
  }

  /// Peak resident memory plus reserved huge pages; 0 when the process is gone.
  static func memory(of process: pid_t) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return 0 }
    var kilobytes = 0
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") || line.hasPrefix("HugetlbPages:") {
      kilobytes += line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }
    return kilobytes * 1024
  }
}

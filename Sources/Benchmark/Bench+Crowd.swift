import Foundation

/// Ten million connections at a time, both ends in one process; then Ctrl-C.
extension Bench {
  private static var size: Int { 10_000_000 }
  /// What it takes, in octets, and some more.
  private static var memoryNeeded: Int { 4 << 30 }

  func crowd() -> [Row] {
    let rows = [
      Row(name: "10,000,000 connections, all memory", unit: "octets/end", digits: 1, target: "at most 112"),
      Row(name: "opening the last million to the first", unit: "", digits: 3, target: "at least 0.5"),
      Row(name: "10,000,000 connections, Ctrl-C to report", unit: "s", digits: 1, target: "at most 10"),
    ]
    guard let available = Self.availableMemory, available >= Self.memoryNeeded else {
      return rows.map { Row(name: $0.name, unit: $0.unit, remark: "less than 4 GiB of memory are free") }
    }
    // Once is enough: it takes a minute, and 2.5 GiB.
    return fill(rows, rounds: 1) { rows in
      let crowd = try Background(
        engine,
        [
          "run", "--json", "-", "--cores", "\(core)", "--test-size", "\(Self.size)", "--max-open", "\(Self.size)", "--pool-size", "3328",
          "--clients", "10.0.0.2-10.0.15.255", "--payload-size", "0", "--fin-by-client", "0", "--fin-by-server", "0",
          "--timeouts-established", "3600000",
        ])
      try crowd.wait(300) { Self.opened(crowd.said).last.map { $0.open >= Double(Self.size) } ?? false }
      let lines = Self.opened(crowd.said)
      let memory = crowd.memory
      let end = try crowd.interrupt()
      guard end.document.text("balanced") == "true" else { throw BenchError("the sums do not balance") }
      rows[0].values.append(Double(memory) / Double(2 * Self.size))
      let first = try Self.time(1e6, lines)
      rows[1].values.append(first / (try Self.time(1e7, lines) - (try Self.time(9e6, lines))))
      rows[2].values.append(end.seconds)
    }
  }

  /// Seconds and connections open, of each line of the live view.
  private static func opened(_ text: String) -> [(seconds: Double, open: Double)] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 9, words[0].hasSuffix("s"), let seconds = Double(words[0].dropLast()), let open = number(words[1]) else {
        return nil
      }
      return (seconds, open)
    }
  }

  private static func number(_ word: Substring) -> Double? {
    switch word.last {
    case "k": Double(word.dropLast()).map { $0 * 1e3 }
    case "M": Double(word.dropLast()).map { $0 * 1e6 }
    default: Double(word)
    }
  }

  /// When so many were open, between the lines.
  private static func time(_ open: Double, _ lines: [(seconds: Double, open: Double)]) throws -> Double {
    guard let after = lines.firstIndex(where: { $0.open >= open }) else { throw BenchError("never were \(Int(open)) connections open") }
    let before = after == 0 ? (seconds: 0, open: 0) : lines[after - 1]
    let share = (open - before.open) / (lines[after].open - before.open)
    return before.seconds + share * (lines[after].seconds - before.seconds)
  }

  private static var availableMemory: Int? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
  }
}

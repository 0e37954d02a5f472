import Foundation

/// A number of huge pages of 2 MiB that are reserved while something is measured; afterwards there are as many as before.
struct HugePages {
  private static let file = "/proc/sys/vm/nr_hugepages"
  private let before: Int

  /// Nil when that number is not to be had; the reservation is then as before.
  init?(exactly count: Int) {
    guard let before = Self.reserved else { return nil }
    self.before = before
    if before == count { return }
    guard Self.reserve(count), Self.reserved == count else {
      restore()
      return nil
    }
  }

  func restore() {
    if Self.reserved != before { _ = Self.reserve(before) }
  }

  private static var reserved: Int? {
    (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private static func reserve(_ count: Int) -> Bool {
    guard let handle = FileHandle(forWritingAtPath: file) else { return false }
    defer { try? handle.close() }
    return (try? handle.write(contentsOf: Data("\(count)\n".utf8))) != nil
  }
}

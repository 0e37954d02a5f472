import Glibc

/// The files in which Linux describes the machine and this process. Read only; what is not there is nil or empty.
struct MachineFiles: Sendable {
  /// The directory that `/proc`, `/sys` and `/usr` lie in: "/", but for tests.
  private let root: String

  init(root: String = "/") { self.root = root.hasSuffix("/") ? root : root + "/" }

  /// A file's text.
  func text(_ path: String) -> String? {
    guard let file = fopen(root + path, "r") else { return nil }
    defer { fclose(file) }
    var octets: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { break }
      octets += piece[..<count]
    }
    return String(decoding: octets, as: UTF8.self)
  }

  /// A file's first line.
  func line(_ path: String) -> String? {
    text(path).map { String($0.prefix { $0 != "\n" }) }
  }

  /// A file that holds one number.
  func number(_ path: String) -> Int? { line(path).flatMap { Int($0) } }

  /// The value of the first line `name : value` of a file.
  func value(_ name: String, in path: String) -> String? {
    for line in text(path)?.split(separator: "\n") ?? [] where line.hasPrefix(name) {
      let rest = line.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }
      if rest.first == ":" { return String(rest.dropFirst().drop { $0 == " " || $0 == "\t" }) }
    }
    return nil
  }

  /// What a directory contains, in order.
  func names(_ path: String) -> [String] {
    guard let directory = opendir(root + path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

import Foundation

/// The files that tests compare with.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Names of configuration files in Examples, without `.toml`, in order.
  static func examples(where isMeant: (String) -> Bool) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Examples").path)
      .filter { $0.hasSuffix(".toml") }.map { String($0.dropLast(".toml".count)) }.filter(isMeant).sorted()
  }
}

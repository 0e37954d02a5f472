import ArgumentParser
import Configuration

extension ArgumentHelp {
  /// What the proxy's table says of a key, for `--help`.
  static func proxyKey(_ path: String) -> ArgumentHelp {
    guard let key = ProxyKey.all.first(where: { $0.path == path }) else { preconditionFailure("no key \(path)") }
    return .key(key)
  }

  /// What the generator's table says of a key.
  static func key(_ path: String) -> ArgumentHelp {
    guard let key = SettingsKey.named(path) else { preconditionFailure("no key \(path)") }
    return .key(key)
  }

  private static func key<Root: KeyedSettings>(_ key: Key<Root>) -> ArgumentHelp {
    let unit = key.unit.isEmpty ? "" : key.unit + ", "
    let inversion = key.type == "boolean" ? "; --no-\(key.flags[0].dropFirst(2)) for false" : ""
    return ArgumentHelp("\(key.summary) (\(unit)\(key.range)\(inversion); default: \(key.defaultText))", valueName: "value")
  }
}

import ArgumentParser
import Configuration

/// Flags that set keys. A property's name is its flag's, so that no second list of flags is needed to find out which were given.
protocol FlagGroup: ParsableArguments {}

extension FlagGroup {
  /// The flags that were given, each with its value.
  func overrides() -> [Override] {
    Mirror(reflecting: self).children.flatMap { child in
      Self.overrides(Self.flag(child.label ?? ""), child.value)
    }
  }

  private static func overrides(_ flag: String, _ property: Any) -> [Override] {
    switch property {
    case let option as Option<String?>: option.wrappedValue.map { [Override(flag, $0)] } ?? []
    case let option as Option<[String]>: option.wrappedValue.map { Override(flag, $0) }
    case let inversion as Flag<Bool>: inversion.wrappedValue ? [Override(flag.replacing("--no-", with: "--"), "false")] : []
    default: []
    }
  }

  /// `--cps-limit` for the property wrapper's storage, `_cpsLimit`.
  private static func flag(_ label: String) -> String {
    "--" + label.drop { $0 == "_" }.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
  }
}

extension ArgumentHelp {
  /// What the key's table says of it, for `--help`.
  static func key(_ path: String) -> ArgumentHelp {
    guard let key = SettingsKey.named(path) else { preconditionFailure("no key \(path)") }
    let unit = key.unit.isEmpty ? "" : key.unit + ", "
    let inversion = key.type == "boolean" ? "; --no-\(key.flags[0].dropFirst(2)) for false" : ""
    return ArgumentHelp("\(key.summary) (\(unit)\(key.range)\(inversion); default: \(key.defaultText))", valueName: "value")
  }
}

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

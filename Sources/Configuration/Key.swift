import TCPEngine

/// A key of the configuration: all that is known of it, in one place.
///
/// Reading a file, reading a flag, printing and documenting all go by it. `Root` is what the key is a part of.
public struct Key<Root: Sendable>: Sendable {
  /// Its section and name: "engine.cps_limit".
  public let path: String
  /// Other names that a file may use, in the same section.
  public let aliases: [String]
  /// Its flags, hyphens included, the one that documentation uses first; none for a key that no flag sets.
  public let flags: [String]
  /// "integer", "boolean", ...
  public let type: String
  /// What a value counts; "" without one.
  public let unit: String
  /// The values allowed, in words.
  public let range: String
  /// What it does, in a sentence.
  public let summary: String
  /// What holds while the key is left out, for a key whose default has no literal; else "".
  public let absence: String
  let decode: @Sendable (TOMLNode, inout Root) throws(Mismatch) -> Void
  let parse: @Sendable (String, inout Root) throws(Mismatch) -> Void
  let literal: @Sendable (Root) -> String?

  /// The path without the name; "" at the top level.
  public var section: String { path.lastIndex(of: ".").map { String(path[..<$0]) } ?? "" }

  /// The path's last part.
  public var name: String { path.split(separator: ".").last.map(String.init) ?? path }

  /// Its name and its other names.
  var names: [String] { [name] + aliases }
}

extension Key {
  init<Value>(
    _ path: String, _ property: WritableKeyPath<Root, Value> & Sendable, _ format: ValueFormat<Value>, _ summary: String,
    aliases: [String] = [], flags: [String], absence: String = ""
  ) {
    self.init(
      path: path, aliases: aliases, flags: flags, type: format.type, unit: format.unit,
      range: format.range.isEmpty ? format.typeName : format.range, summary: summary, absence: absence,
      decode: { (node, root) throws(Mismatch) in root[keyPath: property] = try format.decode(node) },
      parse: { (text, root) throws(Mismatch) in root[keyPath: property] = try format.parse(text) },
      literal: { format.literal($0[keyPath: property]) })
  }
}

/// Settings that a file and flags set, key by key.
public protocol KeyedSettings: Sendable {
  /// All defaults.
  init()
  /// All keys, section by section, but those of entries of which a file may have several.
  static var keys: [Key<Self>] { get }
}

/// A key that a file and the command line can set for a run.
public typealias SettingsKey = Key<TrafficSettings>

extension Key where Root: KeyedSettings {
  /// All keys of a run, section by section, but those of `[[targets]]` and other lists.
  public static var all: [Key<Root>] { Root.keys }

  /// The key with this path.
  public static func named(_ path: String) -> Key<Root>? { all.first { $0.path == path } }

  /// The key that this flag, hyphens included, sets.
  public static func flagged(_ flag: String) -> Key<Root>? { all.first { $0.flags.contains(flag) } }

  /// The default as a file would have it, or in words.
  public var defaultText: String { defaultText(Root()) }

  init<Value>(
    _ path: String, _ property: WritableKeyPath<Root, Value> & Sendable, _ format: ValueFormat<Value>, _ summary: String,
    aliases: [String] = [], shortFlags: [String] = [], absence: String = ""
  ) {
    let flags = [SettingsTable.flag(path)] + shortFlags + aliases.map(SettingsTable.flag)
    self.init(path, property, format, summary, aliases: aliases, flags: flags, absence: absence)
  }
}

extension Key {
  /// What holds while the key is left out, where `defaults` are the others' values.
  func defaultText(_ defaults: Root) -> String { absence.isEmpty ? literal(defaults) ?? "" : absence }

  /// The key in a document, with its value; nil: nothing need be said of it.
  func line(_ root: Root, isAnnotated: Bool) -> String? {
    let comment = isAnnotated ? (unit.isEmpty ? "" : "\(unit), ") + range : ""
    guard let literal = literal(root) else {
      if absence.isEmpty { return nil }
      return "# \(name): \(absence)" + (isAnnotated ? "; \(comment)" : "")
    }
    return "\(name) = \(literal)" + (isAnnotated ? "  # \(comment)" : "")
  }
}

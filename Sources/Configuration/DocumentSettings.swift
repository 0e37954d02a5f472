/// Settings with a place for everything that a file and the command line may say.
protocol DocumentSettings: KeyedSettings {
  /// What a file has below its top level, in the order in which it is printed.
  static var sections: [DocumentSection<Self>] { get }

  /// Flags that set no key.
  static var otherFlags: [String] { get }

  /// Takes the values of a flag that sets no key, or does more than that. False: it is an ordinary one.
  mutating func take(flag: String, _ texts: [String]) throws(ConfigurationError) -> Bool
}

/// A part of a document.
enum DocumentSection<Root: DocumentSettings>: Sendable {
  /// `[name]`, with keys of `Root`.
  case table(String)
  /// `[[name]]`, whose entries have keys of their own.
  case list(EntryList<Root>)

  var name: String {
    switch self {
    case .table(let name): name
    case .list(let list): list.name
    }
  }
}

/// An array of tables: what its entries may say, and where they go.
struct EntryList<Root: DocumentSettings>: Sendable {
  let name: String
  /// Takes the entries' tables.
  let read: @Sendable (FileDecoder, [[String: TOMLNode]], inout Root) throws(ConfigurationError) -> Void
  /// The entries in a document, each a paragraph.
  let paragraphs: @Sendable (Root) -> [[String]]
  let markdownRows: [[String]]

  /// What holds for an entry beside the others.
  struct Rules<Entry: Sendable>: Sendable {
    /// Keys that none may leave out.
    var required: [String] = []
    /// A key whose values differ, and where an entry has it.
    var unique: (key: String, value: KeyPath<Entry, String?> & Sendable)?
    /// How many there may be, and in words; nil: any number.
    var count: (range: ClosedRange<Int>, needed: String)?
    /// Values are printed with their unit and range.
    var isAnnotated = false
  }

  /// - Parameter new: an entry that says nothing.
  init<Entry: Sendable>(
    _ name: String, _ entries: WritableKeyPath<Root, [Entry]> & Sendable, _ keys: [Key<Entry>], new: Entry, _ rules: Rules<Entry>
  ) {
    self.name = name
    read = { (decoder, tables, root) throws(ConfigurationError) in
      root[keyPath: entries] = try decoder.entries(name, tables, keys, new: new, rules, of: Root.self)
    }
    paragraphs = { root in
      root[keyPath: entries].map { entry in
        ["[[\(name)]]"] + keys.compactMap { $0.line(entry, isAnnotated: rules.isAnnotated) }
      }
    }
    markdownRows = keys.map { $0.markdownRow(default: $0.defaultText(new)) }
  }
}

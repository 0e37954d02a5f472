/// Takes a document's values into settings. Whatever it does not know, it refuses.
struct FileDecoder {
  /// The document's name in sentences.
  let file: String

  func decode<Root: DocumentSettings>(_ text: String, into settings: inout Root) throws(ConfigurationError) {
    let document: [String: TOMLNode]
    do { document = try TOMLNode.parse(text) } catch {
      throw ConfigurationError(.file(file), "line \(error.line), column \(error.column) is not TOML (\(error.reason)), correct it")
    }
    try decode(document, section: "", into: &settings)
    try checkZeros(text)
  }

  /// The parser cuts a string at a zero octet without a word, so that what was decoded may not be what was meant.
  private func checkZeros(_ text: String) throws(ConfigurationError) {
    guard let zero = ["\\u0000", "\\U00000000"].first(where: text.contains) else { return }
    throw ConfigurationError(.file(file), "has \(zero) in it, a zero octet that no string may have, remove it")
  }

  private func decode<Root: DocumentSettings>(
    _ table: [String: TOMLNode], section: String, into settings: inout Root
  ) throws(ConfigurationError) {
    let keys = Root.keys.filter { $0.section == section }
    try decode(table, section, keys, into: &settings) { (path, node, settings) throws(ConfigurationError) in
      try decodeSection(path, node, into: &settings)
    }
  }

  /// - Parameter otherwise: what to do with what is none of the keys.
  private func decode<Root>(
    _ table: [String: TOMLNode], _ place: String, _ keys: [Key<Root>], into root: inout Root,
    otherwise: (_ path: String, TOMLNode, inout Root) throws(ConfigurationError) -> Void
  ) throws(ConfigurationError) {
    try checkAliases(table, place, keys)
    for (name, node) in table.sorted(by: { $0.key < $1.key }) {
      let path = place.isEmpty ? name : "\(place).\(name)"
      if let key = keys.first(where: { $0.names.contains(name) }) {
        do { try key.decode(node, &root) } catch { throw ConfigurationError(file: file, key: path, error) }
      } else {
        try otherwise(path, node, &root)
      }
    }
  }

  private func decodeSection<Root: DocumentSettings>(
    _ path: String, _ node: TOMLNode, into settings: inout Root
  ) throws(ConfigurationError) {
    switch Root.sections.first(where: { $0.name == path }) {
    case .list(let list): try list.read(self, try tables(node, path), &settings)
    case .table:
      guard case .table(let table) = node else {
        throw ConfigurationError(file: file, key: path, Mismatch(found: node.typeName, needed: "a table ([\(path)])"))
      }
      try decode(table, section: path, into: &settings)
    case nil:
      let section = String(path.dropLast(Self.name(path).count).dropLast())
      let tables = Root.sections.map(\.name).filter { section.isEmpty ? !$0.contains(".") : $0.hasPrefix(section + ".") }
      let keys = Root.keys.filter { $0.section == section }.flatMap(\.names)
      throw unknown(path, among: keys + tables.map(Self.name), of: Root.self)
    }
  }

  /// Two names of one key exclude each other.
  private func checkAliases<Root>(_ table: [String: TOMLNode], _ place: String, _ keys: [Key<Root>]) throws(ConfigurationError) {
    for key in keys {
      let given = key.names.filter { table[$0] != nil }
      guard given.count < 2 else {
        throw ConfigurationError(.file(file), "\(place).\(given[0]) and \(place).\(given[1]) are one key, leave one out")
      }
    }
  }

  private func tables(_ node: TOMLNode, _ path: String) throws(ConfigurationError) -> [[String: TOMLNode]] {
    let needed = "an array of tables ([[\(path)]])"
    guard case .array(let nodes) = node else {
      throw ConfigurationError(file: file, key: path, Mismatch(found: node.typeName, needed: needed))
    }
    var tables: [[String: TOMLNode]] = []
    for node in nodes {
      guard case .table(let table) = node else {
        throw ConfigurationError(file: file, key: path, Mismatch(found: "an array with \(node.typeName) in it", needed: needed))
      }
      tables.append(table)
    }
    return tables
  }

  /// The entries of `[[name]]`. Where there can be but one, it needs no number in sentences.
  func entries<Root, Entry>(
    _ name: String, _ tables: [[String: TOMLNode]], _ keys: [Key<Entry>], new: Entry, _ rules: EntryList<Root>.Rules<Entry>,
    of root: Root.Type
  ) throws(ConfigurationError) -> [Entry] {
    if let count = rules.count, !count.range.contains(tables.count) {
      throw ConfigurationError(.file(file), "\(name) has \(tables.count) entries, \(count.needed)")
    }
    var entries: [Entry] = []
    for (index, table) in tables.enumerated() {
      let place = rules.count != nil && tables.count == 1 ? name : "\(name)[\(index)]"
      var entry = new
      try decode(table, place, keys, into: &entry) { (path, _, _) throws(ConfigurationError) in
        throw unknown(path, among: keys.flatMap(\.names), of: root)
      }
      for key in keys where rules.required.contains(key.name) && key.literal(entry) == nil {
        throw ConfigurationError(file: file, key: "\(place).\(key.name)", Mismatch(found: "missing", needed: key.range))
      }
      if let unique = rules.unique, let value = entry[keyPath: unique.value] {
        guard !entries.contains(where: { $0[keyPath: unique.value] == value }) else {
          let mismatch = Mismatch(found: "'\(value)'", needed: "a name that no other \(name.dropLast()) has")
          throw ConfigurationError(file: file, key: "\(place).\(unique.key)", mismatch)
        }
      }
      entries.append(entry)
    }
    return entries
  }

  /// Looks for what was meant: in the section first, then for the same name in another one.
  private func unknown<Root: KeyedSettings>(_ path: String, among names: [String], of root: Root.Type) -> ConfigurationError {
    let name = Self.name(path)
    let meant = NearMiss.of(name, among: names) ?? Root.keys.first { $0.names.contains(name) }?.path
    let advice = meant.map { "did you mean '\($0)'?" } ?? "remove it"
    return ConfigurationError(.file(file), "\(path.shortened) is not a known key, \(advice)")
  }

  /// The last part of a path.
  private static func name(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }
}

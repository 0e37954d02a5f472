import TCPEngine

/// Takes a document's values into the settings. Whatever it does not know, it refuses.
struct FileDecoder {
  /// The document's name in sentences.
  let file: String

  /// Tables beside the top level.
  private static let sections = ["ports", "engine", "engine.timeouts", "http", "bulk", "targets", "faults", "output"]

  func decode(_ text: String, into settings: inout TrafficSettings) throws(ConfigurationError) {
    let document: [String: TOMLNode]
    do { document = try TOMLNode.parse(text) } catch {
      throw ConfigurationError(.file(file), "line \(error.line), column \(error.column) is not TOML (\(error.reason)), correct it")
    }
    try decode(document, section: "", into: &settings)
  }

  private func decode(_ table: [String: TOMLNode], section: String, into settings: inout TrafficSettings) throws(ConfigurationError) {
    let keys = SettingsKey.all.filter { $0.section == section }
    try checkAliases(table, keys)
    for (name, node) in table.sorted(by: { $0.key < $1.key }) {
      let path = section.isEmpty ? name : "\(section).\(name)"
      if let key = keys.first(where: { $0.names.contains(name) }) {
        do { try key.decode(node, &settings) } catch { throw ConfigurationError(file: file, key: path, error) }
      } else {
        try decodeSection(path, node, into: &settings)
      }
    }
  }

  private func decodeSection(_ path: String, _ node: TOMLNode, into settings: inout TrafficSettings) throws(ConfigurationError) {
    switch path {
    case "ports": try decode(try onlyPort(node), section: path, into: &settings)
    case "targets": settings.targets = try targets(node)
    case _ where Self.sections.contains(path):
      guard case .table(let table) = node else {
        throw ConfigurationError(file: file, key: path, Mismatch(found: node.typeName, needed: "a table ([\(path)])"))
      }
      try decode(table, section: path, into: &settings)
    default: throw unknown(path)
    }
  }

  /// Two names of one key exclude each other.
  private func checkAliases(_ table: [String: TOMLNode], _ keys: [SettingsKey]) throws(ConfigurationError) {
    for key in keys {
      let given = key.names.filter { table[$0] != nil }
      guard given.count < 2 else {
        throw ConfigurationError(.file(file), "\(key.section).\(given[0]) and \(key.section).\(given[1]) are one key, leave one out")
      }
    }
  }

  private func onlyPort(_ node: TOMLNode) throws(ConfigurationError) -> [String: TOMLNode] {
    let ports = try tables(node, "ports")
    guard ports.count == 1 else {
      throw ConfigurationError(.file(file), "ports has \(ports.count) entries, exactly one [[ports]] is needed in this version")
    }
    return ports[0]
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

  private func targets(_ node: TOMLNode) throws(ConfigurationError) -> [Target] {
    var targets: [Target] = []
    for (index, table) in try tables(node, "targets").enumerated() {
      let place = "targets[\(index)]"
      let target = try target(table, place)
      guard !targets.contains(where: { $0.id == target.id }) else {
        let mismatch = Mismatch(found: "'\(target.id)'", needed: "a name that no other target has")
        throw ConfigurationError(file: file, key: "\(place).id", mismatch)
      }
      targets.append(target)
    }
    return targets
  }

  private func target(_ table: [String: TOMLNode], _ place: String) throws(ConfigurationError) -> Target {
    var draft = TargetDraft()
    for (name, node) in table.sorted(by: { $0.key < $1.key }) {
      guard let key = TargetDraft.keys.first(where: { $0.name == name }) else {
        throw unknown("\(place).\(name)", name, among: TargetDraft.keys.map(\.name))
      }
      do { try key.decode(node, &draft) } catch { throw ConfigurationError(file: file, key: "\(place).\(name)", error) }
    }
    do { return try draft.finished() } catch {
      throw ConfigurationError(file: file, key: "\(place).\(error.key)", Mismatch(found: "missing", needed: error.needed))
    }
  }

  /// Looks for what was meant: in the section first, then for the same name in another one.
  private func unknown(_ path: String) -> ConfigurationError {
    let name = path.split(separator: ".").last.map(String.init) ?? path
    let section = String(path.dropLast(name.count).dropLast())
    let neighbours = SettingsKey.all.filter { $0.section == section }.flatMap(\.names)
    let tables = Self.sections.filter { section.isEmpty ? !$0.contains(".") : $0.hasPrefix(section + ".") }
    let inside = neighbours + tables.map { String($0.split(separator: ".").last ?? "") }
    if NearMiss.of(name, among: inside) == nil, let elsewhere = SettingsKey.all.first(where: { $0.names.contains(name) }) {
      return ConfigurationError(.file(file), "\(path) is not a known key, did you mean '\(elsewhere.path)'?")
    }
    return unknown(path, name, among: inside)
  }

  private func unknown(_ path: String, _ name: String, among names: [String]) -> ConfigurationError {
    let advice = NearMiss.of(name, among: names).map { "did you mean '\($0)'?" } ?? "remove it"
    return ConfigurationError(.file(file), "\(path) is not a known key, \(advice)")
  }
}

/// The same key, seen from a part of what it belongs to, or from what it is a part of.
extension Key where Root: KeyedSettings {
  /// The key of a part alone, with a name, and then a flag, of its own where it needs one. The rest of the whole counts for nothing.
  func of<Part>(
    _ part: WritableKeyPath<Root, Part> & Sendable, path: String? = nil, summary: String? = nil, absence: String? = nil
  ) -> Key<Part> {
    let (decode, parse, literal) = (decode, parse, literal)
    let flags = path.map { [SettingsTable.flag($0)] } ?? flags
    let path = path ?? self.path
    return Key<Part>(
      path: path, aliases: aliases, flags: flags, type: type, unit: unit, range: range, summary: summary ?? self.summary,
      absence: absence ?? self.absence,
      decode: { (node, value) throws(Mismatch) in
        var whole = Root()
        whole[keyPath: part] = value
        try decode(node, &whole)
        value = whole[keyPath: part]
      },
      parse: { (text, value) throws(Mismatch) in
        var whole = Root()
        whole[keyPath: part] = value
        try parse(text, &whole)
        value = whole[keyPath: part]
      },
      literal: { value in
        var whole = Root()
        whole[keyPath: part] = value
        return literal(whole)
      })
  }
}

extension Key {
  /// The key of what this is a part of.
  func within<Whole>(_ part: WritableKeyPath<Whole, Root> & Sendable) -> Key<Whole> {
    let (decode, parse, literal) = (decode, parse, literal)
    return Key<Whole>(
      path: path, aliases: aliases, flags: flags, type: type, unit: unit, range: range, summary: summary, absence: absence,
      decode: { (node, whole) throws(Mismatch) in try decode(node, &whole[keyPath: part]) },
      parse: { (text, whole) throws(Mismatch) in try parse(text, &whole[keyPath: part]) },
      literal: { literal($0[keyPath: part]) })
  }

  /// The key of all entries of a list at once; what is printed is the first one's.
  func ofEach<Whole>(_ entries: WritableKeyPath<Whole, [Root]> & Sendable) -> Key<Whole> {
    let (decode, parse, literal) = (decode, parse, literal)
    return Key<Whole>(
      path: path, aliases: aliases, flags: flags, type: type, unit: unit, range: range, summary: summary, absence: absence,
      decode: { (node, whole) throws(Mismatch) in
        for index in whole[keyPath: entries].indices { try decode(node, &whole[keyPath: entries][index]) }
      },
      parse: { (text, whole) throws(Mismatch) in
        for index in whole[keyPath: entries].indices { try parse(text, &whole[keyPath: entries][index]) }
      },
      literal: { $0[keyPath: entries].first.flatMap { literal($0) } })
  }
}
